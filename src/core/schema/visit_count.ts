import type { CodeKeywordDefinition, KeywordCxt } from 'ajv';
import { _ } from 'ajv';
import type { BuiltValue } from '../body/value_builder.ts';
import { type Draft, type Holds, KEYWORDS } from './keywords.ts';
import type { PatternMeter } from './linear_pattern.ts';

/** Keyword that is added to every schema inside of one; no policy can have it, as it is none of any draft. */
const COUNTED = '$counted';
/** Visits that need no reason: a value is visited by a schema. */
const VISITS_LEAST = 100_000;
/** A large body takes tens of millions. */
const VISITS_MAX = 100_000_000;
/** States of patterns that a check may enter: a few seconds. Most characters enter none, as their steps are remembered. */
const PATTERN_STATES_MAX = 50_000_000;
/** How often a part of a schema may look at the same value because several references lead to it. */
const REPEATS = 4;

/**
 * Keeps one check from taking more than linear time: where two branches ask for the same children by $ref, the visits double with
 * every level of the value. Without $ref each part of a schema sees each value once at most, which is always within the bound.
 */
export class VisitCount {
  #parts = 0;
  #value: BuiltValue = null;
  #isMore = false;
  /** What the code of the schema counts down. */
  readonly #count = { left: 0, spent: () => this.#spent() };

  readonly patterns: PatternMeter = { states: PATTERN_STATES_MAX };

  /** Before each check. */
  begin(value: BuiltValue): void {
    this.#value = value;
    this.#isMore = false;
    this.#count.left = VISITS_LEAST;
    this.patterns.states = PATTERN_STATES_MAX;
  }

  /** The schema with a count in each of its parts. */
  countedIn(schema: BuiltValue, draft: Draft): BuiltValue {
    if (!isMembers(schema) || Object.keys(schema).length === 0) return schema;
    this.#parts += 1;
    const inner = Object.entries(schema).map(([name, value]) => {
      const holds = KEYWORDS[draft][name] ?? 'other';
      return [name, this.#inner(holds, value, draft)] as const;
    });
    return { ...Object.fromEntries(inner), [COUNTED]: true };
  }

  keyword(): CodeKeywordDefinition {
    return {
      keyword: COUNTED,
      schemaType: 'boolean',
      // Keywords without a type stand before those of lists and objects, which lead further in.
      before: '$ref',
      code: ({ gen }: KeywordCxt) => {
        const count = gen.scopeValue('obj', { ref: this.#count });
        gen.code(_`if (--${count}.left < 0) ${count}.spent()`);
      },
    };
  }

  #inner(holds: Holds, value: BuiltValue, draft: Draft): BuiltValue {
    if (holds === 'other') return value;
    if (Array.isArray(value)) return value.map((one) => this.countedIn(one, draft));
    if (holds !== 'map' && holds !== 'schema_or_names') return this.countedIn(value, draft);
    if (!isMembers(value)) return value;
    const entries = Object.entries(value).map(([name, one]) => [
      name,
      Array.isArray(one) ? one : this.countedIn(one, draft),
    ]);
    return Object.fromEntries(entries);
  }

  /** Only now it is worth knowing how large the value is. */
  #spent(): void {
    const most = Math.min(VISITS_MAX, REPEATS * this.#parts * valuesIn(this.#value));
    if (this.#isMore) throw new Error('a schema looks at a value too often');
    this.#isMore = true;
    this.#count.left = most;
  }
}

function isMembers(value: BuiltValue): value is { [key: string]: BuiltValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valuesIn(root: BuiltValue): number {
  const open: BuiltValue[] = [root];
  let values = 0;
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    values += 1;
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) open.push(inner);
  }
  return values;
}
