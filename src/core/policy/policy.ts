import { toHex } from '../canonical/hex.ts';
import { sha256 } from '../canonical/sha256.ts';
import { canonicalBytes, type Stack } from './canonical_set.ts';
import type { CompiledPolicy, PolicySchema } from './compiled.ts';
import { evaluateRules, liveRuleSetSteps, type RuleSet, ruleSetSteps } from './evaluate.ts';
import { HostIndex } from './host_index.ts';
import { interceptableSteps, reachableSteps } from './interceptable.ts';
import { budgetRefusal, limitDemands } from './limits.ts';
import { limitsRead } from './limits_read.ts';
import { seenByAll } from './onlookers.ts';
import type { Plan } from './plan.ts';
import { quotaAsks } from './quotas.ts';
import { finished, type Steps } from './steps.ts';

interface Planned extends Stack {
  readonly plan: Plan;
}

/** The policy that the gateway asks. A shadow document is judged beside it and only shows as `shadow`. */
export function policyOf(entry: Planned, shadow?: Planned): CompiledPolicy {
  const known = hashed(canonicalBytes(entry, shadow));
  const shadow_hash = shadow && hashOf(canonicalBytes(shadow));
  return finished(policySteps(entry, shadow, shadow_hash === undefined ? known : { ...known, shadow_hash }));
}

/** What a policy is called; `shadow_hash` when it has a shadow document. */
export type KnownPolicy = Pick<CompiledPolicy, 'canonical' | 'policy_hash' | 'shadow_hash'>;

/** `policyOf` in steps, for a policy whose bytes and hashes are known. */
export function* policySteps(
  entry: Planned,
  shadow: Planned | undefined,
  known: KnownPolicy,
): Steps<CompiledPolicy> {
  const { plan } = entry;
  const { canonical, policy_hash, shadow_hash } = known;
  const rules = yield* ruleSetSteps(plan);
  const candidate = shadow && (yield* liveRuleSetSteps(shadow.plan));
  const limits = yield* HostIndex.inSteps(plan.limits);
  const mayIntercept = yield* interceptableSteps(plan.rules, 1 + plan.ceilings.length);
  const mayReach = yield* reachableSteps(plan.rules, 1 + plan.ceilings.length);
  const plans = shadow ? [plan, shadow.plan] : [plan];
  return Object.freeze({
    policy_id: plan.policy_id,
    policy_hash,
    canonical,
    ...(shadow_hash === undefined ? {} : { shadow_hash }),
    ...(plans.some(hasExceptions) ? { time_dependent: true as const } : {}),
    schemaOf: (schema_hash) => firstSchema(plans, schema_hash),
    query_names: [...new Set(plans.flatMap(({ query_names }) => query_names))].sort(),
    evaluate: candidate ? besideShadow(rules, candidate) : (...asked) => evaluateRules(rules, ...asked),
    limitsRead: (request, principal) => limitsRead(limits, request, principal),
    refusal: (request, principal) => budgetRefusal(limits, request, principal),
    limits: (request, principal, tunnel) => limitDemands(limits, request, principal, tunnel),
    quotas: (principal) => quotaAsks(plan.limits, principal),
    mayIntercept,
    mayReach,
  } satisfies CompiledPolicy);
}

function besideShadow(live: RuleSet, candidate: RuleSet): CompiledPolicy['evaluate'] {
  return (...asked) => {
    const judged = evaluateRules(live, ...asked);
    const shadow = evaluateRules(candidate, ...asked).live;
    const [request] = asked;
    return { ...judged, ...seenByAll({ live: judged.live, shadow }, false, request) };
  };
}

function firstSchema(plans: readonly Plan[], schema_hash: string): PolicySchema | undefined {
  for (const { schemas } of plans) {
    const found = schemas.get(schema_hash);
    if (found) return { draft: found.draft, text: found.text };
  }
  return undefined;
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
