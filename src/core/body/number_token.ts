import type { NumberRule } from './json_limits.ts';
import type { JsonCode } from './json_problem.ts';
import { DIGITS_MAX, judgeNumber } from './number_rule.ts';
import { textOf } from './raw_bytes.ts';

const MINUS = 0;
const ZERO = 1;
const INTEGER = 2;
const POINT = 3;
const FRACTION = 4;
const E = 5;
const SIGN = 6;
const EXPONENT = 7;
/** The number has ended before this byte. */
const STOP = 8;
/** Neither goes the number on nor may it end here. */
const BAD = 9;

/** Phase and byte to the next phase. */
const NEXT = new Uint8Array(8 << 8).map((_, place) =>
  nextPhase(place >> 8, String.fromCharCode(place & 0xff)),
);
const FIRST = { '-': MINUS, '0': ZERO } as const;
/** So many digits always survive a double, unless an exponent leads beyond its range. */
const SAFE_DIGITS = 15;

function nextPhase(phase: number, character: string): number {
  const isDigit = character >= '0' && character <= '9';
  const isE = character === 'e' || character === 'E';
  if (phase === MINUS) return character === '0' ? ZERO : isDigit ? INTEGER : BAD;
  if (phase === ZERO || phase === INTEGER) {
    if (isDigit) return phase === ZERO ? BAD : INTEGER;
    return character === '.' ? POINT : isE ? E : STOP;
  }
  if (phase === POINT || phase === FRACTION)
    return isDigit ? FRACTION : phase === POINT ? BAD : isE ? E : STOP;
  if (phase === E && (character === '+' || character === '-')) return SIGN;
  return isDigit ? EXPONENT : phase === EXPONENT ? STOP : BAD;
}

/** One number that comes in pieces. Its end shows only at the byte behind it, or at the end of the text. */
export class NumberToken {
  readonly #bytesMax: number;
  readonly #rule: NumberRule;
  #phase = MINUS;
  #length = 0;
  /** What came in earlier pieces. */
  #text = '';

  isEnded = false;
  problem: JsonCode | undefined;
  /** Meaningful once the number has ended, and only if it was asked for. */
  value = 0;

  constructor(bytesMax: number, rule: NumberRule) {
    this.#bytesMax = bytesMax;
    this.#rule = rule;
  }

  /** Reads a number whose first byte, a minus or a digit, is at `from`. */
  begin(chunk: Uint8Array, from: number, isWanted: boolean): number {
    const first = String.fromCharCode(chunk[from] as number);
    this.#phase = FIRST[first as keyof typeof FIRST] ?? INTEGER;
    this.#length = 1;
    this.#text = '';
    this.isEnded = false;
    this.problem = undefined;
    return this.#scan(chunk, from, from + 1, isWanted);
  }

  /** Goes on with the next piece; returns the place behind what was read. */
  take(chunk: Uint8Array, isWanted: boolean): number {
    return this.#scan(chunk, 0, 0, isWanted);
  }

  /** The text ends: a number that may end here does. */
  finish(isWanted: boolean): void {
    if (NEXT[(this.#phase << 8) | 0x20] === STOP) this.#end(new Uint8Array(0), 0, 0, isWanted);
  }

  #scan(chunk: Uint8Array, from: number, next: number, isWanted: boolean): number {
    let at = next;
    let phase = this.#phase;
    const end = Math.min(chunk.length, next + this.#bytesMax - this.#length);
    let following = phase;
    while (at < chunk.length) {
      following = NEXT[(phase << 8) | (chunk[at] as number)] as number;
      if (following >= STOP || at >= end) break;
      phase = following;
      at += 1;
    }
    this.#phase = phase;
    this.#length += at - next;
    if (at >= chunk.length) this.#text += textOf(chunk.subarray(from, at), true);
    else if (following === STOP) this.#end(chunk, from, at, isWanted);
    else this.problem = following === BAD ? 'NUMBER_SYNTAX' : 'NUMBER_TOO_LONG';
    return at;
  }

  #end(chunk: Uint8Array, from: number, at: number, isWanted: boolean): void {
    this.isEnded = true;
    const isShort = this.#length <= SAFE_DIGITS && this.#phase !== EXPONENT;
    const isHarmless = isShort || this.#isHarmlessFraction(chunk, from);
    if (isHarmless && !isWanted) return;
    if (isShort && this.#phase !== FRACTION && this.#text === '') {
      this.value = integerOf(chunk, from, at);
      return;
    }
    const text = this.#text + textOf(chunk.subarray(from, at), true);
    this.value = Number(text);
    if (!isHarmless) this.problem = judgeNumber(text, this.value, this.#rule);
  }

  /** Many numbers are doubles written in full; that no rule but `exact` has anything against them shows at a glance. */
  #isHarmlessFraction(chunk: Uint8Array, from: number): boolean {
    if (this.#phase !== FRACTION || this.#text !== '' || this.#rule === 'exact') return false;
    const sign = chunk[from] === 0x2d ? 1 : 0;
    const leading = chunk[from + sign] === 0x30 ? 1 : 0;
    const whole = chunk.indexOf(0x2e, from) - from - sign;
    return whole <= SAFE_DIGITS && this.#length - sign - leading - 1 <= DIGITS_MAX;
  }
}

function integerOf(chunk: Uint8Array, from: number, to: number): number {
  const isNegative = chunk[from] === 0x2d;
  let value = 0;
  for (let i = isNegative ? from + 1 : from; i < to; i += 1) value = value * 10 + (chunk[i] as number) - 0x30;
  return isNegative ? -value : value;
}
