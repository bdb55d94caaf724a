import type { JsonLimits } from '../../../../src/core/body/json_limits.ts';
import type { JsonCode, JsonProblem } from '../../../../src/core/body/json_problem.ts';

class Refused extends Error {
  readonly problem: JsonProblem;
  constructor(problem: JsonProblem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** Every way in which a character beyond ASCII can begin and end, written down from the encoder of the platform. */
const PREFIXES = new Set<string>();
for (let point = 0x80; point <= 0x10ffff; point += 0x40) {
  if (point >= 0xd800 && point <= 0xdfff) continue;
  const bytes = [...new TextEncoder().encode(String.fromCodePoint(point))];
  for (let length = 1; length < bytes.length; length += 1) PREFIXES.add(bytes.slice(0, length).join());
}
const SIZE = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2);

/** Recursive descent over a whole text, one byte at a time: what JsonReader must say, found in another way. */
export function naiveJson(all: Uint8Array, limits: JsonLimits): JsonProblem | undefined {
  try {
    new NaiveJson(all, limits).text();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
}

class NaiveJson {
  readonly #bytes: Uint8Array;
  readonly #isCut: boolean;
  readonly #limits: JsonLimits;
  #at = 0;
  #path: (string | number)[] = [];
  #depth = 0;
  #namesBytes = 0;

  constructor(all: Uint8Array, limits: JsonLimits) {
    this.#bytes = all.subarray(0, limits.bytesMax);
    this.#isCut = all.length > limits.bytesMax;
    this.#limits = limits;
  }

  text(): void {
    if (this.#bytes[0] === 0xef) {
      if (this.#isCut && this.#bytes.length < 3 && this.#bytes.every((byte, i) => byte === [0xef, 0xbb][i]))
        this.#refuse('TOO_BIG', this.#bytes.length);
      const isBom = this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf;
      this.#refuse(isBom ? 'BOM' : 'UNEXPECTED_BYTE', 0);
    }
    this.#space();
    if (this.#at === this.#bytes.length && !this.#isCut) this.#refuse('EMPTY', this.#at);
    this.#value();
    this.#space();
    if (this.#at < this.#bytes.length) this.#refuse('TRAILING_DATA', this.#at);
    if (this.#isCut) this.#refuse('TOO_BIG', this.#at);
  }

  #refuse(code: JsonCode, offset: number): never {
    const tokens = this.#path.map((t) => `/${String(t).replace(/~/g, '~0').replace(/\//g, '~1')}`);
    while (tokens.join('').length > 1_024) tokens.pop();
    throw new Refused({ code, offset, pointer: tokens.join('') });
  }

  #peek(): string {
    if (this.#at >= this.#bytes.length)
      this.#refuse(this.#isCut ? 'TOO_BIG' : 'TRUNCATED', this.#bytes.length);
    return String.fromCharCode(this.#bytes[this.#at] ?? 0);
  }

  #space(): void {
    while (this.#at < this.#bytes.length && ' \t\r\n'.includes(this.#peek())) this.#at += 1;
  }

  #value(): void {
    const next = this.#peek();
    if (next === '{' || next === '[') this.#container(next === '{');
    else if (next === '"') this.#string(this.#limits.stringBytesMax, 'STRING_TOO_LONG');
    else if ('tfn'.includes(next)) this.#word({ t: 'true', f: 'false', n: 'null' }[next] ?? '');
    else if ('-0123456789'.includes(next)) this.#number();
    else this.#refuse('UNEXPECTED_BYTE', this.#at);
  }

  #container(isObject: boolean): void {
    if (this.#depth === this.#limits.depthMax) this.#refuse('TOO_DEEP', this.#at);
    this.#depth += 1;
    this.#at += 1;
    const names: string[] = [];
    const closing = isObject ? '}' : ']';
    const level = this.#path.length;
    if (!isObject) this.#path[level] = 0;
    this.#space();
    for (let count = 1; count > 1 || this.#peek() !== closing; count += 1) {
      this.#space();
      if (isObject) this.#name(names);
      this.#space();
      this.#value();
      this.#space();
      if (this.#peek() === closing) break;
      if (this.#peek() !== ',') this.#refuse('UNEXPECTED_BYTE', this.#at);
      this.#path.length = level;
      if (!isObject) this.#path.push(count);
      if (count === (isObject ? this.#limits.membersMax : this.#limits.elementsMax))
        this.#refuse(isObject ? 'TOO_MANY_MEMBERS' : 'TOO_MANY_ELEMENTS', this.#at);
      this.#at += 1;
    }
    this.#at += 1;
    this.#path.length = level;
    this.#depth -= 1;
    for (const name of names) this.#namesBytes -= 2 * name.length + 32;
  }

  #name(names: string[]): void {
    const start = this.#at;
    if (this.#peek() !== '"') this.#refuse('UNEXPECTED_BYTE', start);
    const name = this.#string(this.#limits.keyBytesMax, 'KEY_TOO_LONG');
    this.#path.push(name);
    if (this.#limits.forbiddenKeys.includes(name)) this.#refuse('FORBIDDEN_KEY', start);
    if (this.#limits.duplicateKeys === 'refuse') {
      if (names.includes(name)) this.#refuse('DUPLICATE_KEY', start);
      names.push(name);
      this.#namesBytes += 2 * name.length + 32;
      if (this.#namesBytes > this.#limits.namesBytesMax) this.#refuse('NAMES_TOO_BIG', start);
    }
    this.#space();
    if (this.#peek() !== ':') this.#refuse('UNEXPECTED_BYTE', this.#at);
    this.#at += 1;
  }

  #word(word: string): void {
    for (const letter of word) {
      if (this.#peek() !== letter) this.#refuse('UNEXPECTED_BYTE', this.#at);
      this.#at += 1;
    }
  }

  #string(max: number, tooLong: JsonCode): string {
    const start = this.#at;
    const text: string[] = [];
    this.#at += 1;
    /** The next byte of the content. */
    const take = (): string => {
      const next = this.#peek();
      if (this.#at - start - 1 >= max) this.#refuse(tooLong, this.#at);
      this.#at += 1;
      return next;
    };
    let high: { at: number; unit: number } | undefined;
    for (;;) {
      if (high === undefined && this.#peek() === '"') break;
      const at = this.#at;
      const next = take();
      if (high !== undefined && next !== '\\') this.#refuse('LONE_SURROGATE', high.at);
      if (next === '\\') {
        const kind = take();
        if (high !== undefined && kind !== 'u') this.#refuse('LONE_SURROGATE', high.at);
        if (kind === 'u') {
          let digits = '';
          while (digits.length < 4) {
            const digit = take();
            if (!/[0-9a-fA-F]/.test(digit)) this.#refuse('ESCAPE_INVALID', this.#at - 1);
            digits += digit;
          }
          const unit = Number.parseInt(digits, 16);
          if (high !== undefined) {
            if (unit < 0xdc00 || unit > 0xdfff) this.#refuse('LONE_SURROGATE', high.at);
            text.push(String.fromCharCode(high.unit, unit));
            high = undefined;
          } else if (unit >= 0xd800 && unit < 0xdc00) high = { at, unit };
          else if (unit >= 0xdc00 && unit <= 0xdfff) this.#refuse('LONE_SURROGATE', at);
          else text.push(String.fromCharCode(unit));
        } else if (!'"\\/bfnrt'.includes(kind)) this.#refuse('ESCAPE_INVALID', this.#at - 1);
        else text.push(JSON.parse(`"\\${kind}"`) as string);
      } else if (next < ' ') this.#refuse('CONTROL_IN_STRING', at);
      else if (next < '\x80') text.push(next);
      else {
        const character = [next.charCodeAt(0)];
        while (character.length < SIZE(character[0] ?? 0)) {
          if (!PREFIXES.has(character.join())) this.#refuse('NOT_UTF8', this.#at - 1);
          const more = take().charCodeAt(0);
          character.push(more);
          const isLast = character.length === SIZE(character[0] ?? 0);
          if (isLast && (more < 0x80 || more > 0xbf)) this.#refuse('NOT_UTF8', this.#at - 1);
        }
        text.push(
          new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(character)),
        );
      }
    }
    this.#at += 1;
    return text.join('');
  }

  #number(): void {
    const start = this.#at;
    const rest = Buffer.from(this.#bytes.subarray(start)).toString('latin1');
    const { numberBytesMax, numbers } = this.#limits;
    const text = /^-?(?:(?:0|[1-9]\d*)(?:(?:\.\d+)?[eE](?:[+-]?\d*)|\.\d*)?)?/.exec(rest)?.[0] ?? '';
    if (text.length > numberBytesMax) this.#refuse('NUMBER_TOO_LONG', start + numberBytesMax);
    this.#at += text.length;
    const isWhole = /\d$/.test(text);
    if (!isWhole) this.#peek();
    if (!isWhole) this.#refuse('NUMBER_SYNTAX', this.#at);
    if (this.#at === this.#bytes.length && this.#isCut) this.#peek();
    if (/^\d/.test(rest.slice(text.length))) this.#refuse('NUMBER_SYNTAX', this.#at);
    const code = naiveNumber(text, numbers);
    if (code !== undefined) this.#refuse(code, start);
  }
}

function naiveNumber(text: string, rule: JsonLimits['numbers']): JsonCode | undefined {
  const value = Number(text);
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return 'NUMBER_OVERFLOW';
  if (rule === 'any') return undefined;
  const mantissa = text.replace(/[eE].*/, '');
  const digits = mantissa.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
  if (value === 0) return digits === '' ? undefined : 'NUMBER_UNDERFLOW';
  const isPlain = /^-?\d+$/.test(text);
  if ((isPlain || digits.length > 15) && !(Math.abs(value) < 2 ** 53)) return 'NUMBER_UNSAFE_INTEGER';
  if (digits.length > 17) return 'NUMBER_INEXACT';
  return rule === 'exact' && !isSame(text, String(value)) ? 'NUMBER_INEXACT' : undefined;
}

/** Compares two decimals as fractions of integers. */
function isSame(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => {
    const [, sign = '', whole = '', fraction = '', power = '0'] =
      /^(-?)(\d+)\.?(\d*)(?:[eE](.*))?$/.exec(text) ?? [];
    return { integer: BigInt(sign + whole + fraction), power: Number(power) - fraction.length };
  });
  if (x === undefined || y === undefined) return false;
  const least = Math.min(x.power, y.power);
  return x.integer * 10n ** BigInt(x.power - least) === y.integer * 10n ** BigInt(y.power - least);
}
