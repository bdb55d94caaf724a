import { costAtMost, costOf } from '../core/ai/cost.ts';
import type { LlmRequest, Provider } from '../core/ai/facts.ts';
import { type PriceTable, type PriceUnknown, priceOf } from '../core/ai/prices.ts';
import type { Usage } from '../core/ai/usage.ts';

const MICRO_PER_USD = 1_000_000n;

/** What a request can cost. USD are decimal texts with six places. */
export type CostBound =
  | {
      readonly known: true;
      /** By the estimate of the input, and by its ceiling. Without input that stands elsewhere (`input.is_complete`). */
      readonly at_most_usd: string;
      readonly ceiling_usd: string;
    }
  | {
      readonly known: false;
      readonly reason: PriceUnknown | 'OUTPUT_UNBOUNDED';
      /** Of the input alone, where only the output has no bound. */
      readonly input_at_most_usd?: string;
    };

export function boundOf(table: PriceTable, request: LlmRequest): CostBound {
  const price = priceOf(table, request);
  if (!price.ok) return { known: false, reason: price.problem };
  const { input, max_output_tokens: output } = request;
  const usd = (tokens: number, out: number) => usdOf(costAtMost({ input: tokens, output: out }, price.value));
  if (output === undefined)
    return { known: false, reason: 'OUTPUT_UNBOUNDED', input_at_most_usd: usd(input.tokens, 0) };
  return { known: true, at_most_usd: usd(input.tokens, output), ceiling_usd: usd(input.ceiling, output) };
}

/** What an answer has cost. */
export type AnswerCost =
  | { readonly known: true; readonly usd: string }
  | { readonly known: false; readonly reason: PriceUnknown | 'AUDIO_UNPRICED' | 'USAGE_UNTOLD' };

export interface Answered {
  readonly provider: Provider;
  readonly model?: string;
  readonly service_tier?: string;
  readonly usage?: Usage;
}

export function answerCost(table: PriceTable, answer: Answered): AnswerCost {
  if (answer.usage === undefined) return { known: false, reason: 'USAGE_UNTOLD' };
  const price = priceOf(table, answer);
  if (!price.ok) return { known: false, reason: price.problem };
  const cost = costOf(answer.usage, price.value);
  return cost.ok ? { known: true, usd: usdOf(cost.value) } : { known: false, reason: cost.problem };
}

function usdOf(micro: bigint): string {
  return `${micro / MICRO_PER_USD}.${String(micro % MICRO_PER_USD).padStart(6, '0')}`;
}
