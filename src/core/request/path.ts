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
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

// Smallest code point that needs 2, 3, 4, 5, 6 bytes; 5 and 6 are the pre-2003 forms that old decoders still read.
const OVERLONG_BELOW: readonly number[] = [0x80, 0x800, 0x1_0000, 0x20_0000, 0x400_0000];

/**
 * Left to right onto a stack, settling the tail after each character. Every step shortens the stack, so nested
 * escapes cost linear time (decoding layer by layer is quadratic: 4,000 layers fit in one path).
 */
function decodeEscapes(path: string): string {
  const stack: string[] = [];
  for (const char of path) push(stack, char);
  return stack.join('');
}

function push(stack: string[], char: string): void {
  stack.push(char === '\\' ? '/' : char);
  for (;;) {
    const replacement = settleTail(stack);
    if (replacement === undefined) return;
    for (const next of replacement) push(stack, next);
  }
}

/** Removes a reducible tail from the stack and returns what stands for it, or nothing when the tail is settled. */
function settleTail(stack: string[]): string | undefined {
  const size = stack.length;
  if (escapedByte(stack, size - 5) === 0x25 && isHex(stack[size - 2]) && isHex(stack[size - 1])) {
    return `%${stack
      .splice(size - 5)
      .slice(3)
      .join('')}`;
  }
  const byte = escapedByte(stack, size - 3);
  if (byte === undefined) return undefined;
  const plain = plainFormOf(byte);
  if (plain !== undefined) {
    stack.length = size - 3;
    return plain;
  }
  return byte >= 0x80 ? settleOverlong(stack) : undefined;
}

/** What an escape of this byte stands for, when it should not have been an escape. NUL stands for nothing. */
function plainFormOf(byte: number): string | undefined {
  const char = String.fromCharCode(byte);
  if (UNRESERVED.test(char)) return char;
  if (byte === 0x2f || byte === 0x5c) return '/';
  return byte === 0 ? '' : undefined;
}

function settleOverlong(stack: string[]): string | undefined {
  let code = 0;
  for (let trail = 0; trail <= 5; trail++) {
    const start = stack.length - 3 * (trail + 1);
    const byte = escapedByte(stack, start);
    if (byte === undefined || byte < 0x80) return undefined;
    if (byte < 0xc0) {
      code += (byte & 0x3f) * 2 ** (6 * trail);
      continue;
    }
    if (trail !== trailOf(byte)) return undefined;
    code += (byte & (0x3f >> trail)) * 2 ** (6 * trail);
    if (code >= (OVERLONG_BELOW[trail - 1] ?? 0)) return undefined;
    stack.length = start;
    return escapeOf(code);
  }
  return undefined;
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

function escapedByte(stack: readonly string[], at: number): number | undefined {
  if (stack[at] !== '%' || !isHex(stack[at + 1]) || !isHex(stack[at + 2])) return undefined;
  return Number.parseInt(`${stack[at + 1]}${stack[at + 2]}`, 16);
}

function isHex(char: string | undefined): boolean {
  return char !== undefined && /^[0-9a-fA-F]$/.test(char);
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
