import { REASONS } from '../../core/verdict/reasons.ts';
import type { DenialAnswer } from './answer.ts';
import { GUIDANCE } from './next_steps.ts';

/** The `application/problem+json` text of a denial (RFC 9457 with our members). `status` is the HTTP status sent. */
export function problemBody(denial: DenialAnswer, status: number): string {
  const guidance = GUIDANCE[denial.reason];
  return JSON.stringify({
    type: `urn:clawgress:reason:${denial.reason}`,
    title: REASONS[denial.reason].title,
    status,
    code: denial.reason,
    detail: guidance.detail,
    rule_id: denial.ruleId,
    policy_hash: denial.policyHash,
    receipt_id: denial.receipt?.id,
    // Without a record the request id is all that a report to the operator can name.
    request_id: denial.receipt === undefined ? denial.requestId : undefined,
    next_steps: guidance.steps.map((step) => fillIn(step, denial)),
    retry_after_ms: denial.retryAfterMs,
  });
}

function fillIn(step: string, denial: DenialAnswer): string {
  return step
    .replace('<receipt_id>', denial.receipt?.id ?? denial.requestId)
    .replace('<request_id>', denial.requestId);
}
