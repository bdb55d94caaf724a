import type { AnswerFacts } from '../ai/answer.ts';
import { costOf } from '../ai/cost.ts';
import { type PriceTable, priceOf } from '../ai/prices.ts';
import type { Usage } from '../ai/usage.ts';
import type { AiFacts } from '../contract/body_facts.ts';

export interface PriceContext {
  readonly prices: PriceTable;
  readonly ai?: AiFacts;
}

/** Why a bound could not be told although everything else of the price was known. */
const ONLY_UNBOUNDED = ['OUTPUT_UNBOUNDED', 'INPUT_ELSEWHERE'];
/** A release of a model is billed as the model: `gpt-4o` answers as `gpt-4o-2024-08-06`. */
const RELEASE = /^-(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})$/;

/** What the answer has cost, in micro-USD; undefined where that is not known for certain. */
export function costIn(
  facts: Pick<AnswerFacts, 'model' | 'service_tier'> & { readonly usage: Usage },
  { prices, ai }: PriceContext,
): number | undefined {
  if (ai?.provider === undefined || !knowsSurcharges(ai)) return undefined;
  const tier = facts.service_tier === undefined ? {} : { service_tier: facts.service_tier };
  for (const model of namesOf(facts.model, ai.model)) {
    const price = priceOf(prices, { provider: ai.provider, model, ...tier });
    const cost = price.ok ? costOf(facts.usage, price.value) : price;
    if (cost.ok) return cost.value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(cost.value) : undefined;
  }
  return undefined;
}

/** The request was priced, and nothing of it is charged beside the list. */
function knowsSurcharges({ cost_at_most_micro_usd, price_unknown }: AiFacts): boolean {
  if (price_unknown === undefined) return cost_at_most_micro_usd !== undefined;
  return ONLY_UNBOUNDED.includes(price_unknown);
}

function namesOf(answered: string | undefined, asked: string | undefined): readonly string[] {
  if (answered === undefined) return asked === undefined ? [] : [asked];
  const isRelease =
    asked !== undefined && answered.startsWith(asked) && RELEASE.test(answered.slice(asked.length));
  return isRelease ? [answered, asked] : [answered];
}
