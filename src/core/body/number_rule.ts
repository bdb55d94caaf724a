import type { NumberRule } from './json_limits.ts';
import type { JsonCode } from './json_problem.ts';

const PARTS = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Every decimal of so many digits reads back from a double. */
const ALWAYS_EXACT_DIGITS = 15;
/** Below it doubles have fewer digits. */
const LEAST_NORMAL = 2 ** -1022;
/** No double needs more digits to be told. */
export const DIGITS_MAX = 17;

/** What a rule has against a number of JSON; `value` is the double nearest to `text`. */
export function judgeNumber(text: string, value: number, rule: NumberRule): JsonCode | undefined {
  if (!Number.isFinite(value)) return 'NUMBER_OVERFLOW';
  if (rule === 'any' || isPlainlyExact(text, value)) return undefined;
  const { digits, exponent } = decimalOf(text);
  if (value === 0) return digits === '' ? undefined : 'NUMBER_UNDERFLOW';
  // An integer that is spelt with a fraction or an exponent is an integer too, unless it is spelt to be short.
  const isSpelt = !/[.eE]/.test(text) || digits.length > ALWAYS_EXACT_DIGITS;
  if (isSpelt && Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'NUMBER_UNSAFE_INTEGER';
  if (digits.length > DIGITS_MAX) return 'NUMBER_INEXACT';
  if (rule === 'double') return undefined;
  const held = decimalOf(String(value));
  return held.digits === digits && held.exponent === exponent ? undefined : 'NUMBER_INEXACT';
}

/** Few digits, far from where doubles thin out: no rule has anything against it. Spares hostile exponents' cost. */
function isPlainlyExact(text: string, value: number): boolean {
  const exponent = text.search(/[eE]/);
  const digits = exponent === -1 ? text.length : exponent;
  return digits <= ALWAYS_EXACT_DIGITS && Math.abs(value) >= LEAST_NORMAL;
}

/** 0.`digits` times ten to the `exponent`; no digits at all for zero. */
function decimalOf(text: string): { readonly digits: string; readonly exponent: number } {
  const [, whole = '', fraction = '', exponent = '0'] = PARTS.exec(text) ?? [];
  const all = whole + fraction;
  const significant = withoutLeadingZeros(all);
  const leading = all.length - significant.length;
  return { digits: withoutTrailingZeros(significant), exponent: Number(exponent) + whole.length - leading };
}

function withoutLeadingZeros(digits: string): string {
  let at = 0;
  while (digits[at] === '0') at += 1;
  return digits.slice(at);
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
