import type { JsonScalar } from './json_sink.ts';

interface Word {
  readonly rest: readonly number[];
  readonly value: JsonScalar;
}

const WORDS: Readonly<Record<number, Word>> = {
  116: wordOf('rue', true),
  102: wordOf('alse', false),
  110: wordOf('ull', null),
  // Not a word of JSON, but read like one: the byte order mark.
  239: { rest: [0xbb, 0xbf], value: null },
};
const NONE = wordOf('', null);

function wordOf(rest: string, value: JsonScalar): Word {
  return { rest: Array.from(rest, (character) => character.charCodeAt(0)), value };
}

/** true, false, null or the byte order mark, byte by byte. */
export class WordToken {
  #word = NONE;
  #matched = 0;

  begin(first: number): void {
    this.#word = WORDS[first] ?? NONE;
    this.#matched = 0;
  }

  /** False when the word does not go on with this byte. */
  take(byte: number): boolean {
    if (this.#word.rest[this.#matched] !== byte) return false;
    this.#matched += 1;
    return true;
  }

  get isWhole(): boolean {
    return this.#matched === this.#word.rest.length;
  }

  get value(): JsonScalar {
    return this.#word.value;
  }
}
