import { fail, ok, type Result } from '../result.ts';
import { JSON_DEPTH_MAX, type JsonValue } from './json_value.ts';
import { utf8DecodeStrict } from './utf8.ts';

/** `offset` counts UTF-16 units from the start of the decoded text (bytes, while the text is ASCII). */
export interface StrictJsonProblem {
  readonly code:
    | 'UTF8_INVALID'
    | 'SYNTAX'
    | 'DUPLICATE_KEY'
    | 'FORBIDDEN_KEY'
    | 'NUMBER_NOT_INTEGER'
    | 'LONE_SURROGATE'
    | 'TOO_DEEP'
    | 'NOT_CANONICAL';
  readonly offset: number;
}

/**
 * Strict I-JSON of integers: duplicate keys, fractions, exponents, -0, integers beyond +-(2^53-1), lone surrogates,
 * invalid UTF-8, a BOM, `__proto__` and nesting beyond JSON_DEPTH_MAX are refused. White space is accepted.
 */
export function parseStrictJson(bytes: Uint8Array): Result<JsonValue, StrictJsonProblem> {
  const text = utf8DecodeStrict(bytes);
  if (!text.ok) return fail({ code: text.problem, offset: 0 });
  const cursor = new Cursor(text.value);
  try {
    return ok(cursor.document());
  } catch (error) {
    if (error instanceof Refusal) return fail({ code: error.code, offset: cursor.at });
    throw error;
  }
}

class Refusal extends Error {
  readonly code: StrictJsonProblem['code'];
  constructor(code: StrictJsonProblem['code']) {
    super(code);
    this.code = code;
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
/** A whole JSON string token: no raw controls, only the escapes of RFC 8259. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what the grammar excludes
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const WHITE = /[ \t\n\r]*/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const LITERALS: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** One pass over one text. Throws Refusal; only parseStrictJson sees it. */
class Cursor {
  at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): JsonValue {
    this.space();
    const value = this.value(0);
    this.space();
    if (this.at !== this.text.length) throw new Refusal('SYNTAX');
    return value;
  }

  private value(depth: number): JsonValue {
    const next = this.text.charAt(this.at);
    if (next === '"') return this.string();
    if (next === '{' || next === '[') {
      if (depth >= JSON_DEPTH_MAX) throw new Refusal('TOO_DEEP');
      return next === '{' ? this.object(depth + 1) : this.array(depth + 1);
    }
    for (const [word, value] of LITERALS) if (this.word(word)) return value;
    return this.number();
  }

  private object(depth: number): JsonValue {
    this.at += 1;
    const members: Record<string, JsonValue> = {};
    this.space();
    if (this.word('}')) return members;
    for (;;) {
      this.space();
      if (this.text.charAt(this.at) !== '"') throw new Refusal('SYNTAX');
      const key = this.string();
      if (key === '__proto__') throw new Refusal('FORBIDDEN_KEY');
      if (Object.hasOwn(members, key)) throw new Refusal('DUPLICATE_KEY');
      this.space();
      this.expect(':');
      this.space();
      members[key] = this.value(depth);
      this.space();
      if (this.word('}')) return members;
      this.expect(',');
    }
  }

  private array(depth: number): JsonValue {
    this.at += 1;
    const items: JsonValue[] = [];
    this.space();
    if (this.word(']')) return items;
    for (;;) {
      this.space();
      items.push(this.value(depth));
      this.space();
      if (this.word(']')) return items;
      this.expect(',');
    }
  }

  private string(): string {
    const token = this.token(STRING);
    const text = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
    if (LONE_SURROGATE.test(text)) throw new Refusal('LONE_SURROGATE');
    return text;
  }

  private number(): number {
    const token = this.token(NUMBER);
    const value = Number(token);
    const plain = !/[.eE]/.test(token);
    if (!plain || !Number.isSafeInteger(value) || token === '-0') throw new Refusal('NUMBER_NOT_INTEGER');
    return value;
  }

  private token(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) throw new Refusal('SYNTAX');
    this.at += match[0].length;
    return match[0];
  }

  private word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private expect(character: string): void {
    if (!this.word(character)) throw new Refusal('SYNTAX');
  }

  private space(): void {
    WHITE.lastIndex = this.at;
    this.at += WHITE.exec(this.text)?.[0].length ?? 0;
  }
}
