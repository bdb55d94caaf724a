import { escaped } from '../body/nesting.ts';
import type { BuiltValue } from '../body/value_builder.ts';
import { type Draft, type Holds, KEYWORDS, META_SCHEMAS, REFUSED } from './keywords.ts';
import { linearPattern } from './linear_pattern.ts';
import type { SchemaProblem } from './problem.ts';

type Members = { readonly [key: string]: BuiltValue };

/** The first place of a schema that would be passed over or could be read in two ways; undefined: there is none. */
export function refusedPlace(schema: BuiltValue, draft: Draft): SchemaProblem | undefined {
  const walk = new Walk(draft);
  const problem = walk.schema(schema, '', true);
  if (problem !== undefined || walk.loneIf === undefined || !walk.hasUnevaluated) return problem;
  const message = 'beside unevaluatedProperties ajv needs an if to have a then: write then: true';
  return { pointer: walk.loneIf, message };
}

class Walk {
  readonly #draft: Draft;
  hasUnevaluated = false;
  /** Where an `if` has no `then`. */
  loneIf: string | undefined;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  schema(schema: BuiltValue, pointer: string, isRoot: boolean): SchemaProblem | undefined {
    if (!isMembers(schema)) return undefined;
    const problem = this.#alone(schema, pointer, isRoot);
    if (problem !== undefined) return problem;
    for (const [name, value] of Object.entries(schema)) {
      const found = this.#keyword(name, value, `${pointer}/${escaped(name)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What the keywords of one schema say to each other. */
  #alone(schema: Members, pointer: string, isRoot: boolean): SchemaProblem | undefined {
    const said = schema['$schema'];
    const isOwn = typeof said === 'string' && said.replace(/#$/, '') === META_SCHEMAS[this.#draft];
    if (said !== undefined && !(isRoot && isOwn)) {
      const allowed = `write ${META_SCHEMAS[this.#draft]} at the top or nothing; the policy says draft: ${this.#draft}`;
      return {
        pointer: `${pointer}/$schema`,
        message: `$schema is another draft or not at the top: ${allowed}`,
      };
    }
    if (this.#draft === 'draft-07' && '$ref' in schema && Object.keys(schema).length > 1)
      return {
        pointer,
        message:
          'draft-07 passes over everything beside $ref: put the $ref into an allOf, or use draft 2020-12',
      };
    this.hasUnevaluated ||= 'unevaluatedProperties' in schema;
    if ('if' in schema && !('then' in schema)) this.loneIf ??= pointer;
    const needs = Object.entries(NEEDS).find(
      ([name, others]) => name in schema && !others.some((other) => other in schema),
    );
    if (needs === undefined) return undefined;
    const [name, others] = needs;
    return {
      pointer: `${pointer}/${name}`,
      message: `${name} does nothing without ${others.join(' or ')}: add it`,
    };
  }

  #keyword(name: string, value: BuiltValue, pointer: string): SchemaProblem | undefined {
    const known = KEYWORDS[this.#draft];
    const holds = Object.hasOwn(known, name) ? known[name] : undefined;
    if (holds === undefined) {
      const why = Object.hasOwn(REFUSED, name) ? REFUSED[name] : `draft ${this.#draft} has no such keyword`;
      return { pointer, message: `the keyword ${name} is refused: ${why}` };
    }
    if (name === 'pattern') return patternProblem(value, pointer);
    if (name === '$ref') return refProblem(value, pointer);
    return (
      (name === 'patternProperties' ? patternNames(value, pointer) : undefined) ??
      this.#inner(holds, value, pointer)
    );
  }

  #inner(holds: Holds, value: BuiltValue, pointer: string): SchemaProblem | undefined {
    if (holds === 'other') return undefined;
    const isList = Array.isArray(value);
    if (holds === 'schema' || (holds === 'schema_or_list' && !isList))
      return this.schema(value, pointer, false);
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [name, inner] of Object.entries(value)) {
      const found = this.schema(inner, `${pointer}/${escaped(name)}`, false);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Keywords that say something only beside another. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  if: ['then', 'else'],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, never awaited
  then: ['if'],
  else: ['if'],
  maxContains: ['contains'],
  minContains: ['contains'],
  additionalItems: ['items'],
};

function patternProblem(value: BuiltValue, pointer: string): SchemaProblem | undefined {
  const pattern = typeof value === 'string' ? linearPattern(value) : undefined;
  if (pattern?.ok !== false) return undefined;
  return { pointer, message: `the pattern ${pattern.problem}: only patterns that take linear time are used` };
}

function patternNames(value: BuiltValue, pointer: string): SchemaProblem | undefined {
  if (!isMembers(value)) return undefined;
  for (const name of Object.keys(value)) {
    const problem = patternProblem(name, `${pointer}/${escaped(name)}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function refProblem(value: BuiltValue, pointer: string): SchemaProblem | undefined {
  if (typeof value !== 'string' || !/^https?:\/\/json-schema\.org\//.test(value)) return undefined;
  return {
    pointer,
    message: 'the $ref leaves the schema: nothing is fetched; put what it names into the schema',
  };
}

function isMembers(value: BuiltValue): value is { [key: string]: BuiltValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
