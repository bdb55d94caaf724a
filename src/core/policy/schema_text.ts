import type { BodySchema } from '../../gen/policy_document.ts';
import { checkJson } from '../body/check_json.ts';
import { JSON_LIMITS } from '../body/json_limits.ts';
import { type BuiltValue, ValueBuilder } from '../body/value_builder.ts';
import { toHex } from '../canonical/hex.ts';
import { sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { SCHEMA_CHARS_MAX, SCHEMA_DEPTH_MAX } from './bounds.ts';
import { quoted } from './mistakes.ts';

export type Draft = NonNullable<BodySchema['draft']>;

/** A schema in its one spelling: JSON with sorted keys, without white space, and with `$schema` wherever there can be one. */
export interface SchemaText {
  readonly draft: Draft;
  readonly text: string;
}

export interface SchemaProblem {
  readonly message: string;
  readonly hint: string;
}

const DRAFTS: readonly (readonly [Draft, string])[] = [
  ['2020-12', 'https://json-schema.org/draft/2020-12/schema'],
  ['draft-07', 'http://json-schema.org/draft-07/schema#'],
];
const DEFAULT_DRAFT: Draft = '2020-12';

/** Room for the values of a text of SCHEMA_CHARS_MAX characters, whatever they are. */
const VALUE_BYTES_MAX = 64 * SCHEMA_CHARS_MAX;

/** Reads what a document says: a mapping, true or false, or JSON text. Whether it means anything, a compiler of schemas says. */
export function readSchema({
  schema,
  draft,
}: Pick<BodySchema, 'schema' | 'draft'>): Result<SchemaText, SchemaProblem> {
  const value = typeof schema === 'string' ? parsed(schema) : ok<unknown>(schema);
  if (!value.ok) return value;
  const settled = withDraft(value.value, draft);
  if (!settled.ok) return settled;
  const outside = outsideReference(settled.value.value);
  if (outside !== undefined) {
    const hint = 'references stay inside the schema: write #/$defs/… and put what is meant there';
    return fail({ message: `found the reference ${quoted(outside.slice(0, 60))}`, hint });
  }
  const text = textOf(settled.value.value, 0);
  if (!text.ok) return text;
  if (text.value.length > SCHEMA_CHARS_MAX) return fail(tooLarge(text.value.length));
  return ok({ draft: settled.value.draft, text: text.value });
}

/** `sha256:<hex>` of the canonical text. The text says its draft, so one hash is never two schemas. */
export function schemaHash({ text }: Pick<SchemaText, 'text'>): string {
  return `sha256:${toHex(sha256(utf8Encode(text)))}`;
}

function parsed(text: string): Result<unknown, SchemaProblem> {
  if (text.length > 4 * SCHEMA_CHARS_MAX) return fail(tooLarge(text.length));
  const builder = new ValueBuilder(VALUE_BYTES_MAX);
  const limits = { ...JSON_LIMITS, depthMax: SCHEMA_DEPTH_MAX, numbers: 'exact' as const };
  const problem = checkJson(utf8Encode(text), limits, builder);
  const value: BuiltValue | undefined = builder.value;
  if (problem === undefined && value !== undefined) return ok(value);
  const where = problem === undefined ? '' : ` at byte ${problem.offset}`;
  const message = `the text is no JSON: ${problem?.code ?? 'EMPTY'}${where}`;
  return fail({ message, hint: 'write the schema as a mapping, or as one JSON text' });
}

interface Settled {
  readonly draft: Draft;
  readonly value: unknown;
}

/** The draft is part of the text, for the same words mean different things to different drafts. */
function withDraft(value: unknown, asked: Draft | undefined): Result<Settled, SchemaProblem> {
  if (typeof value === 'boolean') return ok({ draft: asked ?? DEFAULT_DRAFT, value });
  if (!isMapping(value)) {
    return fail({
      message: 'the schema is neither a mapping nor true or false',
      hint: 'write a JSON Schema',
    });
  }
  const uri = value['$schema'];
  const said = DRAFTS.find(([, known]) => typeof uri === 'string' && withoutHash(known) === withoutHash(uri));
  if (uri !== undefined && said === undefined) {
    const hint = `allowed: ${DRAFTS.map(([, known]) => known).join(', ')}`;
    return fail({ message: 'its $schema names another draft', hint });
  }
  const draft = asked ?? said?.[0] ?? DEFAULT_DRAFT;
  if (said !== undefined && said[0] !== draft) {
    return fail({ message: `its $schema says ${said[0]}, draft says ${draft}`, hint: 'remove one of them' });
  }
  const [, $schema] = DRAFTS.find(([name]) => name === draft) ?? [];
  return ok({ draft, value: { ...value, $schema } });
}

function withoutHash(uri: string): string {
  return uri.replace(/#$/, '');
}

/** Keys whose members are schemas by name, so that the name says nothing; and keys whose value is data. */
const NAMED: readonly string[] = [
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
];
const DATA: readonly string[] = ['const', 'enum', 'default', 'examples'];
const REFERENCES: readonly string[] = ['$ref', '$dynamicRef', '$recursiveRef'];

/** The first reference that leads out of the schema: nobody fetches anything for a policy. */
function outsideReference(value: unknown, isByName = false): string | undefined {
  if (Array.isArray(value)) return firstOf(value, (item) => outsideReference(item));
  if (!isMapping(value)) return undefined;
  return firstOf(Object.entries(value), ([key, member]) => {
    if (isByName) return outsideReference(member);
    if (DATA.includes(key)) return undefined;
    if (REFERENCES.includes(key) && typeof member === 'string' && !member.startsWith('#')) return member;
    return outsideReference(member, NAMED.includes(key));
  });
}

function firstOf<T, R>(items: readonly T[], look: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** RFC 8785, fractions included; only of values that came out of a parser. */
function textOf(value: unknown, depth: number): Result<string, SchemaProblem> {
  if (depth > SCHEMA_DEPTH_MAX) {
    const hint = `at most ${SCHEMA_DEPTH_MAX} levels are read`;
    return fail({ message: 'the schema is nested too deeply', hint });
  }
  if (typeof value === 'number' && (!Number.isFinite(value) || isUnsafe(value))) {
    const hint = 'JSON has finite numbers, integers within +-(2^53-1)';
    return fail({ message: `found the number ${value}`, hint });
  }
  if (Array.isArray(value)) return joined(value, '[', ']', (item) => textOf(item, depth + 1));
  if (!isMapping(value)) return ok(JSON.stringify(Object.is(value, -0) ? 0 : value));
  const keys = Object.keys(value).sort();
  return joined(keys, '{', '}', (key) => {
    const member = textOf(value[key], depth + 1);
    return member.ok ? ok(`${JSON.stringify(key)}:${member.value}`) : member;
  });
}

function joined<T>(
  items: readonly T[],
  open: string,
  close: string,
  write: (item: T) => Result<string, SchemaProblem>,
): Result<string, SchemaProblem> {
  const parts: string[] = [];
  for (const item of items) {
    const part = write(item);
    if (!part.ok) return part;
    parts.push(part.value);
  }
  return ok(`${open}${parts.join(',')}${close}`);
}

function isUnsafe(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tooLarge(length: number): SchemaProblem {
  return { message: `the schema has ${length} characters`, hint: `at most ${SCHEMA_CHARS_MAX} are allowed` };
}
