import { parse as parseDomain } from 'tldts';
import { toASCII } from 'tr46';
import { parseHost } from '../request/host.ts';
import { formatIpv6, parseIpv6 } from '../request/ipv6.ts';
import { fail, ok, type Result } from '../result.ts';
import { HOST_CHARS_MAX } from './bounds.ts';
import { quoted, shown } from './mistakes.ts';

/** A host as a policy lists it, in the one spelling that requests have. */
export interface HostPattern {
  readonly kind: 'name' | 'wildcard' | 'address';
  /** A-labels, dotted IPv4 or RFC 5952 IPv6; of a wildcard what follows `*.`. */
  readonly host: string;
}

export interface HostMistake {
  readonly code: 'HOST_INVALID' | 'HOST_NUMERIC' | 'HOST_BARE_WILDCARD' | 'HOST_PUBLIC_SUFFIX';
  readonly message: string;
  readonly hint: string;
}

const IDNA = { checkBidi: true, checkJoiners: true, useSTD3ASCIIRules: true, verifyDNSLength: true };
/** What IDNA leaves as it is; most names, and the tables are slow. */
const PLAIN = /^[a-z0-9.-]+$/;
const NAME_HINT = 'write a host name such as api.example.com, *.example.com, or an IP address';

/** The only place where internationalised names are read: requests carry A-labels or are refused. */
export function parseHostPattern(text: string): Result<HostPattern, HostMistake> {
  const shape = shapeMistake(text);
  if (shape) return fail(shape);
  if (text.includes(':')) return ipv6(text);
  if (!text.startsWith('*.')) return nameOrAddress(text);
  const parent = nameOrAddress(text.slice(2));
  if (!parent.ok) return parent;
  const { kind, host } = parent.value;
  if (kind === 'address')
    return fail(invalid(text, 'a wildcard stands before a name, not before an address'));
  if (isPublicSuffix(host)) return fail(publicSuffix(text, host));
  return ok({ kind: 'wildcard', host });
}

/** As the canonical document spells it; reading it again gives the same pattern. */
export function formatHostPattern(pattern: HostPattern): string {
  return pattern.kind === 'wildcard' ? `*.${pattern.host}` : pattern.host;
}

function shapeMistake(text: string): HostMistake | undefined {
  if (text === '*' || text === '*.') {
    const hint = 'leave hosts out and write any_host: true when every host is meant';
    return { code: 'HOST_BARE_WILDCARD', message: `${shown(text)} stands for every host`, hint };
  }
  if (text.length > HOST_CHARS_MAX) return invalid(text, NAME_HINT);
  if (text.slice(text.startsWith('*.') ? 2 : 0).includes('*')) {
    return invalid(text, 'a wildcard is only possible as *. at the start');
  }
  if (text.includes('/')) return invalid(text, 'write the host alone, without scheme and path');
  if (text.startsWith('[')) return invalid(text, 'write an IPv6 address without brackets; ports go to ports');
  if (/^[^:]*:[0-9]*$/.test(text)) return invalid(text, 'write the host alone; ports go to ports');
  if (/[.．。｡]$/u.test(text)) return invalid(text, 'remove the dot at the end');
  return undefined;
}

function nameOrAddress(text: string): Result<HostPattern, HostMistake> {
  const ascii = PLAIN.test(text) && !text.includes('xn--') ? text : toASCII(text, IDNA);
  const parsed = parseHost(ascii ?? '');
  if (parsed.ok) {
    const isName = parsed.value.host_kind === 'name';
    return ok({ kind: isName ? 'name' : 'address', host: parsed.value.host });
  }
  if (parsed.problem !== 'HOST_NUMERIC') return fail(invalid(text, NAME_HINT));
  const message = `found the number ${shown(text)} as a host`;
  const hint = 'write an IPv4 address as four decimal numbers without leading zeros';
  return fail({ code: 'HOST_NUMERIC', message, hint });
}

function ipv6(text: string): Result<HostPattern, HostMistake> {
  const words = parseIpv6(text);
  if (!words) return fail(invalid(text, NAME_HINT));
  const host = formatIpv6(words);
  return host === text ? ok({ kind: 'address', host }) : fail(invalid(text, `write it as ${quoted(host)}`));
}

function isPublicSuffix(host: string): boolean {
  const { publicSuffix: suffix, isIcann, isPrivate } = parseDomain(host, { allowPrivateDomains: true });
  return suffix === host && (isIcann === true || isPrivate === true);
}

function publicSuffix(text: string, host: string): HostMistake {
  return {
    code: 'HOST_PUBLIC_SUFFIX',
    message: `${shown(text)} covers names of unrelated owners, because anyone can register below ${host}`,
    hint: 'list the names, or a wildcard below one owner',
  };
}

function invalid(text: string, hint: string): HostMistake {
  return { code: 'HOST_INVALID', message: `found the host ${shown(text)}`, hint };
}
