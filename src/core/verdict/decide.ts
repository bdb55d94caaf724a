import type { RequestDemands, ResponseDemands } from '../contract/demands.ts';
import { brokenBy } from '../contract/honoured.ts';
import type { IdentityFact, Principal } from '../identity/principal.ts';
import { READING, withReading } from '../policy/body_demands.ts';
import { ANSWER_BYTES_READ } from '../policy/bounds.ts';
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
  const evaluated = policy.evaluate(request, principal, atMs);
  const { observed_by } = evaluated;
  const read = (outcome: RuleOutcome) => readForLimits(policy, outcome, request, principal);
  const live = read(evaluated.live);
  const shadow = evaluated.shadow === evaluated.live ? live : read(evaluated.shadow);
  const notes = {
    observed_by,
    // Only what the verdict rests on is recorded, and it rests on the time only where exceptions run out.
    ...(policy.time_dependent && Number.isSafeInteger(atMs) ? { judged_ms: atMs } : {}),
    ...(sameOutcome(said(live), said(shadow)) ? {} : { would_be: wouldBe(said(shadow), policy.shadow_hash) }),
  };
  if (live.verdict !== 'allow') return denied(live.reason, { ...notes, ...ruleOf(live) });
  if (live.inspect !== undefined) {
    return { ...denied('BODY_NOT_COMPLETED', { ...notes, ...ruleOf(live) }), inspect: live.inspect };
  }
  return allowed(live, notes, policy.limits(request, principal, live.tunnel));
}

/** A limit that reads bodies asks for them as a rule would, and a budget refuses what nobody can count. */
function readForLimits(
  policy: CompiledPolicy,
  live: RuleOutcome,
  request: EgressRequest,
  principal: Principal,
): RuleOutcome {
  if (live.verdict !== 'allow' || live.tunnel !== undefined) return live;
  if (!policy.limitsRead(request, principal)) return live;
  const { body } = request;
  const { response: _response, ...pending } = live;
  if (body === undefined) return { ...pending, inspect: withReading(live.inspect) };
  const refusal = policy.refusal(request, principal);
  if (refusal === undefined) return live;
  const broken = body.problem && brokenBy(READING, body);
  const reason = broken === undefined || broken === 'again' ? refusal.reason : broken;
  return { verdict: 'deny', reason, rule_id: refusal.rule_id };
}

/** As a receipt would say it: an allow that waits for the body is a denial until then. */
function said(outcome: RuleOutcome): Said {
  if (outcome.inspect === undefined) return outcome;
  return { verdict: 'deny', reason: 'BODY_NOT_COMPLETED', ...ruleOf(outcome) };
}

type Said = Pick<WouldBe, 'verdict' | 'reason' | 'rule_id'>;

type Notes = Pick<Verdict, 'observed_by' | 'would_be' | 'judged_ms'>;

function allowed(live: RuleOutcome, notes: Notes, demands: readonly LimitDemand[]): Judgement {
  const rewrite = live.path === 'rewrite' ? { rewrite_path: true as const } : {};
  const tunnel = live.tunnel === undefined ? {} : { tunnel: live.tunnel };
  const stream = live.stream === undefined ? {} : { stream: live.stream };
  const response = responseOf(live.response, demands);
  return {
    verdict: {
      verdict: 'allow',
      reason: 'POLICY_ALLOW',
      ...ruleOf(live),
      ...notes,
      ...rewrite,
      ...tunnel,
      ...stream,
      ...(response === undefined ? {} : { response }),
    },
    demands,
  };
}

/** What a budget needs of an answer: its usage, for which nothing is refused. Without it the reservation stays charged. */
const USAGE: ResponseDemands = {
  inspect: 'auto',
  max_bytes: ANSWER_BYTES_READ,
  on_violation: 'alert',
  on_encoded: 'bypass',
  usage: true,
};

function responseOf(
  asked: ResponseDemands | undefined,
  demands: readonly LimitDemand[],
): ResponseDemands | undefined {
  if (!demands.some(({ op }) => op.op === 'budget')) return asked;
  return asked === undefined ? USAGE : { ...asked, usage: true };
}

function denied(reason: ReasonCode, notes: Partial<Verdict> = {}): Judgement {
  return { verdict: { observed_by: [], ...notes, verdict: 'deny', reason }, demands: [] };
}

function ruleOf(outcome: { readonly rule_id?: string }): { rule_id?: string } {
  return outcome.rule_id === undefined ? {} : { rule_id: outcome.rule_id };
}

function wouldBe(outcome: Said, policy_hash: string | undefined): WouldBe {
  const { verdict, reason } = outcome;
  return { verdict, reason, ...ruleOf(outcome), ...(policy_hash === undefined ? {} : { policy_hash }) };
}

function sameOutcome(a: Said, b: Said): boolean {
  return a.verdict === b.verdict && a.reason === b.reason && a.rule_id === b.rule_id;
}
