import type { JsonValue } from '../canonical/json_value.ts';
import { withoutCase } from './letters.ts';

export type JsonObject = { readonly [key: string]: JsonValue };

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Own members only; null is what a client sends for "not set". */
export function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
  return value[name] ?? undefined;
}

export function textOf(value: JsonValue | undefined, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === 'string' ? found : undefined;
}

export function listOf(value: JsonValue | undefined, name: string): readonly JsonValue[] {
  const found = member(value, name);
  return isList(found) ? found : [];
}

/** A count as providers send them; undefined also for what is none. */
export function countOf(value: JsonValue | undefined, name: string): number | undefined {
  const found = member(value, name);
  return isCount(found) ? found : undefined;
}

export function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * Reads fields that facts depend on: one of another type than expected is a problem, not an absence, because the
 * service may read it in another way than we would.
 */
export class Fields {
  readonly #object: JsonObject;
  readonly #pointer: string;
  readonly #problems: string[];

  constructor(object: JsonObject, pointer = '', problems: string[] = []) {
    this.#object = object;
    this.#pointer = pointer;
    this.#problems = problems;
  }

  /** Pointer of the first field that was not as expected. */
  get problem(): string | undefined {
    return this.#problems[0];
  }

  text(name: string): string | undefined {
    return this.#read(name, (value) => typeof value === 'string') as string | undefined;
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, (value) => typeof value === 'boolean') as boolean | undefined;
  }

  count(name: string): number | undefined {
    return this.#read(name, isCount) as number | undefined;
  }

  list(name: string): readonly JsonValue[] | undefined {
    return this.#read(name, isList) as readonly JsonValue[] | undefined;
  }

  object(name: string): Fields | undefined {
    const found = this.#read(name, isObject);
    return isObject(found) ? new Fields(found, `${this.#pointer}/${name}`, this.#problems) : undefined;
  }

  /** The members of a list of objects. */
  objects(name: string): readonly Fields[] {
    const found = this.list(name) ?? [];
    return found.flatMap((item, i) => {
      if (isObject(item)) return [new Fields(item, `${this.#pointer}/${name}/${i}`, this.#problems)];
      this.refuse(`${name}/${i}`);
      return [];
    });
  }

  /** The spelling in use of a field that has two; both at once is a problem, because nobody says which one counts. */
  spelled(...names: readonly string[]): string {
    const [first, second] = names.filter((name) => this.raw(name) !== undefined);
    if (second !== undefined) this.refuse(second);
    return first ?? names[0] ?? '';
  }

  /** A member that differs from `name` only in case is one and the same for servers that do not care for case. */
  refuseOtherCase(name: string): void {
    const odd = this.names.find((key) => key !== name && withoutCase(key) === withoutCase(name));
    if (odd !== undefined) this.refuse(odd);
  }

  raw(name: string): JsonValue | undefined {
    return member(this.#object, name);
  }

  get names(): readonly string[] {
    return Object.keys(this.#object);
  }

  refuse(name: string): undefined {
    this.#problems.push(`${this.#pointer}/${name}`);
    return undefined;
  }

  #read(name: string, fits: (value: JsonValue) => boolean): JsonValue | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    return fits(value) ? value : this.refuse(name);
  }
}
