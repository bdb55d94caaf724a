import type { PriceTable } from '../core/ai/prices.ts';
import { joinBytes } from '../core/canonical/bytes.ts';
import type { BodyFacts } from '../core/contract/body_facts.ts';
import type {
  AnswerReader,
  BodyInspector,
  ReadStep,
  RequestJob,
  RequestReader,
  ResponseJob,
} from '../server/inspect/ports.ts';
import { answerWay } from './answer_way.ts';
import { bodyType, formatOf } from './body_type.ts';
import { hashesOf } from './honours.ts';
import { InspectorError } from './jobs.ts';
import { copied } from './movable.ts';
import { Pool, type PooledReader, type PoolOptions } from './pool.ts';
import type { NamedSchema, Opening, Order, Outcome } from './protocol.ts';

export interface InspectorOptions extends Pick<PoolOptions, 'workers' | 'limits' | 'startThread'> {
  readonly prices: PriceTable;
  readonly log: { warn(fields: object, message: string): void };
}

export interface Inspector extends BodyInspector {
  close(): Promise<void>;
}

/** Looks at bodies in threads. Its promises reject with InspectorError; what they wait for must then not go on. */
export async function openInspector({ prices, log, ...options }: InspectorOptions): Promise<Inspector> {
  const onDown = (why: string) =>
    log.warn({ why }, 'a thread that inspects bodies ended; another takes its place');
  const pool = new Pool({ ...options, data: { prices }, onDown });
  await pool.ready();
  return {
    request: async ({ body, request, headers, demands, schemaOf }) => {
      const { host, method, path, query } = request;
      const asked = { host, ...given({ method }), ...given({ path }), ...given({ query }) };
      const schemas = namedSchemas(hashesOf(demands), schemaOf);
      const order = { kind: 'request', job: { body, request: asked, headers, demands } } as const;
      return findingOf(await pool.ask({ order, schemas, prepare: withCopy }));
    },
    streamed: (job) => openStreamed(pool, job),
    response: (job) => openResponse(pool, job),
    close: () => pool.close(),
  };
}

/** Facts before the first byte: what the headers say, and whether anything can be said of a body that nobody holds. */
function openStreamed(pool: Pool, { demands, headers, schemaOf }: Omit<RequestJob, 'body'>): RequestReader {
  const { says, problem } = bodyType(headers, demands.format);
  const format = formatOf(says);
  // A schema of the whole text cannot be asked piece by piece.
  const isTooLarge = format !== 'json_lines' && demands.schemas.length > 0;
  const code = problem ?? (isTooLarge ? 'BODY_TOO_LARGE' : undefined);
  const facts: BodyFacts = {
    state: 'streamed',
    bytes: 0,
    format,
    ...(code === undefined ? {} : { problem: { code } }),
  };
  if (code !== undefined) return { facts, ...refusing('LOST') };
  const schemas = namedSchemas(hashesOf(demands), schemaOf);
  return { facts, ...readerOf(pool, { kind: 'streamed', job: { says, demands } }, schemas) };
}

function openResponse(pool: Pool, job: ResponseJob): AnswerReader {
  const way = answerWay(job);
  if (way.way === 'pass') return { ...way, ...refusing('LOST') };
  const { schemaOf, ...rest } = job;
  const schemas = namedSchemas(job.demands.schemas ?? [], schemaOf);
  const { feed, abort } = readerOf(pool, { kind: 'answer', job: rest }, schemas);
  return { ...way, feed: (...piece) => feedInParts(feed, ...piece), abort };
}

/**
 * Envoy gives at once whatever came meanwhile, many MiB of it. Whoever sends the worst of events in there must neither keep others
 * from their turn nor use up the time of an order: a thread that is lost for that takes all its readers along.
 */
const PART_BYTES_MAX = 131_072;

async function feedInParts(
  feed: AnswerReader['feed'],
  chunk: Uint8Array,
  isLast: boolean,
  isCrowded = false,
): Promise<ReadStep> {
  const steps: ReadStep[] = [];
  let from = 0;
  do {
    const part = chunk.subarray(from, from + PART_BYTES_MAX);
    from += part.length;
    steps.push(await feed(part, isLast && from >= chunk.length, isCrowded));
  } while (from < chunk.length && steps.at(-1)?.end === undefined);
  const [first, ...more] = steps;
  if (first !== undefined && more.length === 0) return first;
  const { end, kept } = steps.at(-1) ?? {};
  return {
    forward: joinBytes(steps.map(({ forward }) => forward)),
    facts: steps.flatMap(({ facts }) => facts),
    ...(end === undefined ? {} : { end }),
    ...(kept === undefined ? {} : { kept }),
  };
}

function namedSchemas(hashes: readonly string[], schemaOf: RequestJob['schemaOf']): readonly NamedSchema[] {
  return hashes.flatMap((schema_hash) => {
    const schema = schemaOf(schema_hash);
    return schema === undefined ? [] : [{ schema_hash, draft: schema.draft, text: schema.text }];
  });
}

type Pieces = Pick<AnswerReader, 'feed' | 'abort'>;

function readerOf(pool: Pool, opening: Opening, schemas: readonly NamedSchema[]): Pieces {
  const reader = pool.open(opening, schemas);
  return reader === undefined ? refusing('BUSY') : piecesOf(reader);
}

/** A reader that has come to its end is not kept. */
function piecesOf(reader: PooledReader): Pieces {
  return {
    feed: async (chunk, isLast, isCrowded = false) => {
      const step = stepOf(await reader.ask({ kind: 'feed', chunk, isLast, isCrowded }, withCopy));
      if (isLast || step.end !== undefined) reader.close();
      return step;
    },
    abort: async (by) => {
      const step = stepOf(await reader.ask({ kind: 'abort', by }, withCopy));
      reader.close();
      return step;
    },
  };
}

function refusing(code: InspectorError['code']): Pieces {
  const refuse = () => Promise.reject(new InspectorError(code));
  return { feed: refuse, abort: refuse };
}

/** Bytes are copied once and the copy is moved, so that whoever asked can ask again. */
function withCopy(order: Order): { order: Order; bytes: readonly ArrayBuffer[] } {
  if (order.kind === 'abort') return { order, bytes: [] };
  const bytes = copied(order.kind === 'feed' ? order.chunk : order.job.body);
  const own =
    order.kind === 'feed' ? { ...order, chunk: bytes } : { ...order, job: { ...order.job, body: bytes } };
  return { order: own, bytes: [bytes.buffer as ArrayBuffer] };
}

function findingOf(outcome: Outcome) {
  if (outcome.kind !== 'finding') throw new InspectorError('LOST');
  return outcome.finding;
}

function stepOf(outcome: Outcome): ReadStep {
  if (outcome.kind !== 'step') throw new InspectorError('LOST');
  return outcome.step;
}

function given<T extends object>(member: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const isGiven = Object.values(member).every((value) => value !== undefined);
  return (isGiven ? member : {}) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
