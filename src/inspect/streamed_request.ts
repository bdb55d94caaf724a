import { ByteTally } from '../core/answer/byte_tally.ts';
import { JSON_LIMITS, type JsonLimits } from '../core/body/json_limits.ts';
import type { JsonProblem, SinkRefusal } from '../core/body/json_problem.ts';
import { JsonReader } from '../core/body/json_reader.ts';
import { JsonRecords, type RecordFormat } from '../core/body/json_records.ts';
import { selectionOf } from '../core/body/selection.ts';
import type { BuiltValue } from '../core/body/value_builder.ts';
import { ValueSelector } from '../core/body/value_selector.ts';
import type { BodyProblem } from '../core/contract/body_facts.ts';
import type { RequestDemands } from '../core/contract/demands.ts';
import { NO_ROOM, recordedProblem } from '../core/contract/recorded_problem.ts';
import { BODY_BYTES_MAX } from '../core/policy/bounds.ts';
import type { InspectionFacts } from '../core/receipt/inspection_facts.ts';
import type { CompiledSchema } from '../core/schema/compile_schema.ts';
import type { ReadStep } from '../server/inspect/ports.ts';
import { formatOf, type SaidFormat } from './body_type.ts';
import { hashesOf, type SchemaOf } from './honours.ts';
import { newDigest } from './rolling_digest.ts';
import type { StatefulReader } from './stateful.ts';

/** What a thread is told of a body that goes on while it is read. */
export interface StreamedJob {
  readonly says: SaidFormat;
  readonly demands: RequestDemands;
}

/** Memory of one element or record, as ValueBuilder counts it. */
export const ELEMENT_BYTES_MAX = 4_194_304;
const LIMITS: JsonLimits = {
  ...JSON_LIMITS,
  bytesMax: Number.MAX_SAFE_INTEGER,
  elementsMax: 1_000_000_000,
};
const RECORD_LIMITS: JsonLimits = { ...JSON_LIMITS, bytesMax: ELEMENT_BYTES_MAX };
const RECORDS_MAX = 1_000_000_000;
const NOTHING = new Uint8Array(0);

/** Whatever finds the first mistake in pieces. */
interface PieceReader {
  /** Bytes of what is put together to be checked as a whole. */
  readonly held: number;
  feed(chunk: Uint8Array): BodyProblem | undefined;
  end(): BodyProblem | undefined;
}

const UNREAD: PieceReader = { held: 0, feed: () => undefined, end: () => undefined };

/** Holds each piece until it was read; nothing goes on from the piece in which the first mistake is. */
export class StreamedRequest implements StatefulReader {
  readonly #reader: PieceReader;
  readonly #format: InspectionFacts['format'];
  readonly #tally = new ByteTally(newDigest);

  constructor({ says, demands }: StreamedJob, schemaOf: SchemaOf) {
    this.#reader = readerFor(says, demands, schemaOf);
    this.#format = formatOf(says);
  }

  feed(chunk: Uint8Array, isLast: boolean, isCrowded = false): ReadStep {
    const problem = this.#problemIn(chunk, isLast, isCrowded);
    if (problem !== undefined) {
      this.#tally.came(chunk);
      return { forward: NOTHING, facts: [this.#facts('policy_cut', problem)], end: 'cut' };
    }
    this.#tally.both(chunk);
    if (!isLast) return { forward: chunk, facts: [], kept: this.#reader.held };
    return { forward: chunk, facts: [this.#facts('complete')], end: 'complete' };
  }

  #problemIn(chunk: Uint8Array, isLast: boolean, isCrowded: boolean): BodyProblem | undefined {
    const problem = this.#reader.feed(chunk);
    if (problem !== undefined) return problem;
    if (isLast) return this.#reader.end();
    return isCrowded && this.#reader.held > 0 ? { code: NO_ROOM } : undefined;
  }

  abort(by: 'client' | 'upstream'): ReadStep {
    return { forward: NOTHING, facts: [this.#facts(`${by}_abort`)] };
  }

  #facts(state: InspectionFacts['state'], problem?: BodyProblem): ReadStep['facts'][number] {
    return {
      part: 'request',
      state,
      index: 0,
      format: this.#format,
      ...this.#tally.facts,
      ...(problem === undefined ? {} : { problem: recordedProblem(problem) }),
    };
  }
}

function readerFor(says: SaidFormat, demands: RequestDemands, schemaOf: SchemaOf): PieceReader {
  if (demands.on_oversize === 'scan_prefix') return prefixReader(says, demands);
  if (says === 'json') return new ElementsReader(demands, schemaOf);
  if (says === 'json_lines') return new RecordsReader('lines', demands, schemaOf);
  if (says === 'sequence') return new RecordsReader('sequence', demands, schemaOf);
  return UNREAD;
}

/** Who lets all that is held go on asks for facts alone, which nobody has of a longer body: nothing is refused for that. */
function prefixReader(says: SaidFormat, { max_bytes }: RequestDemands): PieceReader {
  return says === 'json' && max_bytes < BODY_BYTES_MAX ? new PrefixReader(max_bytes) : UNREAD;
}

/** A schema that is not at hand ends the reader: what it should check must not go on. */
function needed(schemaOf: SchemaOf, hash: string): CompiledSchema {
  const schema = schemaOf(hash);
  if (schema === undefined) throw new Error('invariant: a schema was not handed over');
  return schema;
}

/** Of a longer text the beginning alone. */
class PrefixReader implements PieceReader {
  readonly held = 0;
  readonly #reader: JsonReader;
  #left: number;

  constructor(max_bytes: number) {
    this.#reader = new JsonReader({ ...JSON_LIMITS, bytesMax: max_bytes });
    this.#left = max_bytes;
  }

  feed(chunk: Uint8Array): BodyProblem | undefined {
    const seen = chunk.subarray(0, this.#left);
    this.#left -= seen.length;
    return this.#reader.feed(seen);
  }

  end(): BodyProblem | undefined {
    return this.#left > 0 ? this.#reader.end() : undefined;
  }
}

class ElementsReader implements PieceReader {
  readonly #pointers: readonly string[];
  readonly #selector: ValueSelector | undefined;
  readonly #reader: JsonReader;
  /** Inside the element that broke its schema. */
  #inside = '';
  #read = 0;

  constructor({ elements = [] }: RequestDemands, schemaOf: SchemaOf) {
    const schemas = new Map<string, CompiledSchema[]>();
    for (const { pointer, schema_hash } of elements)
      schemas.set(pointer, [...(schemas.get(pointer) ?? []), needed(schemaOf, schema_hash)]);
    this.#pointers = [...schemas.keys()];
    const tree = selectionOf(this.#pointers.map((pointer) => ({ pointer, each: true })));
    if (!tree.ok) throw new Error(`invariant: policy has pointers that are refused (${tree.problem.code})`);
    if (this.#pointers.length > 0)
      this.#selector = new ValueSelector(tree.value, ELEMENT_BYTES_MAX, ({ wanted, value }) =>
        this.#judge(schemas.get(wanted.pointer) ?? [], value),
      );
    this.#reader = new JsonReader(LIMITS, this.#selector);
  }

  get held(): number {
    return this.#selector?.heldAt(this.#read) ?? 0;
  }

  feed(chunk: Uint8Array): BodyProblem | undefined {
    this.#read += chunk.length;
    return this.#told(this.#reader.feed(chunk));
  }

  end(): BodyProblem | undefined {
    const problem = this.#told(this.#reader.end());
    if (problem !== undefined) return problem;
    const missing = this.#pointers.find((pointer) => this.#selector?.found.has(pointer) === false);
    return missing === undefined ? undefined : { code: 'NOT_AN_ARRAY', pointer: missing };
  }

  #told(problem: JsonProblem | undefined): BodyProblem | undefined {
    return problem && { ...problem, pointer: `${problem.pointer}${this.#inside}` };
  }

  #judge(schemas: readonly CompiledSchema[], value: BuiltValue): SinkRefusal | undefined {
    const mistake = firstMistake(schemas, value);
    this.#inside = mistake ?? '';
    return mistake === undefined ? undefined : 'VALUE_REFUSED';
  }
}

class RecordsReader implements PieceReader {
  readonly #records: JsonRecords;
  #inside = '';

  constructor(format: RecordFormat, demands: RequestDemands, schemaOf: SchemaOf) {
    const schemas = hashesOf(demands).map((hash) => needed(schemaOf, hash));
    const limits = { json: RECORD_LIMITS, recordsMax: RECORDS_MAX, valueBytesMax: ELEMENT_BYTES_MAX };
    this.#records = new JsonRecords(format, limits, (value) => {
      const mistake = firstMistake(schemas, value);
      this.#inside = mistake ?? '';
      return mistake === undefined ? undefined : 'VALUE_REFUSED';
    });
  }

  get held(): number {
    return this.#records.held;
  }

  feed(chunk: Uint8Array): BodyProblem | undefined {
    return this.#told(this.#records.feed(chunk));
  }

  end(): BodyProblem | undefined {
    return this.#told(this.#records.end());
  }

  #told(problem: ReturnType<JsonRecords['feed']>): BodyProblem | undefined {
    return problem && { ...problem, pointer: `/${problem.record}${problem.pointer}${this.#inside}` };
  }
}

/** Pointer of the first mistake. */
function firstMistake(schemas: readonly CompiledSchema[], value: BuiltValue): string | undefined {
  for (const schema of schemas) {
    const mistake = schema.check(value);
    if (mistake !== undefined) return mistake.pointer;
  }
  return undefined;
}
