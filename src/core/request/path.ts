/**
 * The one normal form of a path. A path that differs from it could be read in two ways, by us and by the upstream,
 * and a rule that restricts paths refuses it.
 *
 * Steps: escapes of unreserved characters, slash, backslash and NUL are taken away, also when they are escaped again
 * (`%252f`) or written as overlong UTF-8 (`%c0%af`); backslash becomes slash; empty and dot segments go, the form
 * `..;x` of servlet containers included; a percent sign that starts no escape becomes `%25`.
 */
export function normalisePath(path: string): string {
  if (!SUSPICIOUS.test(path)) return path;
  return removeDotSegments(decodeEscapes(path)).replace(LONE_PERCENT, '%25');
}

const SUSPICIOUS = /[%\\]|\/\/|\/\./;
const LONE_PERCENT = /%(?![0-9a-fA-F]{2})/g;
const DOT_SEGMENT = /^(\.\.?)(?:;|%3b|$)/i;
const PERCENT = 0x25;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const decoder = new TextDecoder();

// Smallest code point that needs 2, 3, 4, 5, 6 bytes; 5 and 6 are the pre-2003 forms that old decoders still read.
const OVERLONG_BELOW: readonly number[] = [0x80, 0x800, 0x1_0000, 0x20_0000, 0x400_0000];

/** ASCII codes; never longer than the path, because every replacement is shorter than what it replaces. */
interface Stack {
  readonly codes: Uint8Array;
  size: number;
}

/**
 * Left to right onto a stack, settling the tail after each character. Every step shortens the stack, so nested
 * escapes cost linear time (decoding layer by layer is quadratic: 4,000 layers fit in one path).
 */
function decodeEscapes(path: string): string {
  const stack: Stack = { codes: new Uint8Array(path.length), size: 0 };
  for (let i = 0; i < path.length; i++) push(stack, path.charCodeAt(i));
  return decoder.decode(stack.codes.subarray(0, stack.size));
}

function push(stack: Stack, code: number): void {
  stack.codes[stack.size++] = code === BACKSLASH ? SLASH : code;
  // Only a hex digit can complete an escape.
  while (hexDigit(stack, stack.size - 1) >= 0 && settleTail(stack));
}

/** Replaces a reducible tail by what it stands for; false when the tail is settled. */
function settleTail(stack: Stack): boolean {
  const { codes, size } = stack;
  const byte = escapedByte(stack, size - 3);
  if (byte < 0) {
    // `%25XX` is the escape `%XX` escaped once more.
    if (escapedByte(stack, size - 5) !== PERCENT || hexDigit(stack, size - 2) < 0) return false;
    codes.copyWithin(size - 4, size - 2, size);
    stack.size = size - 2;
    return true;
  }
  if (byte >= 0x80) return settleOverlong(stack);
  const plain = PLAIN[byte];
  if (plain === undefined) return false;
  stack.size = size - 3;
  if (plain !== '') push(stack, plain.charCodeAt(0));
  return true;
}

/** What an escape of this byte stands for, when it should not have been an escape. NUL stands for nothing. */
const PLAIN: readonly (string | undefined)[] = Array.from({ length: 0x80 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (/[A-Za-z0-9\-._~]/.test(char)) return char;
  if (byte === SLASH || byte === BACKSLASH) return '/';
  return byte === 0 ? '' : undefined;
});

function settleOverlong(stack: Stack): boolean {
  let code = 0;
  for (let trail = 0; trail <= 5; trail++) {
    const start = stack.size - 3 * (trail + 1);
    const byte = escapedByte(stack, start);
    if (byte < 0x80) return false;
    if (byte < 0xc0) {
      code += (byte & 0x3f) * 2 ** (6 * trail);
      continue;
    }
    if (trail !== trailOf(byte)) return false;
    code += (byte & (0x3f >> trail)) * 2 ** (6 * trail);
    if (code >= (OVERLONG_BELOW[trail - 1] ?? 0)) return false;
    stack.size = start;
    for (const char of escapeOf(code)) push(stack, char.charCodeAt(0));
    return true;
  }
  return false;
}

/** How many continuation bytes follow this lead byte. */
function trailOf(lead: number): number {
  if (lead < 0xe0) return 1;
  if (lead < 0xf0) return 2;
  if (lead < 0xf8) return 3;
  return lead < 0xfc ? 4 : 5;
}

function escapeOf(code: number): string {
  if (code < 0x80) return `%${code.toString(16).padStart(2, '0').toUpperCase()}`;
  const isScalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return encodeURIComponent(String.fromCodePoint(isScalar ? code : 0xfffd));
}

/** The byte of the escape that starts at this index, or -1. */
function escapedByte(stack: Stack, at: number): number {
  if (at < 0 || stack.codes[at] !== PERCENT) return -1;
  const high = hexDigit(stack, at + 1);
  const low = hexDigit(stack, at + 2);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(stack: Stack, at: number): number {
  const code = at < stack.size ? (stack.codes[at] ?? 0) : 0;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** RFC 3986, section 5.2.4, with empty segments merged; `..` above the root stays at the root. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  let open = false;
  for (const segment of path.split('/').slice(1)) {
    const dots = DOT_SEGMENT.exec(segment)?.[1];
    open = segment === '' || dots !== undefined;
    if (dots === '..') kept.pop();
    else if (!open) kept.push(segment);
  }
  return `/${kept.join('/')}${open && kept.length > 0 ? '/' : ''}`;
}
