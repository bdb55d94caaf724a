import { type AiReading, readAiRequest } from '../core/ai/ai_request.ts';
import { costAtMost } from '../core/ai/cost.ts';
import type { LlmRequest, UnknownReason } from '../core/ai/facts.ts';
import { type Price, type PriceTable, priceOf } from '../core/ai/prices.ts';
import { resourceName } from '../core/ai/resource_name.ts';
import type { BuiltValue } from '../core/body/value_builder.ts';
import {
  AI_NAME_MAX,
  AI_TOOLS_BYTES_MAX,
  AI_TOOLS_MAX,
  type AiFacts,
  CHOICES_MAX,
  INPUT_TOKENS_MAX,
  OUTPUT_TOKENS_MAX,
  TOOL_NAME,
} from '../core/contract/body_facts.ts';
import type { WholeJob } from './jobs.ts';

/** What a request is of traffic of AI, by everything that is known of it. `body` is absent where it is none of JSON. */
export function readAi(job: WholeJob, body_bytes: number, body?: BuiltValue): AiReading {
  const { host, method = '', path = '', query } = job.request;
  return readAiRequest({
    host,
    method,
    path,
    ...(query === undefined ? {} : { query }),
    headers: job.headers,
    ...(body === undefined ? {} : { body }),
    body_bytes,
    ...(job.demands.word === undefined ? {} : { word: job.demands.word }),
  });
}

/** The reading as it is recorded; undefined: this is no traffic of AI. Names that no record holds make it unknown. */
export function aiFacts(reading: AiReading, prices: PriceTable): AiFacts | undefined {
  if (reading.kind === 'none') return undefined;
  if (reading.kind === 'unknown') return unknown(reading.reason);
  if (reading.kind === 'llm') return llmFacts(reading, prices);
  if (reading.kind === 'mcp') {
    const { method, revision } = reading;
    const target = targetOf(reading);
    const named = { ...given('method', method), ...given('target', target) };
    return fits(method) && fits(target)
      ? { kind: 'mcp', ...named, ...given('revision', revision) }
      : unknown('FIELD_INVALID');
  }
  const { operation, version, stream } = reading;
  if (version !== undefined && !/^[!-~]{1,32}$/.test(version)) return unknown('VERSION_UNKNOWN');
  return { kind: 'a2a', method: operation, stream, ...given('revision', version) };
}

/** What is recorded is what is judged, so that secrets in the URI of a resource are left out of both. */
function targetOf({ method, target }: { readonly method?: string; readonly target?: string }) {
  return target !== undefined && method?.startsWith('resources/') === true ? resourceName(target) : target;
}

function llmFacts(request: LlmRequest, prices: PriceTable): AiFacts {
  const { provider, dialect, endpoint, model, stream, input, max_output_tokens, choices } = request;
  const tools = [...new Set(request.tools.map(({ name }) => name))].sort();
  if (tools.length > AI_TOOLS_MAX || listBytes(tools) > AI_TOOLS_BYTES_MAX) return unknown('TOO_MANY_TOOLS');
  if (!fits(model) || !tools.every((name) => TOOL_NAME.test(name))) return unknown('FIELD_INVALID');
  return {
    kind: 'llm',
    provider,
    dialect,
    endpoint,
    ...given('model', model),
    stream,
    tools,
    input_tokens: Math.min(input.tokens, INPUT_TOKENS_MAX),
    ...given('max_output_tokens', atMost(OUTPUT_TOKENS_MAX, max_output_tokens)),
    ...given('choices', atMost(CHOICES_MAX, choices)),
    ...costFacts(request, prices),
  };
}

function atMost(most: number, count: number | undefined): number | undefined {
  return count === undefined ? undefined : Math.min(count, most);
}

/** Of the list as it is recorded: each name with two quotes and a comma, the last one with a bracket in its place. */
function listBytes(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + name.length + 3, 1);
}

type CostFacts = Pick<
  AiFacts,
  'cost_at_most_micro_usd' | 'price_unknown' | 'input_cost_micro_usd' | 'output_rate'
>;

function costFacts(request: LlmRequest, prices: PriceTable): CostFacts {
  const price = priceOf(prices, request);
  if (!price.ok) return { price_unknown: price.problem };
  if (!request.input.is_complete) return { price_unknown: 'INPUT_ELSEWHERE' };
  const { input, max_output_tokens: output } = request;
  const cost = costAtMost({ input: input.tokens, output: output ?? 0 }, price.value);
  if (cost > BigInt(Number.MAX_SAFE_INTEGER)) return { price_unknown: 'BEYOND_COUNTING' };
  if (output !== undefined) return { cost_at_most_micro_usd: Number(cost) };
  return {
    price_unknown: 'OUTPUT_UNBOUNDED',
    input_cost_micro_usd: Number(cost),
    output_rate: dearestOutput(price.value),
  };
}

function dearestOutput({ output, reasoning = 0, above }: Price): number {
  return Math.max(output, reasoning, above?.output ?? 0, above?.reasoning ?? 0);
}

function unknown(unknown_reason: UnknownReason): AiFacts {
  return { kind: 'unknown', unknown_reason };
}

/** A name that was cut could be taken for another. */
function fits(name: string | undefined): boolean {
  return name === undefined || (name.length > 0 && name.length <= AI_NAME_MAX && !/\p{Cc}/u.test(name));
}

function given<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: T };
}
