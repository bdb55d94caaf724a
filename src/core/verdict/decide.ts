import type { RequestDemands } from '../contract/demands.ts';
import type { IdentityFact, Principal } from '../identity/principal.ts';
import { type CompiledPolicy, type LimitDemand, NO_MOMENT, type RuleOutcome } from '../policy/compiled.ts';
import type { EgressRequest, RequestProblem } from '../request/egress_request.ts';
import type { Result } from '../result.ts';
import type { PolicyLapse, Verdict, WouldBe } from './proposal.ts';
import type { ReasonCode } from './reasons.ts';

/** Raised whenever the same inputs could give another verdict; replay refuses records of another version. */
export const DECISION_SEMANTICS = 2;

export interface Judgement {
  readonly verdict: Verdict;
  /** What the ledger must admit before the verdict stands; empty on denials, which charge nothing. */
  readonly demands: readonly LimitDemand[];
  /** The body has to be looked at first. Until then, and if it never comes, the verdict is the denial BODY_NOT_COMPLETED. */
  readonly inspect?: RequestDemands;
}

/** What a verdict rests on beside policy, identity and request. Recorded, so that replay has it, too. */
export interface Circumstances {
  /** What becomes of a signed policy that nobody vouches for any more. */
  readonly lapse?: PolicyLapse | undefined;
  /** Milliseconds since 1970. Left out: every exception has run out. */
  readonly atMs?: number | undefined;
}

/**
 * Judges one request. Pure and total: the same inputs always give the same verdict, which replay relies on.
 * The start value is deny; `allow` is constructed in `allowed` and nowhere else.
 */
export function decide(
  policy: CompiledPolicy,
  identity: IdentityFact,
  request: Result<EgressRequest, RequestProblem>,
  { lapse, atMs = NO_MOMENT }: Circumstances = {},
): Judgement {
  // Identity first: who cannot be named learns nothing about what would have happened.
  if (!identity.ok) return denied(identity.problem);
  if (!request.ok) return denied(request.problem);
  if (request.value.credential_forwarded) return denied('CREDENTIAL_FORWARDED');
  // A policy that nobody vouches for any more grants nothing, unless the operator said otherwise.
  if (lapse === 'deny') return denied('POLICY_EXPIRED');
  return judgeByPolicy(policy, identity.principal, request.value, atMs);
}

function judgeByPolicy(
  policy: CompiledPolicy,
  principal: Principal,
  request: EgressRequest,
  atMs: number,
): Judgement {
  const { live, shadow, observed_by } = policy.evaluate(request, principal, atMs);
  const notes = {
    observed_by,
    // Only what the verdict rests on is recorded, and it rests on the time only where exceptions run out.
    ...(policy.time_dependent && Number.isSafeInteger(atMs) ? { judged_ms: atMs } : {}),
    ...(sameOutcome(live, shadow) ? {} : { would_be: wouldBe(shadow, policy.shadow_hash) }),
  };
  if (live.verdict !== 'allow') return denied(live.reason, { ...notes, ...ruleOf(live) });
  return allowed(live, notes, policy.limits(request, principal, live.tunnel));
}

type Notes = Pick<Verdict, 'observed_by' | 'would_be' | 'judged_ms'>;

function allowed(live: RuleOutcome, notes: Notes, demands: readonly LimitDemand[]): Judgement {
  const rewrite = live.path === 'rewrite' ? { rewrite_path: true as const } : {};
  const tunnel = live.tunnel === undefined ? {} : { tunnel: live.tunnel };
  const stream = live.stream === undefined ? {} : { stream: live.stream };
  return {
    verdict: {
      verdict: 'allow',
      reason: 'POLICY_ALLOW',
      ...ruleOf(live),
      ...notes,
      ...rewrite,
      ...tunnel,
      ...stream,
    },
    demands,
  };
}

function denied(reason: ReasonCode, notes: Partial<Verdict> = {}): Judgement {
  return { verdict: { observed_by: [], ...notes, verdict: 'deny', reason }, demands: [] };
}

function ruleOf(outcome: RuleOutcome): { rule_id?: string } {
  return outcome.rule_id === undefined ? {} : { rule_id: outcome.rule_id };
}

function wouldBe(outcome: RuleOutcome, policy_hash: string | undefined): WouldBe {
  const { verdict, reason } = outcome;
  return { verdict, reason, ...ruleOf(outcome), ...(policy_hash === undefined ? {} : { policy_hash }) };
}

function sameOutcome(a: RuleOutcome, b: RuleOutcome): boolean {
  return a.verdict === b.verdict && a.reason === b.reason && a.rule_id === b.rule_id;
}
