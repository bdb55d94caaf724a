import type { JsonValue } from '../canonical/jcs.ts';

/** One mistake in a registry. Values are not quoted: a file that went wrong may hold anything. */
export interface RegistryProblem {
  /** JSON pointer into the document; empty for the whole. */
  readonly pointer: string;
  /** What was found. */
  readonly message: string;
  readonly allowed: string;
}

export interface Members {
  readonly pointer: string;
  readonly members: { readonly [name: string]: JsonValue };
}

const PROBLEMS_MAX = 20;

/** Reads typed members and collects what is wrong; placeholders stand in for bad values, so read `problems` last. */
export class DocumentReader {
  readonly problems: RegistryProblem[] = [];

  refuse(pointer: string, message: string, allowed: string): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ pointer, message, allowed });
  }

  object(value: JsonValue, pointer: string, names: readonly string[]): Members {
    if (!isObject(value)) {
      this.refuse(pointer, `found ${kindOf(value)}`, `an object with ${names.join(', ')}`);
      return { pointer, members: {} };
    }
    for (const name of Object.keys(value)) {
      if (!names.includes(name))
        this.refuse(`${pointer}/${escapePointer(name)}`, 'unknown member', names.join(', '));
    }
    return { pointer, members: value };
  }

  text(from: Members, name: string, fits: (text: string) => boolean, allowed: string): string {
    const value = this.optionalText(from, name, fits, allowed);
    if (!Object.hasOwn(from.members, name)) this.refuse(`${from.pointer}/${name}`, 'missing', allowed);
    return value ?? '';
  }

  optionalText(
    from: Members,
    name: string,
    fits: (text: string) => boolean,
    allowed: string,
  ): string | undefined {
    const value = from.members[name];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && fits(value)) return value;
    const message = typeof value === 'string' ? 'not an accepted value' : `found ${kindOf(value)}`;
    this.refuse(`${from.pointer}/${name}`, message, allowed);
    return undefined;
  }

  integer(from: Members, name: string, max: number): number {
    const value = from.members[name];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
    const message = value === undefined ? 'missing' : 'not an accepted value';
    this.refuse(`${from.pointer}/${name}`, message, `an integer from 0 to ${max}`);
    return 0;
  }

  list(from: Members, name: string, max: number): readonly { value: JsonValue; pointer: string }[] {
    const pointer = `${from.pointer}/${name}`;
    const value = from.members[name];
    if (!Array.isArray(value)) {
      this.refuse(pointer, value === undefined ? 'missing' : `found ${kindOf(value)}`, 'a list');
      return [];
    }
    if (value.length > max) this.refuse(pointer, `${value.length} entries`, `at most ${max}`);
    return value
      .slice(0, max)
      .map((item: JsonValue, index) => ({ value: item, pointer: `${pointer}/${index}` }));
  }
}

function isObject(value: JsonValue): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

function escapePointer(name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
