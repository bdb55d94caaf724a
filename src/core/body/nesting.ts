import { POINTER_LENGTH_MAX } from './json_problem.ts';

/** The objects and arrays that are open, and the member or element that is under way in each. */
export class Nesting {
  /** Of each level: the name under way in an object, the index of the element in an array. */
  readonly #places: (string | number | undefined)[] = [];
  readonly #members: number[] = [];
  readonly #objects: boolean[] = [];
  depth = 0;

  clear(): void {
    this.depth = 0;
  }

  open(isObject: boolean): void {
    this.#places[this.depth] = isObject ? undefined : 0;
    this.#members[this.depth] = 0;
    this.#objects[this.depth] = isObject;
    this.depth += 1;
  }

  close(): void {
    this.depth -= 1;
    this.#places[this.depth] = undefined;
  }

  get isObject(): boolean {
    return this.#objects[this.depth - 1] === true;
  }

  name(name: string): void {
    this.#places[this.depth - 1] = name;
  }

  /** The next member or element is awaited; returns how many come before it. */
  next(): number {
    const level = this.depth - 1;
    const count = (this.#members[level] as number) + 1;
    this.#members[level] = count;
    this.#places[level] = this.#objects[level] === true ? undefined : count;
    return count;
  }

  /** See JsonProblem. */
  pointer(): string {
    let pointer = '';
    for (let level = 0; level < this.depth; level += 1) {
      const place = this.#places[level];
      if (place === undefined) break;
      const longer = `${pointer}/${typeof place === 'number' ? place : escaped(place)}`;
      if (longer.length > POINTER_LENGTH_MAX) break;
      pointer = longer;
    }
    return pointer;
  }
}

/** A name as a reference token of RFC 6901. */
export function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
