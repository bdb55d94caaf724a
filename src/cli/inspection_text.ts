import type { AiFacts, BodyFacts } from '../core/contract/body_facts.ts';
import { type InspectionFacts, isEnd } from '../core/receipt/inspection_facts.ts';
import type { DecisionRecord, InspectionRecord } from '../core/receipt/records.ts';
import type { Receipt } from './journal_reader.ts';

type Row = [string, string];

/** What was found in the body of a request. */
export function bodyRows({ body }: Pick<Receipt['decision']['record']['request'], 'body'>): Row[] {
  if (body === undefined) return [];
  const rows: Row[] = [['body', bodyText(body)]];
  for (const { schema_hash, is_valid, pointer, keyword } of body.schemas ?? []) {
    const where = keyword === undefined ? '' : ` at ${placeText(pointer)} (${keyword})`;
    rows.push(['schema', `${schema_hash}: ${is_valid ? 'honoured' : `broken${where}`}`]);
  }
  if (body.repair !== undefined) rows.push(['repaired', repairText(body.repair)]);
  if (body.ai !== undefined) rows.push(['AI', aiText(body.ai)]);
  return rows;
}

/** What was found in a body that streamed and in the answer, and whether anything is missing. */
export function inspectionRows({ decision, outcome, inspections = [] }: Receipt): Row[] {
  const { verdict, request, response } = decision.record;
  if (verdict === 'deny') return [];
  const rows: Row[] = [];
  const isAsked = { request: request.body_state === 'streamed', response: response !== undefined };
  for (const part of ['request', 'response'] as const) {
    const found = inspections.filter((one) => one.part === part);
    const last = found.at(-1);
    if (last !== undefined) rows.push(...foundRows(last, found.length));
    if (isAsked[part] && isEndless(last, outcome))
      rows.push([NAMES[part], endlessText(decision.record, outcome)]);
  }
  return rows;
}

/** A word about the answer for a line of a list; empty where there is nothing to say. */
export function inspectionNote({ decision, outcome, inspections = [] }: Receipt): string {
  const { verdict, response } = decision.record;
  const last = inspections.findLast(({ part }) => part === 'response');
  if (last !== undefined && isEnd(last)) return last.state === 'complete' ? '' : `  (answer ${last.state})`;
  const isLost = verdict === 'allow' && response !== undefined && outcome !== undefined;
  return isLost && isEndless(last, outcome) ? '  (no end of the answer)' : '';
}

/** Nothing came back of what was never sent. */
function isEndless(last: InspectionRecord | undefined, outcome: Receipt['outcome']): boolean {
  return (last === undefined || !isEnd(last)) && outcome?.state !== 'not_sent';
}

function endlessText({ budget_state }: DecisionRecord, outcome: Receipt['outcome']): string {
  if (outcome === undefined) return UNFINISHED;
  return budget_state === undefined ? LOST : `${LOST}; budgets stay charged with what they reserved`;
}

const NAMES = { request: 'streamed', response: 'answer' } as const;
const UNFINISHED = 'inspected while it passes; its end is not recorded yet';
const LOST =
  'NO END OF ITS INSPECTION IS RECORDED: the gateway stopped in the middle of it; what it found behind the last mark is not known';

function foundRows(last: InspectionRecord, records: number): Row[] {
  const { part, problem, usage, model, cost_micro_usd, tool_calls, settled } = last;
  const rows: Row[] = [[NAMES[part], passageText(last, records)]];
  if (problem !== undefined)
    rows.push(['problem', problemText(problem.code, problem.pointer, problem.offset)]);
  if (model !== undefined) rows.push(['model', model]);
  if (usage !== undefined) {
    const cost = cost_micro_usd === undefined ? '' : `, ${dollars(cost_micro_usd)}`;
    rows.push(['usage', `${usage.input} tokens in (${usage.cached} cached), ${usage.output} out${cost}`]);
  }
  if (tool_calls !== undefined) rows.push(['calls', tool_calls.join(', ') || 'none']);
  for (const { limit_id, unit, reserved, settled: charged } of settled ?? [])
    rows.push(['settled', `${limit_id}: ${amount(unit, charged)} of ${amount(unit, reserved)} reserved`]);
  return rows;
}

const STATES = {
  mark: 'passed so far',
  complete: 'complete',
  client_abort: 'broken off by the client',
  upstream_abort: 'broken off by the destination',
  policy_cut: 'CUT by policy',
  blocked: 'BLOCKED: nothing of it was handed on',
  stripped: 'complete, and some of it was taken out',
  bypassed: 'passed unread, as its rule says',
} as const satisfies Record<InspectionFacts['state'], string>;

function passageText(last: InspectionRecord, records: number): string {
  const { state, format, bytes_in, bytes_out, events } = last;
  const counted = events === undefined ? '' : `, ${events} events`;
  const marks = records > 1 ? `, ${records} records` : '';
  return `${STATES[state]}; ${format}${counted}, ${bytes_in} bytes came, ${bytes_out} went on${marks}`;
}

function bodyText({ state, bytes, format, problem }: BodyFacts): string {
  if (problem !== undefined) return problemText(problem.code, problem.pointer, problem.offset);
  if (state === 'streamed') return `${format}, read while it went on`;
  return format === 'none' ? 'none' : `${format}, ${bytes} bytes, all read before anything went on`;
}

function problemText(code: string, pointer: string | undefined, offset: number | undefined): string {
  const where = pointer === undefined ? '' : ` at ${placeText(pointer)}`;
  return `${code}${where}${offset === undefined ? '' : ` (byte ${offset})`}`;
}

/** An empty pointer is the whole text. */
function placeText(pointer = ''): string {
  return pointer === '' ? 'the top' : pointer;
}

function repairText({ edits, bytes }: NonNullable<BodyFacts['repair']>): string {
  const kinds = [...new Set(edits.map(({ kind }) => kind))].join(', ');
  return `${edits.length} edits (${kinds}); ${bytes} bytes were judged and forwarded`;
}

function aiText(ai: AiFacts): string {
  if (ai.kind === 'unknown') return `not to be told safely (${ai.unknown_reason ?? 'no reason'})`;
  const what = [ai.kind, ai.provider, ai.endpoint, ai.model, ai.method, ai.target].flatMap(
    (one) => one ?? [],
  );
  const tools = ai.tools === undefined || ai.tools.length === 0 ? '' : `; tools ${ai.tools.join(', ')}`;
  const input = ai.input_tokens === undefined ? '' : `; about ${ai.input_tokens} tokens in`;
  const output = ai.max_output_tokens === undefined ? '' : `, at most ${ai.max_output_tokens} out`;
  const { cost_at_most_micro_usd: most, price_unknown } = ai;
  const cost = most === undefined ? '' : `; at most ${dollars(most)}`;
  return `${what.join(' ')}${tools}${input}${output}${cost}${priceText(price_unknown)}`;
}

/** What is reserved for an output without an end, the limit says. */
function priceText(price_unknown: string | undefined): string {
  if (price_unknown === undefined) return '';
  if (price_unknown === 'OUTPUT_UNBOUNDED') return '; it sets no end to its output';
  return `; price unknown (${price_unknown})`;
}

export function amount(unit: 'tokens' | 'micro_usd', count: number): string {
  return unit === 'tokens' ? `${count} tokens` : dollars(count);
}

function dollars(micro_usd: number): string {
  return `$${(micro_usd / 1_000_000).toFixed(6)}`;
}
