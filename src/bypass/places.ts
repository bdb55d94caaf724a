import { isIP } from 'node:net';
import { fail, ok, type Result } from '../core/result.ts';

/** An address (or, where a name is allowed, a name) with a port. IPv6 without brackets. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export const PLACES_MAX = 16;
const NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/;

/** `host:port` as users write it, brackets around IPv6. The problem says what is wrong with it. */
export function parsePlace(text: string, kind: 'address' | 'name_or_address'): Result<Place, string> {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([^\s:[\]/@]{1,253})):(\d{1,5})$/.exec(text);
  const host = (match?.[1] ?? match?.[2] ?? '').toLowerCase();
  const port = Number(match?.[3] ?? 0);
  if (match === null || port < 1 || port > 65_535)
    return fail(`found '${text}'; allowed: address:port, for instance 192.0.2.1:443 or [2001:db8::1]:443`);
  const isAddress = match[1] === undefined ? isIP(host) === 4 : isIP(host) === 6;
  if (isAddress || (kind === 'name_or_address' && match[1] === undefined && NAME.test(host)))
    return ok({ host, port });
  return fail(`found '${text}'; allowed: ${kind === 'address' ? 'an IP address' : 'a name'} with a port`);
}

/** Places separated by commas. */
export function parsePlaces(text: string): Result<readonly Place[], string> {
  const parts = text.split(',');
  if (parts.length > PLACES_MAX) return fail(`found ${parts.length} places; allowed: at most ${PLACES_MAX}`);
  const places: Place[] = [];
  for (const part of parts) {
    const place = parsePlace(part.trim(), 'address');
    if (!place.ok) return place;
    places.push(place.value);
  }
  return ok(places);
}

export interface ProxyPlace extends Place {
  /** What goes into `proxy-authorization`. */
  readonly authorization?: string;
  /** The key alone, for the base URL listener. */
  readonly key?: string;
}

/** A proxy URL with credentials, as in the proxy variables. Problems never show it: it holds a key. */
export function parseProxyUrl(text: string): Result<ProxyPlace, string> {
  const allowed = 'allowed: http://agent:key@host:port';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'http:' || url.hostname === '')
    return fail(`found something that is no HTTP proxy URL; ${allowed}`);
  const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
  if (url.username === '') return ok(place);
  try {
    const [user, key] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    const basic = Buffer.from(`${user}:${key}`, 'utf8').toString('base64');
    return ok({ ...place, authorization: `Basic ${basic}`, ...(key === '' ? {} : { key }) });
  } catch {
    return fail(`found a proxy URL with a broken escape; ${allowed}`);
  }
}

/** `host:port`, with brackets where an authority needs them. */
export function authorityOf({ host, port }: Place): string {
  return `${hostText(host)}:${port}`;
}

export function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Entries of NO_PROXY that let more than this machine past the proxy. Undefined or empty: none. */
export function wideNoProxy(text: string | undefined): readonly string[] {
  const entries = (text ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.slice(0, 256).filter((entry) => !isLoopback(entry.toLowerCase()));
}

function isLoopback(entry: string): boolean {
  const host = entry.replace(/^([^:]+|\[.*\]):\d+$/, '$1').replace(/^\[|\]$/g, '');
  return (
    /^\.?localhost$/.test(host) || /^127(\.\d{1,3}){3}$/.test(host) || /^::1?$|^127\.0\.0\.0\/8$/.test(host)
  );
}

/** Name servers of a resolv.conf. */
export function resolversOf(text: string): readonly Place[] {
  const found = [...text.slice(0, 65_536).matchAll(/^[ \t]*nameserver[ \t]+([0-9A-Fa-f:.]{2,45})/gm)];
  const hosts = found.map((match) => match[1] ?? '').filter((host) => isIP(host) !== 0);
  return hosts.slice(0, 3).map((host) => ({ host, port: 53 }));
}
