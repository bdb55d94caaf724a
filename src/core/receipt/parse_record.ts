import { encodeJcs, type JsonValue, parseCanonicalJson } from '../canonical/jcs.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { RECORD_TABLES } from './fields.ts';
import type { JournalRecord } from './records.ts';
import type { Members, Shape } from './shape.ts';
import { timestampMs } from './timestamp.ts';

export interface RecordProblem {
  /**
   * `BODY_INVALID`: not RFC 8785 bytes of strict JSON. `VERSION_UNKNOWN`: a version, type or member this table does
   * not know. `FIELD_INVALID`: a known member that is missing or has the wrong form.
   */
  readonly code: 'BODY_INVALID' | 'VERSION_UNKNOWN' | 'FIELD_INVALID';
  /** JSON pointer of the member; for `BODY_INVALID` the code of the JSON parser. */
  readonly at: string;
}

/** Reads a record body: canonical bytes, known version, known type, exactly the fields of its table. */
export function parseRecord(body: Uint8Array): Result<JournalRecord, RecordProblem> {
  const json = parseCanonicalJson(body);
  return json.ok ? checkRecord(json.value) : fail({ code: 'BODY_INVALID', at: json.problem.code });
}

/** The same table over a value in memory: what a writer holds against a record before it is signed. */
export function checkRecord(value: unknown): Result<JournalRecord, RecordProblem> {
  if (!isObject(value)) return fail(invalid(''));
  if (value['v'] !== 0) return fail(unknown('/v'));
  const members = tableOf(value);
  if (members === undefined) return fail(unknown(value['type'] === 'lifecycle' ? '/lifecycle' : '/type'));
  const problem = checkMembers(members, value);
  // The table is checked against the types by the compiler (`Covers`), so a value that passes it has its type.
  return problem === undefined ? ok(value as unknown as JournalRecord) : fail(problem);
}

/** One table over any value in memory: what comes from a peer must fit before it is looked at. */
export function checkFields(members: Members, value: unknown): RecordProblem | undefined {
  return isObject(value) ? checkMembers(members, value) : invalid('');
}

function tableOf({ type, lifecycle }: Readonly<Record<string, unknown>>): Members | undefined {
  if (typeof type !== 'string' || type.includes('.')) return undefined;
  const name = type === 'lifecycle' ? `lifecycle.${String(lifecycle)}` : type;
  return Object.hasOwn(RECORD_TABLES, name) ? RECORD_TABLES[name] : undefined;
}

/** Exactly the fields of the table, each in its form; undefined when all is well. */
export function checkMembers(
  members: Members,
  value: Readonly<Record<string, unknown>>,
): RecordProblem | undefined {
  for (const name of Object.keys(value)) {
    const field = Object.hasOwn(members, name) ? members[name] : undefined;
    if (field === undefined) return unknown(`/${name}`);
    const problem = checkValue(field.shape, value[name]);
    if (problem !== undefined) return { ...problem, at: `/${name}${problem.at}` };
  }
  for (const name in members) {
    if (members[name]?.presence === 'required' && !Object.hasOwn(value, name)) return invalid(`/${name}`);
  }
  return undefined;
}

function checkValue(shape: Shape, value: unknown): RecordProblem | undefined {
  switch (shape.kind) {
    case 'object':
      return isObject(value) ? checkMembers(shape.members, value) : invalid('');
    case 'variants':
      return isObject(value) ? checkVariant(shape, value) : invalid('');
    case 'list':
      return checkList(shape, value);
    case 'free_object':
      return isObject(value) && encodedBytes(value) <= shape.bytes_max ? undefined : invalid('');
    default:
      return isScalar(shape, value) ? undefined : invalid('');
  }
}

function isScalar(shape: Extract<Shape, { kind: ScalarKind }>, value: unknown): boolean {
  switch (shape.kind) {
    case 'text':
      return typeof value === 'string' && isText(shape, value);
    case 'integer':
      return Number.isSafeInteger(value) && Number(value) >= shape.min && Number(value) <= shape.max;
    case 'timestamp':
      return typeof value === 'string' && timestampMs(value) !== undefined;
    case 'boolean':
      return typeof value === 'boolean';
    case 'one_of':
      return shape.values.some((known) => known === value);
  }
}

function isText(shape: Extract<Shape, { kind: 'text' }>, value: string): boolean {
  if (value.length > shape.length_max || !shape.pattern.test(value)) return false;
  const { bytes_max = Number.POSITIVE_INFINITY, bytes_per_unit } = shape;
  return 2 + value.length * bytes_per_unit <= bytes_max || encodedBytes(value) <= bytes_max;
}

type ScalarKind = 'text' | 'integer' | 'timestamp' | 'boolean' | 'one_of';

function checkVariant(
  shape: Extract<Shape, { kind: 'variants' }>,
  value: Readonly<Record<string, unknown>>,
): RecordProblem | undefined {
  const tag = String(value[shape.tag]);
  const members = Object.hasOwn(shape.options, tag) ? shape.options[tag] : undefined;
  return members === undefined ? unknown(`/${shape.tag}`) : checkMembers(members, value);
}

function checkList(shape: Extract<Shape, { kind: 'list' }>, value: unknown): RecordProblem | undefined {
  if (!Array.isArray(value) || value.length > shape.count_max) return invalid('');
  for (const [index, item] of value.entries()) {
    const problem = checkValue(shape.of, item);
    if (problem !== undefined) return { ...problem, at: `/${index}${problem.at}` };
  }
  return shape.bytes_max === undefined || encodedBytes(value) <= shape.bytes_max ? undefined : invalid('');
}

function encodedBytes(value: JsonValue | object): number {
  try {
    return utf8Encode(encodeJcs(value)).length;
  } catch {
    // A value in memory may hold what JSON cannot.
    return Number.POSITIVE_INFINITY;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(at: string): RecordProblem {
  return { code: 'FIELD_INVALID', at };
}

function unknown(at: string): RecordProblem {
  return { code: 'VERSION_UNKNOWN', at };
}
