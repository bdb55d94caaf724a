import { bodyMistake } from '../core/receipt/body_mistake.ts';
import type {
  AppendProblem,
  AppendResult,
  FoldedDenial,
  Proposal,
  Verdict,
} from '../core/verdict/proposal.ts';
import type { ReasonCode } from '../core/verdict/reasons.ts';
import type { AllowAnswer, DenialAnswer, LimitState } from './codec/answer.ts';
import { encodeAllow, encodeDenial } from './codec/check_response.ts';
import { isAnsweredAsGrpc } from './codec/grpc_denial.ts';
import { strippedHeaders } from './codec/stripped.ts';
import type { CheckDependencies } from './dependencies.ts';
import type { Judged } from './judging.ts';
import type { Call } from './propose.ts';
import { wayAnswer } from './stream_way.ts';
import { tunnelAnswer } from './tunnel.ts';

/** Answers with what the recorder made durable, which for a repeated Check is the first result, not this draft. */
export function encodeRecorded(
  deps: Pick<CheckDependencies, 'settings' | 'mac' | 'clock'>,
  call: Call,
  judged: Judged,
  recorded: AppendResult,
): Uint8Array {
  const { proposal, verdict } = judged;
  if (recorded.verdict === 'allow') {
    // Repeated across a policy change: an allow that would not be given now is not handed out again.
    if (verdict.verdict !== 'allow') return encodeUnrecorded(call, 'STALE_SNAPSHOT');
    // Of the plain route nobody reads the answer.
    if (verdict.response !== undefined) throw new Error('invariant: an answer would pass unread');
    const receipt = { id: recorded.receipt_id, leafHash: recorded.leaf_hash };
    const strip = strippedHeaders(call.check.raw.headers);
    const tunnel = tunnelAnswer(deps, call, judged, recorded.receipt_id);
    const way = wayAnswer(deps, call, judged, recorded.receipt_id);
    return encodeAllow({
      stamp: deps.settings.stamp,
      ...{ receipt, rewrite: rewriteOf(call, verdict), strip, ...limitOf(proposal.ops, recorded) },
      ...(tunnel === undefined ? {} : { tunnel }),
      ...(way === undefined ? {} : { way }),
    });
  }
  return encodeDenial(recordedDenial(call, proposal, recorded));
}

/** Of a denial that the recorder made durable. */
export function recordedDenial(
  call: Call,
  proposal: Pick<Proposal, 'draft' | 'ops'>,
  recorded: AppendResult,
): DenialAnswer {
  const body = bodyMistake(recorded.reason, proposal.draft.request.body);
  return {
    reason: recorded.reason,
    ...askedBy(call),
    receipt: { id: recorded.receipt_id, leafHash: recorded.leaf_hash },
    policyHash: proposal.draft.policy_hash,
    ...(recorded.rule_id === undefined ? {} : { ruleId: recorded.rule_id }),
    ...(recorded.retry_after_ms === undefined ? {} : { retryAfterMs: recorded.retry_after_ms }),
    ...limitOf(proposal.ops, recorded),
    ...(body === undefined ? {} : { body }),
  };
}

/** A denial without a receipt: the recorder took nothing, or it only counted. */
export function encodeRefused(
  call: Call,
  proposal: Proposal,
  problem: AppendProblem | FoldedDenial,
): Uint8Array {
  return encodeDenial(refusedDenial(call, proposal, problem));
}

export function refusedDenial(
  call: Call,
  proposal: Pick<Proposal, 'draft'>,
  problem: AppendProblem | FoldedDenial,
): DenialAnswer {
  if (typeof problem !== 'object') return unrecordedDenial(call, problem);
  return {
    reason: problem.reason,
    ...askedBy(call),
    folded: true,
    policyHash: proposal.draft.policy_hash,
    ...(problem.rule_id === undefined ? {} : { ruleId: problem.rule_id }),
    ...(problem.retry_after_ms === undefined ? {} : { retryAfterMs: problem.retry_after_ms }),
  };
}

export function encodeUnrecorded(call: Call, reason: AppendProblem): Uint8Array {
  return encodeDenial(unrecordedDenial(call, reason));
}

export function unrecordedDenial(call: Call, reason: ReasonCode): DenialAnswer {
  return { reason, ...askedBy(call) };
}

function askedBy({ check }: Call): Pick<DenialAnswer, 'mode' | 'requestId' | 'grpc'> {
  const { raw, requestId } = check;
  return { mode: raw.mode, requestId, ...(isAnsweredAsGrpc(raw) ? { grpc: true } : {}) };
}

/** Judged bytes are forwarded bytes: what `/_to/` named, and the normal path where the rule says so. */
export function rewriteOf(call: Call, verdict: Verdict): AllowAnswer['rewrite'] {
  if (!call.request.ok) throw new Error('invariant: a request without canonical form was allowed');
  const { request, rewrite = {} } = call.request.value;
  if (verdict.rewrite_path !== true || request.path_normal === undefined) return rewrite;
  return { ...rewrite, path: request.path_normal + (request.query === undefined ? '' : `?${request.query}`) };
}

export function limitOf(ops: Proposal['ops'], { limit }: AppendResult): { limit?: LimitState } {
  const op = ops.find((candidate) => candidate.limit_id === limit?.limit_id);
  if (limit === undefined || op?.op !== 'gcra') return {};
  // (burst - 1) emission intervals are tolerated beyond the one that passes.
  const quota = Math.floor(op.tolerance_us / op.period_us) + 1;
  return { limit: { quota, remaining: limit.remaining, resetMs: limit.reset_ms } };
}
