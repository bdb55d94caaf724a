import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkJson } from '../body/check_json.ts';
import { JSON_LIMITS, type JsonLimits } from '../body/json_limits.ts';
import { type BuiltValue, ValueBuilder } from '../body/value_builder.ts';
import { fail, ok, type Result } from '../result.ts';
import { FORMATS } from './formats.ts';
import type { Draft } from './keywords.ts';
import { linearPattern } from './linear_pattern.ts';
import { ownKeywords } from './own_keywords.ts';
import type { SchemaProblem } from './problem.ts';
import { refusedPlace } from './schema_walk.ts';
import { VisitCount } from './visit_count.ts';

/** Where a value breaks its schema first. */
export interface SchemaMistake {
  /** RFC 6901, into the value. */
  readonly pointer: string;
  readonly keyword: string;
}

export interface CompiledSchema {
  /** The first mistake; undefined: the value honours the schema. Never throws. */
  check(value: BuiltValue): SchemaMistake | undefined;
}

/** Bytes of the text of one schema. */
export const SCHEMA_BYTES_MAX = 262_144;
const LIMITS: JsonLimits = { ...JSON_LIMITS, bytesMax: SCHEMA_BYTES_MAX, depthMax: 48, numbers: 'double' };
const VALUE_BYTES_MAX = 16 * SCHEMA_BYTES_MAX;

/** Values that find a schema which asks for itself without end. */
const PROBES: readonly BuiltValue[] = [null, true, 0, '', [], {}];

/**
 * A schema, ready to be asked. Everything that ajv would pass over, read in its own way or need more than linear time
 * for is refused here, with the place.
 */
export function compileSchema(draft: Draft, text: string): Result<CompiledSchema, SchemaProblem> {
  const schema = readSchema(text);
  if (!schema.ok) return schema;
  const refused = refusedPlace(schema.value, draft) ?? malformed(schema.value, draft);
  if (refused !== undefined) return fail(refused);
  const count = new VisitCount();
  const compiled = compiledBy(newAjv(draft, count), count.countedIn(schema.value, draft));
  if (!compiled.ok) return compiled;
  const check = checkBy(compiled.value, count);
  return PROBES.some((probe) => check(probe)?.keyword === FAULT)
    ? fail({
        pointer: '',
        message:
          'the schema asks for itself without end, or too often: let its $ref lead into a member or element',
      })
    : ok({ check });
}

function readSchema(text: string): Result<BuiltValue, SchemaProblem> {
  const builder = new ValueBuilder(VALUE_BYTES_MAX);
  const problem = checkJson(new TextEncoder().encode(text), LIMITS, builder);
  if (problem !== undefined) {
    const { code, offset, pointer } = problem;
    return fail({ pointer, message: `the schema is no JSON that is taken (${code} at byte ${offset})` });
  }
  const value = builder.value ?? null;
  const isSchema =
    typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value));
  return isSchema ? ok(value) : fail({ pointer: '', message: 'a schema is an object, true or false' });
}

const OPTIONS: Options = {
  strictSchema: true,
  strictNumbers: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  allowMatchingProperties: true,
  unicodeRegExp: true,
  // Members that every object of JavaScript inherits are not members of the value.
  ownProperties: true,
  messages: false,
  logger: false,
};

/** Judges what schemas look like, by the schema of their draft; asked at most once for each schema. */
const META: Partial<Record<Draft, Ajv>> = {};

function malformed(schema: BuiltValue, draft: Draft): SchemaProblem | undefined {
  META[draft] ??= draft === '2020-12' ? new Ajv2020(OPTIONS) : new Ajv(OPTIONS);
  const judge = META[draft];
  if (judge.validateSchema(schema as AnySchema) === true) return undefined;
  const { instancePath = '', keyword = 'form' } = judge.errors?.[0] ?? {};
  return { pointer: instancePath, message: `this is no schema of draft ${draft} (${keyword})` };
}

/** Fresh for each schema, so that ids of one are unknown to all others. */
function newAjv(draft: Draft, count: VisitCount): Ajv {
  const options: Options = {
    ...OPTIONS,
    meta: false,
    validateSchema: false,
    formats: FORMATS,
    code: { regExp: regExpWith(count) },
  };
  const ajv = draft === '2020-12' ? new Ajv2020(options) : new Ajv(options);
  ajv.addKeyword(count.keyword());
  for (const keyword of ownKeywords()) ajv.removeKeyword(String(keyword.keyword)).addKeyword(keyword);
  // It is followed all the same; without this the strict mode of ajv calls it unknown.
  if (draft === '2020-12') ajv.addKeyword('$anchor');
  return ajv;
}

/** The code is never written out; ajv wants it to be told apart from the engine of the language. */
function regExpWith(count: VisitCount) {
  const regExp = (source: string) => {
    const pattern = linearPattern(source, count.patterns);
    if (!pattern.ok) throw new Error(`pattern ${pattern.problem}`);
    return pattern.value;
  };
  return Object.assign(regExp, { code: 'linearPattern' });
}

function compiledBy(ajv: Ajv, schema: BuiltValue): Result<ValidateFunction, SchemaProblem> {
  try {
    const { $schema, ...rest } = typeof schema === 'object' ? (schema as { [key: string]: BuiltValue }) : {};
    return ok(ajv.compile(typeof schema === 'boolean' ? schema : (rest as AnySchema)));
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n', 1)[0] : 'unknown cause';
    return fail({ pointer: '', message: `the schema cannot be compiled: ${message}` });
  }
}

/** Keyword of a check that did not come to its end. */
const FAULT = 'fault';

function checkBy(validate: ValidateFunction, count: VisitCount): CompiledSchema['check'] {
  return (value) => {
    count.begin(value);
    try {
      return validate(value) === true ? undefined : firstOf(validate.errors ?? []);
    } catch {
      return { pointer: '', keyword: FAULT };
    }
  };
}

/** These only pass on what another keyword says, which stands before them. */
const PASSING_ON = ['if', 'propertyNames'];

/** Checking ends at the first mistake: what stands last is the keyword that failed, behind what its parts said. */
function firstOf(errors: readonly ErrorObject[]): SchemaMistake {
  const told = errors.findLast(({ keyword }) => !PASSING_ON.includes(keyword)) ?? errors.at(-1);
  return { pointer: told?.instancePath ?? '', keyword: told?.keyword ?? 'false schema' };
}
