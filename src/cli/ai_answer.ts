import type { AnswerFacts } from '../core/ai/answer.ts';
import { type AnswerKind, AnswerStream, readAnswer } from '../core/ai/answer_reader.ts';
import type { Provider } from '../core/ai/facts.ts';
import type { PriceTable } from '../core/ai/prices.ts';
import { JSON_LIMITS } from '../core/body/json_limits.ts';
import { SseReader } from '../core/sse/event_reader.ts';
import { JsonLineReader } from '../core/sse/json_lines.ts';
import { readBody } from './ai_body.ts';
import { type AnswerCost, answerCost } from './ai_cost.ts';
import { answerText } from './ai_text.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { bytesOf, type Pieces } from './input_bytes.ts';
import type { PlacedProblem } from './json_text.ts';
import type { Write } from './output.ts';

export interface AiAnswerArgs {
  readonly file: string;
  readonly kind: AnswerKind;
  readonly framing: 'json' | 'sse' | 'ndjson';
  readonly provider: Provider;
  /** The model of the request, whose price counts where the answer names none. */
  readonly model?: string;
  readonly json: boolean;
}

/** Why the stream was not read to its end as a stream. */
export type StreamProblem = 'EVENT_TOO_BIG' | 'LINE_TOO_BIG' | 'ENDS_INSIDE_EVENT';

export interface AnswerReport {
  readonly answer?: AnswerFacts;
  readonly cost?: AnswerCost;
  readonly body_problem?: PlacedProblem;
  readonly stream_problem?: StreamProblem;
}

/** `ai answer`: what is understood of an answer. Says no when it is not whole or when something of it is wrong. */
export async function aiAnswer(
  args: AiAnswerArgs,
  pieces: Pieces,
  prices: () => PriceTable,
  out: Write,
): Promise<ExitCode> {
  const read = args.framing === 'json' ? await whole(args.kind, pieces) : await streamed(args, pieces);
  const report = { ...read, ...costIn(args, read.answer, prices) };
  if (args.json) out(`${JSON.stringify(report)}\n`);
  else out(answerText(args.file, report));
  return isSound(report) ? EXIT.ok : EXIT.no;
}

function isSound({ answer, body_problem, stream_problem }: AnswerReport): boolean {
  const isWhole = answer?.is_complete === true && answer.issues.length === 0;
  return isWhole && body_problem === undefined && stream_problem === undefined;
}

function costIn(
  { provider, model }: AiAnswerArgs,
  answer: AnswerFacts | undefined,
  prices: () => PriceTable,
): { readonly cost?: AnswerCost } {
  if (answer === undefined) return {};
  return { cost: answerCost(prices(), { provider, ...(model === undefined ? {} : { model }), ...answer }) };
}

async function whole(kind: AnswerKind, pieces: Pieces): Promise<AnswerReport> {
  const value = readBody(await bytesOf(pieces, JSON_LIMITS.bytesMax));
  return value.ok ? { answer: readAnswer(kind, value.value) } : { body_problem: value.problem };
}

async function streamed({ kind, framing }: AiAnswerArgs, pieces: Pieces): Promise<AnswerReport> {
  const encoder = new TextEncoder();
  const stream = new AnswerStream(kind, (text) => readBody(encoder.encode(text)));
  const problem = await (framing === 'sse' ? takeEvents(stream, pieces) : takeLines(stream, pieces));
  return { answer: stream.facts, ...(problem === undefined ? {} : { stream_problem: problem }) };
}

async function takeEvents(stream: AnswerStream, pieces: Pieces): Promise<StreamProblem | undefined> {
  const reader = new SseReader();
  for await (const piece of pieces) {
    const { events, violation } = reader.feed(piece);
    for (const event of events) stream.take(event);
    if (violation !== undefined) return violation;
  }
  return reader.place === 'inside' ? 'ENDS_INSIDE_EVENT' : undefined;
}

async function takeLines(stream: AnswerStream, pieces: Pieces): Promise<StreamProblem | undefined> {
  const reader = new JsonLineReader();
  const take = (line: { readonly text: string; readonly isLossy: boolean }) =>
    stream.take({ data: line.text, isLossy: line.isLossy });
  for await (const piece of pieces) {
    const { lines, violation } = reader.feed(piece);
    lines.forEach(take);
    if (violation !== undefined) return violation;
  }
  reader.end().forEach(take);
  return undefined;
}
