/** Seeded, so that a run can be repeated. The generator is sfc32: three words of state and a counter, no short cycles. */
export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = (seed ^ 0x9e3779b9) | 0;
    this.#c = Math.imul(seed, 0x85ebca6b) | 0;
    for (let i = 0; i < 12; i++) this.#next();
  }

  /** An integer of [0, n). */
  below(n: number): number {
    return this.#next() % Math.max(1, n);
  }

  of<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}

/** What breaks parsers: borders of integers, escapes, separators, encodings that mean something else elsewhere. */
const TOKENS: readonly Uint8Array[] = [
  ...['%2e', '%2f', '%5c', '%00', '%252e', '../', './', '//', '\\', ';', '?', '#', '@', ':', ',', '"', "'"],
  ...[
    '{',
    '}',
    '[',
    ']',
    '\r\n',
    '\n',
    ' ',
    '\t',
    '\0',
    '*',
    '&x',
    '*x',
    '!!str ',
    '<<: ',
    '- ',
    '--- ',
    '0x',
    '017',
  ],
  ...[
    '-0',
    '1e9',
    '9007199254740993',
    '18446744073709551616',
    'null',
    'true',
    '__proto__',
    'constructor',
    '.',
    '=',
    'cgk_',
  ],
  ...['\u202e', 'ß', 'İ', '\ufeff', 'Ⅷ', 'a'.repeat(300)],
]
  .map((text) => new TextEncoder().encode(text))
  .concat([
    Uint8Array.of(0xc0, 0xae),
    Uint8Array.of(0xed, 0xa0, 0x80),
    Uint8Array.of(0xff),
    Uint8Array.of(0x80),
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
    Uint8Array.of(0, 0, 0, 0),
  ]);

const STEPS_MAX = 6;
export const INPUT_BYTES_MAX = 1 << 20;

type Step = (input: Uint8Array, dice: Dice, corpus: readonly Uint8Array[]) => Uint8Array;

const STEPS: readonly Step[] = [
  (input, dice) => put(input, dice.below(input.length), (byte) => byte ^ (1 << dice.below(8))),
  (input, dice) => put(input, dice.below(input.length), () => dice.below(256)),
  (input, dice) => cut(input, dice.below(input.length), 1 + dice.below(8)),
  (input, dice) => cut(input, dice.below(input.length), dice.below(input.length)),
  (input, dice) => input.slice(0, dice.below(input.length + 1)),
  (input, dice) => insert(input, dice.below(input.length + 1), dice.of(TOKENS)),
  (input, dice) => {
    const from = dice.below(input.length);
    return insert(input, dice.below(input.length + 1), input.slice(from, from + 1 + dice.below(64)));
  },
  (input, dice, corpus) => {
    const other = dice.of(corpus);
    return join(input.slice(0, dice.below(input.length + 1)), other.slice(dice.below(other.length + 1)));
  },
  (input, dice) => {
    const [a, b] = [dice.below(input.length), dice.below(input.length)];
    const swapped = input.slice();
    [swapped[a], swapped[b]] = [input[b] ?? 0, input[a] ?? 0];
    return swapped;
  },
];

/** One to six random changes; the result may equal the input. */
export function mutate(input: Uint8Array, dice: Dice, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = input;
  for (let left = 1 + dice.below(STEPS_MAX); left > 0; left--) bytes = dice.of(STEPS)(bytes, dice, corpus);
  return bytes.slice(0, INPUT_BYTES_MAX);
}

function put(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const bytes = input.slice();
  const byte = bytes[at];
  if (byte !== undefined) bytes[at] = change(byte);
  return bytes;
}

export function cut(input: Uint8Array, at: number, count: number): Uint8Array {
  return join(input.slice(0, at), input.slice(at + count));
}

function insert(input: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  return join(join(input.slice(0, at), part), input.slice(at));
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
