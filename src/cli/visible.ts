/** Letters, digits, punctuation, symbols and the space: nothing that moves a cursor or turns text around. */
const UNSEEN = /[^\p{L}\p{N}\p{P}\p{S} ]/gu;
const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** Text from outside as one line that is safe on a terminal; everything that cannot be seen is written as `\u{…}`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (unit) => `\\u{${(unit.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A stretch of bytes as `visible` text; halves of characters at its ends are left out, other bytes become `\xff`. */
export function visibleBytes(bytes: Uint8Array): string {
  let from = 0;
  while (from < 3 && isContinuation(bytes[from])) from += 1;
  const whole = bytes.subarray(from, withoutHalf(bytes));
  try {
    return visible(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole));
  } catch {
    return Array.from(bytes, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    ).join('');
  }
}

/** The end of the last whole character, if what is behind it begins another one. */
function withoutHalf(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= Math.min(3, end); back += 1) {
    const byte = bytes[end - back] ?? 0;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? end - back : end;
  }
  return end;
}
