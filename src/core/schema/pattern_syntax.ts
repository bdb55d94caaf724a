import { fail, ok, type Result } from '../result.ts';

/** A pattern as a tree. `one`: the source of something that takes exactly one character. */
export type PatternNode =
  | { readonly kind: 'one'; readonly source: string }
  | { readonly kind: 'at'; readonly place: Place }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly min: number; readonly max: number };

export type Place = 'start' | 'end' | 'border' | 'no_border';

export const PATTERN_CHARS_MAX = 1_024;
const GROUPS_MAX = 64;
const PLACES: Readonly<Record<string, Place>> = {
  '^': 'start',
  $: 'end',
  '\\b': 'border',
  '\\B': 'no_border',
};
/** Pairs of halves are one character; everything else behind a backslash is told by its second character. */
const ESCAPE =
  /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[pP]\{[^}]*\}|.)/suy;
const QUANTIFIER = /(?:([*+?])|\{(\d{1,6})(?:(,)(\d{0,6}))?\})\??/uy;
const CLASS = /\[(?:[^\]\\]|\\.)*\]/suy;

/**
 * Reads what linear time can match: no look-around, no back references. Patterns are those of ECMAScript with the
 * flag `u`; whether one is such a pattern is for its own engine to say, so that this reader sees only right ones.
 */
export function readPattern(source: string): Result<PatternNode, string> {
  if (source.length > PATTERN_CHARS_MAX) return fail(`is longer than ${PATTERN_CHARS_MAX} characters`);
  try {
    new RegExp(source, 'u');
  } catch {
    return fail('is no regular expression (ECMAScript, Unicode)');
  }
  const reader = new PatternReader(source);
  const node = reader.choice(0);
  return reader.problem === undefined ? ok(node) : fail(reader.problem);
}

class PatternReader {
  readonly #source: string;
  #at = 0;
  problem: string | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  choice(depth: number): PatternNode {
    if (depth > GROUPS_MAX) return this.#refuse(`has more than ${GROUPS_MAX} groups inside each other`);
    const parts = [this.#sequence(depth)];
    while (this.#take('|')) parts.push(this.#sequence(depth));
    return parts.length === 1 ? (parts[0] as PatternNode) : { kind: 'choice', parts };
  }

  #sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (this.problem === undefined && this.#at < this.#source.length && !this.#sees('|', ')'))
      parts.push(this.#quantified(this.#atom(depth)));
    return { kind: 'sequence', parts };
  }

  #atom(depth: number): PatternNode {
    if (this.#take('(')) return this.#group(depth);
    const escaped = this.#match(ESCAPE)?.[0];
    const source = escaped ?? this.#match(CLASS)?.[0] ?? this.#character();
    const place = Object.hasOwn(PLACES, source) ? PLACES[source] : undefined;
    if (place !== undefined) return { kind: 'at', place };
    if (escaped !== undefined && /^\\(?:[1-9]|k)/u.test(escaped))
      return this.#refuse('refers back to a group');
    return { kind: 'one', source };
  }

  #group(depth: number): PatternNode {
    if (this.#take('?')) {
      const isNamed = this.#sees('<') && !['=', '!'].includes(this.#source[this.#at + 1] ?? '');
      if (isNamed) this.#at = this.#source.indexOf('>', this.#at) + 1;
      else if (!this.#take(':')) return this.#refuse('looks ahead or behind, or changes flags');
    }
    const inner = this.choice(depth + 1);
    this.#at += 1;
    return inner;
  }

  #quantified(part: PatternNode): PatternNode {
    const found = this.#match(QUANTIFIER);
    if (found === undefined) return part;
    const [, sign, from = '', comma, to = ''] = found;
    if (sign !== undefined)
      return {
        kind: 'repeat',
        part,
        min: sign === '+' ? 1 : 0,
        max: sign === '?' ? 1 : Number.POSITIVE_INFINITY,
      };
    const min = Number(from);
    const max = comma === undefined ? min : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    return { kind: 'repeat', part, min, max };
  }

  #character(): string {
    const one = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
    this.#at += one.length;
    return one;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source) ?? undefined;
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  #sees(...characters: readonly string[]): boolean {
    return characters.includes(this.#source[this.#at] ?? '');
  }

  #take(character: string): boolean {
    if (!this.#sees(character)) return false;
    this.#at += 1;
    return true;
  }

  #refuse(problem: string): PatternNode {
    this.problem ??= problem;
    this.#at = this.#source.length;
    return { kind: 'sequence', parts: [] };
  }
}
