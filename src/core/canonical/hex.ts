import { fail, ok, type Result } from '../result.ts';

const DIGITS = '0123456789abcdef';
const PAIRS: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15),
);
const LOWER_HEX = /^(?:[0-9a-f]{2})*$/;

/** Lower-case hex, two digits for each byte. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += PAIRS[byte];
  return text;
}

/** Upper case, odd lengths and any other character are refused: one value has one spelling. */
export function fromHexStrict(text: string): Result<Uint8Array, 'HEX_INVALID'> {
  if (!LOWER_HEX.test(text)) return fail('HEX_INVALID');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return ok(bytes);
}
