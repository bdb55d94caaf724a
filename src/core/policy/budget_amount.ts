import type { AiFacts, BodyFacts } from '../contract/body_facts.ts';
import { AMOUNT_MAX } from '../ledger/budget_window.ts';
import type { PlanBudget } from './budget_plan.ts';

/** Why nobody can say what a call comes to; the reason of the denial where that refuses it. */
export type Unpriced = 'AI_UNREADABLE' | 'PRICE_UNKNOWN';

/** Endpoints whose answers hold no tokens that anybody pays for. */
const WITHOUT_OUTPUT: readonly (string | undefined)[] = ['embeddings', 'count_tokens'];
const TOKENS_PER_RATE = 1_000_000n;

/** The most that a request can come to in the unit of a budget. Undefined: it is no call of a model, or nobody has looked. */
export function amountOf(budget: PlanBudget, body: BodyFacts | undefined): number | Unpriced | undefined {
  if (body === undefined) return undefined;
  const { ai, state, problem } = body;
  const unread = budget.unit === 'tokens' ? 'AI_UNREADABLE' : 'PRICE_UNKNOWN';
  // Only of a body that was read to its end can be said that it is no call.
  if (ai === undefined) return state === 'complete' && problem === undefined ? undefined : unread;
  if (ai.kind === 'unknown') return unread;
  if (ai.kind !== 'llm') return undefined;
  return (budget.unit === 'tokens' ? tokensOf(ai, budget) : costOf(ai, budget)) ?? unread;
}

function tokensOf(ai: AiFacts, budget: PlanBudget): number | undefined {
  const { endpoint, input_tokens, max_output_tokens } = ai;
  if (input_tokens === undefined) return undefined;
  const output = WITHOUT_OUTPUT.includes(endpoint) ? 0 : (max_output_tokens ?? assumed(ai, budget));
  return Math.min(AMOUNT_MAX, input_tokens + output);
}

/** Where the call sets no end to its output, the budget does, to each of its answers. */
function assumed({ choices = 1 }: AiFacts, { default_output_tokens }: PlanBudget): number {
  return Math.min(AMOUNT_MAX, choices * default_output_tokens);
}

function costOf(ai: AiFacts, budget: PlanBudget): number | undefined {
  const { cost_at_most_micro_usd, price_unknown, input_cost_micro_usd, output_rate } = ai;
  if (cost_at_most_micro_usd !== undefined) return Math.min(AMOUNT_MAX, cost_at_most_micro_usd);
  if (price_unknown !== 'OUTPUT_UNBOUNDED') return undefined;
  if (input_cost_micro_usd === undefined || output_rate === undefined) return undefined;
  const output = BigInt(assumed(ai, budget)) * BigInt(output_rate);
  const cost = BigInt(input_cost_micro_usd) + (output + TOKENS_PER_RATE - 1n) / TOKENS_PER_RATE;
  return cost > BigInt(AMOUNT_MAX) ? AMOUNT_MAX : Number(cost);
}
