import { linearPattern } from './linear_pattern.ts';

/**
 * Formats that are enforced, each by one pass over the text. Others are refused when the policy is loaded: a format that
 * nobody checks is no contract.
 */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: isTime,
  'date-time': isDateTime,
  duration: isDuration,
  uuid: (text) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text),
  ipv4: isIpv4,
  ipv6: isIpv6,
  hostname: isHostname,
  email: isEmail,
  'json-pointer': isPointer,
  'relative-json-pointer': (text) =>
    /^(?:0|[1-9]\d*)(?:#$|(?=\/|$))/.test(text) && isPointer(text.replace(/^\d+#?/, '')),
  uri: (text) => uriParts(text)?.scheme !== undefined,
  'uri-reference': (text) => uriParts(text) !== undefined,
  regex: (text) => linearPattern(text).ok,
};

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day >= 1 && day <= (DAYS[month - 1] ?? 0) + (isLeap && month === 2 ? 1 : 0);
}

/** RFC 3339; a leap second only where it can be: at the end of a day of UTC. */
function isTime(text: string): boolean {
  const found = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i.exec(text);
  if (found === null) return false;
  const [hour = 99, minute = 99, second = 99] = found.slice(1, 4).map(Number);
  const [ahead, minutes] = [Number(found[5] ?? 0), Number(found[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || ahead > 23 || minutes > 59) return false;
  const offset = (found[4] === '-' ? -1 : 1) * (ahead * 60 + minutes);
  return second < 60 || (hour * 60 + minute - offset + 2 * 1_440) % 1_440 === 1_439;
}

function isDateTime(text: string): boolean {
  return (
    text.length > 11 && /^[tT]$/.test(text.charAt(10)) && isDate(text.slice(0, 10)) && isTime(text.slice(11))
  );
}

function isDuration(text: string): boolean {
  if (/^P\d+W$/.test(text)) return true;
  const found = /^P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$/.exec(text);
  if (found === null) return false;
  const [, years, months, days, time, hours, minutes, seconds] = found;
  const hasHole = (a: unknown, b: unknown, c: unknown) =>
    a !== undefined && b === undefined && c !== undefined;
  if (hasHole(years, months, days) || hasHole(hours, minutes, seconds)) return false;
  return time === undefined ? text.length > 1 : time.length > 1;
}

function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/.test(text) && !text.endsWith('.');
}

/** RFC 4291, without a zone. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (text.length > 45 || halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const all = groups.flat();
  const last = all.at(-1) ?? '';
  const endsInV4 = last.includes('.') && !text.endsWith(':');
  const hex = endsInV4 ? all.slice(0, -1) : all;
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) || (endsInV4 && !isIpv4(last))) return false;
  const count = hex.length + (endsInV4 ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** RFC 1123. Labels of other scripts are those of IDNA and are not decoded: what begins with two letters and `--` is refused. */
function isHostname(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => LABEL.test(label) && !/^..--/.test(label));
}

const ATOMS = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+$/i;

/** The part before the last @ in dots and atoms or in quotes, a host name or an address in brackets behind it. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || local.length > 64) return false;
  const isQuoted = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/.test(local);
  if (!isQuoted && !local.split('.').every((atom) => ATOMS.test(atom))) return false;
  const literal = /^\[(IPv6:)?(.*)\]$/i.exec(domain);
  if (literal === null) return isHostname(domain);
  return literal[1] === undefined ? isIpv4(literal[2] ?? '') : isIpv6(literal[2] ?? '');
}

function isPointer(text: string): boolean {
  return (text === '' || text.startsWith('/')) && !/~(?![01])/.test(text);
}

const URI = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i;
/** Characters of a query; without the first, those of a path. */
const PCHAR = "?a-z0-9._~!$&'()*+,;=:@%/-";
const PATH = new RegExp(`^[${PCHAR.slice(1)}]*$`, 'i');
const QUERY = new RegExp(`^[${PCHAR}]*$`, 'i');
const HOST = /^(?:\[[0-9a-f:.]+\]|\[v[0-9a-f]+\.[a-z0-9._~!$&'()*+,;=:-]+\]|[a-z0-9._~!$&'()*+,;=%-]*)$/i;

/** RFC 3986, in parts; undefined: it is no URI reference. */
function uriParts(text: string): { readonly scheme: string | undefined } | undefined {
  const found = URI.exec(text);
  if (found === null || /%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const [, scheme, authority, path = '', query = '', fragment = ''] = found;
  if (!PATH.test(path) || !QUERY.test(query) || !QUERY.test(fragment)) return undefined;
  if (scheme === undefined && authority === undefined && /^[^/]*:/.test(path)) return undefined;
  return authority === undefined || isAuthority(authority) ? { scheme } : undefined;
}

function isAuthority(text: string): boolean {
  const found = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:@]*)(?::(.*))?$/.exec(text);
  if (found === null) return false;
  const [, user = '', host = '', port = ''] = found;
  if (!/^[a-z0-9._~!$&'()*+,;=:%-]*$/i.test(user) || !/^\d*$/.test(port) || !HOST.test(host)) return false;
  return !host.startsWith('[') || /^\[v/i.test(host) || isIpv6(host.slice(1, -1));
}
