import { fail, ok, type Result } from '../result.ts';
import { utf8Encode } from './utf8.ts';

const STANDARD = utf8Encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const URL_SAFE = utf8Encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const PAD = 0x3d;
/** Value of a byte outside the alphabet; any such byte makes the OR of a group exceed 63. */
const BAD = 64;

const STANDARD_VALUES = valuesOf(STANDARD);
const URL_VALUES = valuesOf(URL_SAFE);

function valuesOf(alphabet: Uint8Array): Uint8Array {
  const values = new Uint8Array(256).fill(BAD);
  alphabet.forEach((byte, value) => {
    values[byte] = value;
  });
  return values;
}

const LATIN = new TextDecoder('latin1');

/** Length of the padded encoding of `length` bytes. */
export function base64Length(length: number): number {
  return 4 * Math.ceil(length / 3);
}

/** Writes the padded standard encoding of `source` into `target` at `at`; returns the offset behind it. */
export function writeBase64(source: Uint8Array, target: Uint8Array, at: number): number {
  return write(source, target, at, STANDARD);
}

function write(source: Uint8Array, target: Uint8Array, at: number, alphabet: Uint8Array): number {
  const whole = source.length - (source.length % 3);
  let out = at;
  for (let i = 0; i < whole; i += 3) {
    const group = ((source[i] ?? 0) << 16) | ((source[i + 1] ?? 0) << 8) | (source[i + 2] ?? 0);
    target[out] = alphabet[group >> 18] ?? 0;
    target[out + 1] = alphabet[(group >> 12) & 63] ?? 0;
    target[out + 2] = alphabet[(group >> 6) & 63] ?? 0;
    target[out + 3] = alphabet[group & 63] ?? 0;
    out += 4;
  }
  if (whole === source.length) return out;
  const two = source.length - whole === 2;
  const rest = ((source[whole] ?? 0) << 16) | (two ? (source[whole + 1] ?? 0) << 8 : 0);
  target[out] = alphabet[rest >> 18] ?? 0;
  target[out + 1] = alphabet[(rest >> 12) & 63] ?? 0;
  target[out + 2] = two ? (alphabet[(rest >> 6) & 63] ?? 0) : PAD;
  target[out + 3] = PAD;
  return out + 4;
}

/** Standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  const target = new Uint8Array(base64Length(bytes.length));
  write(bytes, target, 0, STANDARD);
  return LATIN.decode(target);
}

/** URL-safe alphabet without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  const target = new Uint8Array(base64Length(bytes.length));
  write(bytes, target, 0, URL_SAFE);
  return LATIN.decode(target.subarray(0, Math.ceil((bytes.length * 4) / 3)));
}

/** Standard alphabet; padding required, pad bits zero, nothing else: each byte string has one spelling. */
export function decodeBase64Strict(text: string): Result<Uint8Array, 'BASE64_INVALID'> {
  return decodeBase64Bytes(utf8Encode(text));
}

/** `decodeBase64Strict` over ASCII bytes, for callers that hold a line and not a string. */
export function decodeBase64Bytes(source: Uint8Array): Result<Uint8Array, 'BASE64_INVALID'> {
  if (source.length % 4 !== 0) return fail('BASE64_INVALID');
  let length = source.length;
  if (length > 0 && source[length - 1] === PAD) length -= source[length - 2] === PAD ? 2 : 1;
  return decode(source, length, STANDARD_VALUES);
}

/** URL-safe alphabet; no padding, unused bits zero. */
export function decodeBase64UrlStrict(text: string): Result<Uint8Array, 'BASE64_INVALID'> {
  const source = utf8Encode(text);
  return decode(source, source.length, URL_VALUES);
}

function decode(
  source: Uint8Array,
  length: number,
  values: Uint8Array,
): Result<Uint8Array, 'BASE64_INVALID'> {
  const rest = length % 4;
  if (rest === 1) return fail('BASE64_INVALID');
  const whole = length - rest;
  const bytes = new Uint8Array((whole / 4) * 3 + (rest === 0 ? 0 : rest - 1));
  let seen = 0;
  let out = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = values[source[i] ?? 0] ?? BAD;
    const b = values[source[i + 1] ?? 0] ?? BAD;
    const c = values[source[i + 2] ?? 0] ?? BAD;
    const d = values[source[i + 3] ?? 0] ?? BAD;
    seen |= a | b | c | d;
    bytes[out] = (a << 2) | (b >> 4);
    bytes[out + 1] = (b << 4) | (c >> 2);
    bytes[out + 2] = (c << 6) | d;
    out += 3;
  }
  if (rest !== 0) {
    const a = values[source[whole] ?? 0] ?? BAD;
    const b = values[source[whole + 1] ?? 0] ?? BAD;
    const c = rest === 3 ? (values[source[whole + 2] ?? 0] ?? BAD) : 0;
    seen |= a | b | c;
    const group = (a << 18) | (b << 12) | (c << 6);
    bytes[out] = group >> 16;
    if (rest === 3) bytes[out + 1] = (group >> 8) & 255;
    // Non-zero unused bits would give one value several spellings.
    if ((group & (rest === 3 ? 0xff : 0xffff)) !== 0) return fail('BASE64_INVALID');
  }
  return seen >= BAD ? fail('BASE64_INVALID') : ok(bytes);
}
