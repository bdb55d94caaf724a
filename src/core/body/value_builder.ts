import type { SinkRefusal } from './json_problem.ts';
import type { JsonScalar, JsonSink } from './json_sink.ts';

/** A value as JSON.parse gives it. */
export type BuiltValue = JsonScalar | BuiltValue[] | { [key: string]: BuiltValue };

/** Charged for each value and each key beside its bytes. */
export const VALUE_OVERHEAD_BYTES = 32;

/** Makes one value of what a reader reads, in bounded memory; whatever would go beyond is VALUE_TOO_BIG. */
export class ValueBuilder implements JsonSink {
  readonly #bytesMax: number;
  #left: number;
  readonly #open: (BuiltValue[] | { [key: string]: BuiltValue })[] = [];
  readonly #names: string[] = [];
  #name = '';
  #value: BuiltValue | undefined;

  /** `bytesMax`: bytes of keys and scalars as written, and VALUE_OVERHEAD_BYTES for each of them and each container. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#left = bytesMax;
  }

  get room(): number {
    return Math.max(0, this.#left - VALUE_OVERHEAD_BYTES);
  }

  /** What is built so far, as `bytesMax` counts it. */
  get used(): number {
    return this.#bytesMax - this.#left;
  }

  /** The value, once it is whole; undefined before. */
  get value(): BuiltValue | undefined {
    return this.#open.length === 0 ? this.#value : undefined;
  }

  /** Forgets everything and begins anew. */
  clear(): void {
    this.#left = this.#bytesMax;
    this.#open.length = 0;
    this.#names.length = 0;
    this.#value = undefined;
  }

  open(kind: 'object' | 'array'): SinkRefusal | undefined {
    const container = kind === 'object' ? {} : [];
    this.#put(container);
    this.#open.push(container);
    this.#names.push(this.#name);
    return this.#charge(0);
  }

  close(): undefined {
    this.#open.pop();
    this.#name = this.#names.pop() ?? '';
  }

  key(name: string): SinkRefusal | undefined {
    this.#name = name;
    return this.#charge(name.length);
  }

  scalar(value: JsonScalar | undefined, offset: number, end: number): SinkRefusal | undefined {
    this.#put(value ?? null);
    return this.#charge(typeof value === 'string' ? end - offset - 2 : 0);
  }

  #put(value: BuiltValue): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#value = value;
    else if (Array.isArray(parent)) parent.push(value);
    else if (this.#name !== '__proto__') parent[this.#name] = value;
    else
      Object.defineProperty(parent, this.#name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
  }

  #charge(bytes: number): SinkRefusal | undefined {
    this.#left -= bytes + VALUE_OVERHEAD_BYTES;
    return this.#left < 0 ? 'VALUE_TOO_BIG' : undefined;
  }
}
