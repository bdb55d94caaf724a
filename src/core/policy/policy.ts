import { toHex } from '../canonical/hex.ts';
import { sha256 } from '../canonical/sha256.ts';
import { canonicalBytes, type Stack } from './canonical_set.ts';
import type { CompiledPolicy } from './compiled.ts';
import { evaluateRules, liveRuleSetOf, ruleSetOf } from './evaluate.ts';
import { HostIndex } from './host_index.ts';
import { limitDemands } from './limits.ts';
import type { Plan } from './plan.ts';
import { isSameOutcome } from './tally.ts';

interface Planned extends Stack {
  readonly plan: Plan;
}

/** The policy that the gateway asks. A shadow document is judged beside it and only shows as `shadow`. */
export function policyOf(
  entry: Planned,
  shadow?: Planned,
  known: Pick<CompiledPolicy, 'canonical' | 'policy_hash'> = hashed(canonicalBytes(entry, shadow)),
): CompiledPolicy {
  const { plan } = entry;
  const { canonical, policy_hash } = known;
  const rules = ruleSetOf(plan);
  const limits = new HostIndex(plan.limits);
  const plans = shadow ? [plan, shadow.plan] : [plan];
  return Object.freeze({
    policy_id: plan.policy_id,
    policy_hash,
    canonical,
    ...(shadow ? { shadow_hash: hashOf(canonicalBytes(shadow)) } : {}),
    ...(plans.some(hasExceptions) ? { time_dependent: true as const } : {}),
    query_names: [...new Set(plans.flatMap(({ query_names }) => query_names))].sort(),
    evaluate: shadow
      ? besideShadow(rules, liveRuleSetOf(shadow.plan))
      : (...asked) => evaluateRules(rules, ...asked),
    limits: (request, principal) => limitDemands(limits, request, principal),
  } satisfies CompiledPolicy);
}

type Rules = ReturnType<typeof ruleSetOf>;

function besideShadow(live: Rules, candidate: Rules): CompiledPolicy['evaluate'] {
  return (...asked) => {
    const judged = evaluateRules(live, ...asked);
    const shadow = evaluateRules(candidate, ...asked).live;
    return { ...judged, shadow: isSameOutcome(shadow, judged.live) ? judged.live : shadow };
  };
}

function hasExceptions({ rules }: Plan): boolean {
  return rules.some(({ exceptions }) => exceptions.length > 0);
}

function hashed(canonical: Uint8Array) {
  return { canonical, policy_hash: hashOf(canonical) };
}

function hashOf(canonical: Uint8Array): string {
  return `sha256:${toHex(sha256(canonical))}`;
}
