import type { AiReading } from '../core/ai/ai_request.ts';
import type { AnswerFacts } from '../core/ai/answer.ts';
import type { DeclaredTool, LlmRequest } from '../core/ai/facts.ts';
import type { AgentReport } from './ai_agent.ts';
import type { AnswerReport } from './ai_answer.ts';
import type { AnswerCost, CostBound } from './ai_cost.ts';
import type { RequestReport } from './ai_read.ts';
import { problemText } from './json_text.ts';
import { visible } from './visible.ts';

type Row = readonly [name: string, value: string | number | boolean | undefined];

const TOOLS_SHOWN = 20;
const UNREAD = 'a body like this counts as none; clawgress json check looks at it with other limits';

/** What `ai read` prints. */
export function readingText(file: string, { reading, cost, body_problem }: RequestReport): string {
  const body = body_problem === undefined ? '' : problemText(file, body_problem, UNREAD);
  return `${table([...rowsOf(reading), ...(cost === undefined ? [] : [costRow(cost)])])}${body}`;
}

function rowsOf(reading: AiReading): readonly Row[] {
  switch (reading.kind) {
    case 'llm':
      return callRows(reading);
    case 'unknown':
      return [
        ['kind', 'unknown'],
        ['reason', reading.reason],
        ['at', reading.at],
        ['next', 'docs/ai.md says what each reason means; --protocol says what a rule would say'],
      ];
    case 'none':
      return [['kind', 'none: nothing says that this is traffic of AI']];
    default:
      return factRows(reading);
  }
}

function factRows(facts: object): readonly Row[] {
  return Object.entries(facts).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

function callRows(call: LlmRequest): readonly Row[] {
  const { input } = call;
  const elsewhere = input.is_complete ? '' : '; more stands elsewhere';
  return [
    ['kind', 'llm'],
    ['provider', call.provider],
    ['dialect', call.dialect],
    ['endpoint', call.endpoint],
    ['model', call.model ?? 'not named'],
    ['deployment', call.deployment],
    ['answer', call.stream ? `streamed as ${call.framing}` : 'whole'],
    ['tools', toolsText(call.tools)],
    ['choice', call.tool_choice && [call.tool_choice.mode, call.tool_choice.name ?? ''].join(' ').trim()],
    ['input', `about ${input.tokens} tokens, never more than ${input.ceiling}${elsewhere}`],
    [
      'output',
      call.max_output_tokens === undefined ? 'no limit' : `at most ${call.max_output_tokens} tokens`,
    ],
    ['surcharge', call.surcharges.join(', ') || undefined],
  ];
}

function toolsText(tools: readonly DeclaredTool[]): string {
  if (tools.length === 0) return 'none';
  const shown = tools
    .slice(0, TOOLS_SHOWN)
    .map(({ kind, name }) => (kind === 'function' ? name : `${name} (${kind})`));
  return [...shown, ...(tools.length > TOOLS_SHOWN ? [`and ${tools.length - TOOLS_SHOWN} more`] : [])].join(
    ', ',
  );
}

function costRow(cost: CostBound): Row {
  if (cost.known)
    return ['cost', `at most ${cost.at_most_usd} USD (${cost.ceiling_usd} by the ceiling of the input)`];
  const input =
    cost.input_at_most_usd === undefined ? '' : `; the input at most ${cost.input_at_most_usd} USD`;
  return ['cost', `unknown (${cost.reason})${input}`];
}

/** What `ai agent` prints: a paragraph for each message. */
export function agentText(file: string, { messages, body_problem, stream_problem }: AgentReport): string {
  const told = messages.map((one) => table(factRows(one)));
  const broken = stream_problem === undefined ? [] : [table([['stream', stream_problem]])];
  const unread = body_problem === undefined ? [] : [problemText(file, body_problem, UNREAD)];
  return [...told, ...broken, ...unread].join('\n');
}

/** What `ai answer` prints. */
export function answerText(file: string, report: AnswerReport): string {
  const { answer, cost, body_problem, stream_problem } = report;
  if (answer === undefined) return body_problem === undefined ? '' : problemText(file, body_problem, UNREAD);
  return table([
    ...answerRows(answer),
    ['stream', stream_problem],
    ...(cost === undefined ? [] : [paidRow(cost)]),
  ]);
}

function answerRows(answer: AnswerFacts): readonly Row[] {
  const { usage } = answer;
  return [
    ['model', answer.model ?? 'not named'],
    ['whole', answer.is_complete ? 'yes' : 'no: it breaks off, or a call in it does'],
    ['finish', answer.finish_reasons.join(', ') || 'not told'],
    [
      'usage',
      usage === undefined
        ? 'not told'
        : `input ${usage.input} (${usage.cached} cached, ${usage.cache_write} written to a cache), ` +
          `output ${usage.output} (${usage.reasoning} reasoning)`,
    ],
    ...answer.tool_calls.map(
      ({ name, arguments: given, run_by }): Row => ['call', `${name} ${given} (run by the ${run_by})`],
    ),
    ...answer.errors.map(
      ({ type, code }): Row => ['error', [type, code].filter(Boolean).join(' ') || 'untold'],
    ),
    ['issues', answer.issues.join(', ') || undefined],
  ];
}

function paidRow(cost: AnswerCost): Row {
  return ['cost', cost.known ? `${cost.usd} USD` : `unknown (${cost.reason})`];
}

/** Rows without a value are left out. Values come from outside. */
function table(rows: readonly Row[]): string {
  return rows
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name.padEnd(10)} ${visible(String(value))}\n`],
    )
    .join('');
}
