const SLASH = 0x2f;
const STAR = 0x2a;
const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;

/** Behind a comment that begins at `at`, and what takes its place so that nothing grows together. */
export interface Comment {
  readonly end: number;
  readonly text: string;
}

/**
 * A comment that every dialect reads alike, else undefined: no line end but LF and CRLF inside a line comment (U+2028
 * ends one in JavaScript and not elsewhere), no other opening inside a block comment (some dialects nest), no controls.
 */
export function commentAt(bytes: Uint8Array, at: number, to: number): Comment | undefined {
  if (bytes[at + 1] === SLASH) return lineComment(bytes, at, to);
  return bytes[at + 1] === STAR ? blockComment(bytes, at, to) : undefined;
}

/** The line end stays. */
function lineComment(bytes: Uint8Array, from: number, to: number): Comment | undefined {
  for (let at = from + 2; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === LF || (byte === CR && bytes[at + 1] === LF && at + 1 < to)) return { end: at, text: '' };
    if (isUnclear(bytes, at)) return undefined;
  }
  return { end: to, text: '' };
}

function blockComment(bytes: Uint8Array, from: number, to: number): Comment | undefined {
  for (let at = from + 2; at + 1 < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === STAR && bytes[at + 1] === SLASH) return { end: at + 2, text: ' ' };
    if (byte === SLASH && bytes[at + 1] === STAR) return undefined;
    if (byte !== LF && byte !== CR && isUnclear(bytes, at)) return undefined;
  }
  return undefined;
}

/** Controls (of which CR, VT, FF and NEL end lines for some), U+2028 and U+2029. */
function isUnclear(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at] as number;
  if (byte < 0x20) return byte !== TAB;
  const next = bytes[at + 1] ?? 0;
  if (byte === 0xc2) return next < 0xa0;
  const last = bytes[at + 2];
  return byte === 0x7f || (byte === 0xe2 && next === 0x80 && (last === 0xa8 || last === 0xa9));
}
