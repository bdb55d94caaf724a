import { fail, ok, type Result } from '../result.ts';
import { decodeBase64UrlStrict, encodeBase64Url } from './base64.ts';
import { encodeJcs, type JsonValue, parseCanonicalJson } from './jcs.ts';
import { utf8Encode } from './utf8.ts';

/** Hex MAC of a text under a key of this host; the label separates its uses. */
export type Mac = (label: string, text: string) => string;

export type SealProblem = 'MALFORMED' | 'FORGED';

const SEALED = /^([A-Za-z0-9_-]{1,8127})\.([0-9a-f]{64})$/;
/** Characters of the longest text that is read. */
export const SEALED_LENGTH_MAX = 8_192;

/** `<base64url of canonical JSON>.<hex MAC>`: ASCII that fits into a header. Throws when it would be too long. */
export function seal(label: string, value: object, mac: Mac): string {
  const body = encodeBase64Url(utf8Encode(encodeJcs(value)));
  const text = `${body}.${mac(label, body)}`;
  if (text.length > SEALED_LENGTH_MAX) throw new Error(`invariant: too long to be sealed for ${label}`);
  return text;
}

/** Reads nothing of a text before its MAC is verified. Never throws. */
export function unseal(label: string, text: string, mac: Mac): Result<JsonValue, SealProblem> {
  if (text.length > SEALED_LENGTH_MAX) return fail('MALFORMED');
  const [, body, tag] = SEALED.exec(text) ?? [];
  if (body === undefined || tag === undefined) return fail('MALFORMED');
  if (!sameText(tag, mac(label, body))) return fail('FORGED');
  const bytes = decodeBase64UrlStrict(body);
  const json = bytes.ok ? parseCanonicalJson(bytes.value) : bytes;
  return json.ok ? ok(json.value) : fail('MALFORMED');
}

/** In a time that says nothing about where two texts differ. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}
