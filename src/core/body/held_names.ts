import type { JsonCode } from './json_problem.ts';

/** Charged for each held name beside its text. */
export const NAME_OVERHEAD_BYTES = 32;
/** Objects with more members get an index. */
const LISTED_MAX = 16;

/** The names of all open objects, in bounded memory. */
export class HeldNames {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Names of small objects, innermost last. */
  readonly #names: string[] = [];
  /** Of each open object: where its names begin, what is charged for it, its index. */
  readonly #starts: number[] = [];
  readonly #charged: number[] = [];
  readonly #indexes: (Set<string> | undefined)[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  clear(): void {
    this.#bytes = 0;
    for (const list of [this.#names, this.#starts, this.#charged, this.#indexes]) list.length = 0;
  }

  open(): void {
    this.#starts.push(this.#names.length);
    this.#charged.push(0);
    this.#indexes.push(undefined);
  }

  close(): void {
    this.#names.length = this.#starts.pop() ?? 0;
    this.#bytes -= this.#charged.pop() ?? 0;
    this.#indexes.pop();
  }

  /** A name of the innermost object. */
  add(name: string): JsonCode | undefined {
    const level = this.#starts.length - 1;
    const index = this.#indexes[level] ?? this.#indexOf(level);
    if (index === undefined ? this.#isListed(level, name) : index.has(indexed(name))) return 'DUPLICATE_KEY';
    const cost = 2 * name.length + NAME_OVERHEAD_BYTES;
    this.#bytes += cost;
    if (this.#bytes > this.#bytesMax) return 'NAMES_TOO_BIG';
    this.#charged[level] = (this.#charged[level] as number) + cost;
    if (index === undefined) this.#names.push(name);
    else index.add(indexed(name));
    return undefined;
  }

  #isListed(level: number, name: string): boolean {
    for (let at = this.#starts[level] as number; at < this.#names.length; at += 1) {
      if (this.#names[at] === name) return true;
    }
    return false;
  }

  /** Made when an object becomes large; its listed names move into it. */
  #indexOf(level: number): Set<string> | undefined {
    const start = this.#starts[level] as number;
    if (this.#names.length - start < LISTED_MAX) return undefined;
    const index = new Set(this.#names.slice(start).map(indexed));
    this.#names.length = start;
    this.#indexes[level] = index;
    return index;
  }
}

/** Decimal names hash to themselves, so that a sender could choose names that collide; the sign makes them text. */
function indexed(name: string): string {
  const first = name.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 ? `#${name}` : name.startsWith('#') ? `#${name}` : name;
}
