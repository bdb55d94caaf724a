import type { EgressRequest } from '../request/egress_request.ts';
import { READING, withOnlookers } from './body_demands.ts';
import type { RuleOutcome } from './compiled.ts';
import { isSameOutcome } from './tally.ts';

interface Pair {
  readonly live: RuleOutcome;
  readonly shadow: RuleOutcome;
}

/**
 * Rules without effect (shadow rules, the shadow document, observers) need to know bodies as well: the live outcome then
 * asks for the facts, in a way that refuses nothing.
 * @param isWatched whether some observer waits for the body.
 */
export function seenByAll({ live, shadow }: Pair, isWatched: boolean, request: EgressRequest): Pair {
  if (request.body !== undefined) return settled(live, answered(shadow, live));
  // Nobody can look at it, and a denial for that would be an effect.
  if (request.protocol !== 'http') return settled(live, shadow);
  const seen = [...(shadow === live ? [] : [shadow.inspect]), isWatched ? READING : undefined];
  const asked = seen.filter((one) => one !== undefined);
  if (live.verdict !== 'allow' || asked.length === 0) return settled(live, shadow);
  const inspect = asked.reduce(withOnlookers, live.inspect);
  if (inspect === undefined) return settled(live, shadow);
  const pending = pendingOf(live, inspect);
  const isShadowPending = shadow === live || shadow.inspect !== undefined;
  return settled(pending, isShadowPending ? pendingOf(shadow, inspect) : shadow);
}

function settled(live: RuleOutcome, shadow: RuleOutcome): Pair {
  return { live, shadow: isSameOutcome(shadow, live) ? live : shadow };
}

/** Nobody looks again for a rule without effect: what was not tried counts as it would for a body that cannot be tried. */
function answered(shadow: RuleOutcome, live: RuleOutcome): RuleOutcome {
  if (shadow === live || shadow.inspect === undefined) return shadow;
  const { rule_id } = shadow;
  return { verdict: 'deny', reason: 'SCHEMA_INVALID', ...(rule_id === undefined ? {} : { rule_id }) };
}

/** What is asked of the answer is only known once the body is. */
function pendingOf(
  { response: _response, ...outcome }: RuleOutcome,
  inspect: NonNullable<RuleOutcome['inspect']>,
): RuleOutcome {
  return { ...outcome, inspect };
}
