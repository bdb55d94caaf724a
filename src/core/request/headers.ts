import type { RawRequest } from './egress_request.ts';
import { percentDecode } from './percent.ts';

type Headers = RawRequest['headers'];

export const HEADERS_MAX = 256;
export const HEADER_BYTES_MAX = 65_536;

/** Headers by which a server may judge another method or URL than the one the policy saw. */
const OVERRIDE_HEADERS: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-method-override',
  'x-http-method',
  'x-original-url',
  'x-rewrite-url',
  'x-forwarded-host',
  'forwarded',
]);

/** What every gateway API key starts with. */
export const API_KEY_PREFIX = 'cgk_';

const STRIPPED_PREFIXES = ['x-clawgress-', 'x-cg-', 'x-envoy-'];
const BASIC = /^basic +([A-Za-z0-9+/_-]+)/i;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function headersFit(headers: Headers): boolean {
  if (headers.length > HEADERS_MAX) return false;
  let size = 0;
  for (const header of headers) size += header.name.length + header.value.length;
  return size <= HEADER_BYTES_MAX;
}

/** Lower-case names of override headers that were sent, distinct and sorted. */
export function overrideHeaders(headers: Headers): readonly string[] {
  const sent = headers.filter((header) => OVERRIDE_HEADERS.has(header.name)).map((header) => header.name);
  return sent.length === 0 ? sent : [...new Set(sent)].sort();
}

/** Content-Length above zero (or unreadable), or any Transfer-Encoding. */
export function announcesBody(headers: Headers): boolean {
  return headers.some(
    ({ name, value }) =>
      name === 'transfer-encoding' || (name === 'content-length' && !/^0+$/.test(value.trim())),
  );
}

/** Whether the destination would receive one of our keys. `authorization` goes to the destination, so it counts. */
export function forwardsCredential(headers: Headers, authority: string, path: string): boolean {
  if (holdsCredential(path) || holdsCredential(authority)) return true;
  const leaks = (value: string) => holdsCredential(value) || isBasicKey(value);
  return headers.some(({ name, value }) => leaks(value) && !isStripped(name));
}

/** Headers that never leave the gateway. */
function isStripped(name: string): boolean {
  return name === 'proxy-authorization' || STRIPPED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

function holdsCredential(text: string): boolean {
  return (
    text.includes(API_KEY_PREFIX) || (text.includes('%') && percentDecode(text).includes(API_KEY_PREFIX))
  );
}

// `curl -u agent:cgk_…` sends the key in base64: the likeliest mistake of all.
function isBasicKey(value: string): boolean {
  const encoded = BASIC.exec(value)?.[1];
  return encoded !== undefined && looseBase64(encoded).includes(API_KEY_PREFIX);
}

/** Any base64 that some server would still read: both alphabets, with or without padding. Bytes as Latin-1. */
function looseBase64(text: string): string {
  let bits = 0;
  let count = 0;
  let out = '';
  for (const char of text.replaceAll('-', '+').replaceAll('_', '/')) {
    bits = ((bits << 6) | BASE64.indexOf(char)) & 0xfff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += String.fromCharCode((bits >> count) & 0xff);
    }
  }
  return out;
}
