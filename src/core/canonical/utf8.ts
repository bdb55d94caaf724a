import { fail, ok, type Result } from '../result.ts';

const ENCODER = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF as a character, so that the JSON parser refuses it instead of never seeing it.
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. Lone surrogates become U+FFFD: callers that sign bytes check for them first. */
export function utf8Encode(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** Decodes UTF-8; overlong forms, surrogates and truncated sequences are refused, a BOM is kept. */
export function utf8DecodeStrict(bytes: Uint8Array): Result<string, 'UTF8_INVALID'> {
  try {
    return ok(DECODER.decode(bytes));
  } catch {
    return fail('UTF8_INVALID');
  }
}
