import type { AiReading } from '../core/ai/ai_request.ts';
import { unknown } from '../core/ai/facts.ts';
import type { PriceTable } from '../core/ai/prices.ts';
import { JSON_LIMITS } from '../core/body/json_limits.ts';
import { JsonReader } from '../core/body/json_reader.ts';
import { JsonRecords } from '../core/body/json_records.ts';
import type { AiFacts, BodyFacts, BodyProblem, RepairFacts } from '../core/contract/body_facts.ts';
import { recordedProblem } from '../core/contract/recorded_problem.ts';
import type { RequestFinding } from '../server/inspect/ports.ts';
import { aiFacts, readAi } from './ai_facts.ts';
import { type BodyType, bodyType, formatOf } from './body_type.ts';
import { looksLikeJson } from './hidden_json.ts';
import { noneHonoured, RecordsJudge, type SchemaOf, schemaFacts } from './honours.ts';
import type { WholeJob } from './jobs.ts';
import { type ReadText, readJson, VALUE_BYTES_MAX } from './read_json.ts';
import { RecordedCalls } from './recorded_calls.ts';
import { rpcIdOf } from './rpc_id.ts';
import { askUsage, isSilent, type UsageAsked } from './usage_asked.ts';

/** What a thread has at hand. */
export interface Desk {
  readonly schemaOf: SchemaOf;
  readonly prices: PriceTable;
}

/** Texts of one body. */
const RECORDS_MAX = 1_000_000;
/** What asking for usage may add to a text that is as long as it may be. */
const ASKED_BYTES_MAX = 64;

/** Everything that is found in a whole body. Never throws for what a client sent. */
export function readRequest(job: WholeJob, desk: Desk): RequestFinding {
  const { body, demands, headers } = job;
  if (body.length === 0) return readEmpty(job, desk);
  const type = bodyType(headers, demands.format);
  if (type.problem !== undefined) return refused(job, formatOf(type.says), { code: type.problem });
  if (body.length > demands.max_bytes) return readBeyond(job, type);
  if (type.says === 'json') return readText(job, desk);
  if (type.says === 'json_lines' || type.says === 'sequence') return readRecords(job, desk, type.says);
  // Many servers read JSON whatever the type says, so that facts are taken from all that is JSON.
  const mayBeJson = type.isForeign === true || looksLikeJson(body);
  const found = mayBeJson ? readJson(body, demands.max_bytes, undefined) : undefined;
  return found?.ok === true ? judged(job, desk, found.value) : readOther(job, desk, mayBeJson);
}

function refused({ body }: WholeJob, format: BodyFacts['format'], problem: BodyProblem): RequestFinding {
  return { facts: { state: 'complete', bytes: body.length, format, problem: recordedProblem(problem) } };
}

function readEmpty(job: WholeJob, desk: Desk): RequestFinding {
  const schemas = noneHonoured(job.demands);
  const ai = aiFacts(readAi(job, 0), desk.prices);
  return { facts: { state: 'complete', bytes: 0, format: 'none', ...withSchemas(schemas), ...withAi(ai) } };
}

/** Nobody looked at all of it, so that nothing is said of the whole: as if it were streamed. */
function readBeyond(job: WholeJob, { says }: BodyType): RequestFinding {
  const { body, demands } = job;
  if (demands.on_oversize !== 'scan_prefix')
    return refused(job, formatOf(says), { code: 'BODY_TOO_LARGE', offset: demands.max_bytes });
  const reader =
    says === 'json' ? new JsonReader({ ...JSON_LIMITS, bytesMax: demands.max_bytes }) : undefined;
  const problem = reader?.feed(body.subarray(0, demands.max_bytes));
  const found = problem === undefined ? {} : { problem: recordedProblem(problem) };
  return { facts: { state: 'streamed', bytes: 0, format: formatOf(says), ...found } };
}

function readText(job: WholeJob, desk: Desk): RequestFinding {
  const { body, demands } = job;
  const text = readJson(body, demands.max_bytes, demands.repair);
  return text.ok ? judged(job, desk, text.value) : refused(job, 'json', text.problem);
}

/** A text that is JSON, and is made to ask for usage where that is wanted and breaks nothing. */
function judged(job: WholeJob, desk: Desk, text: ReadText): RequestFinding {
  const reading = readAi(job, text.bytes.length, text.value);
  const facts = factsOf(job, desk, text, reading);
  if (job.demands.ask_usage !== true || !isSilent(reading))
    return { ...finding(facts, text), ...rpcIdOf(reading) };
  const asked = askUsage(text.bytes, text.edits);
  return (asked && judgedAgain(job, desk, asked, facts)) ?? finding(facts, text);
}

/** What we wrote is read like anything else; undefined: the question would break what the text honours. */
function judgedAgain(
  job: WholeJob,
  desk: Desk,
  asked: UsageAsked,
  before: BodyFacts,
): RequestFinding | undefined {
  const again = readJson(asked.bytes, job.demands.max_bytes + ASKED_BYTES_MAX, undefined);
  if (!again.ok) return undefined;
  const reading = readAi(job, asked.bytes.length, again.value.value);
  if (reading.kind !== 'llm' || reading.asks_usage !== true) return undefined;
  const facts = factsOf(job, desk, { ...again.value, edits: [] }, reading);
  const isBroken = facts.schemas?.some(
    ({ is_valid }, i) => !is_valid && before.schemas?.[i]?.is_valid === true,
  );
  return isBroken === true ? undefined : finding(facts, asked);
}

function finding(facts: BodyFacts, { bytes, edits }: Pick<UsageAsked, 'bytes' | 'edits'>): RequestFinding {
  if (edits.length === 0) return { facts };
  const repair: RepairFacts = { edits, bytes: bytes.length };
  return { facts: { ...facts, repair }, replacement: bytes };
}

function factsOf(job: WholeJob, desk: Desk, { value }: ReadText, reading: AiReading): BodyFacts {
  const schemas = schemaFacts(value, job.demands, desk.schemaOf);
  const ai = aiFacts(reading, desk.prices);
  return {
    state: 'complete',
    bytes: job.body.length,
    format: 'json',
    ...withSchemas(schemas),
    ...withAi(ai),
  };
}

function readRecords(job: WholeJob, desk: Desk, says: 'json_lines' | 'sequence'): RequestFinding {
  const { body, demands } = job;
  const judge = new RecordsJudge(demands, desk.schemaOf);
  const limits = {
    json: { ...JSON_LIMITS, bytesMax: demands.max_bytes },
    recordsMax: RECORDS_MAX,
    valueBytesMax: VALUE_BYTES_MAX,
  };
  const format = says === 'sequence' ? says : 'lines';
  const calls = new RecordedCalls(job);
  const records = new JsonRecords(format, limits, (value, i) => {
    judge.take(value, i);
    calls.take(value);
    return undefined;
  });
  const problem = records.feed(body) ?? records.end();
  if (problem !== undefined)
    return refused(job, 'json_lines', { ...problem, pointer: `/${problem.record}${problem.pointer}` });
  const reading = calls.reading();
  const ai = aiFacts(reading, desk.prices);
  const facts = { state: 'complete', bytes: body.length, format: 'json_lines' } as const;
  return { facts: { ...facts, ...withSchemas(judge.facts()), ...withAi(ai) }, ...rpcIdOf(reading) };
}

/** `mayBeJson`: some server takes it for JSON and nobody knows what it reads there, so that nobody calls it harmless. */
function readOther(job: WholeJob, desk: Desk, mayBeJson: boolean): RequestFinding {
  const bytes = job.body.length;
  const schemas = noneHonoured(job.demands);
  const reading = readAi(job, bytes);
  const isHidden = mayBeJson && reading.kind !== 'unknown';
  const ai = aiFacts(isHidden ? unknown('JSON_UNREADABLE') : reading, desk.prices);
  return { facts: { state: 'complete', bytes, format: 'other', ...withSchemas(schemas), ...withAi(ai) } };
}

function withSchemas(schemas: NonNullable<BodyFacts['schemas']>): Pick<BodyFacts, 'schemas'> {
  return schemas.length === 0 ? {} : { schemas };
}

function withAi(ai: AiFacts | undefined): Pick<BodyFacts, 'ai'> {
  return ai === undefined ? {} : { ai };
}
