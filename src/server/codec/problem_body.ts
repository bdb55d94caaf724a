import { mistakeText } from '../../core/receipt/body_mistake.ts';
import { OWN_NAME } from '../../core/request/own_name.ts';
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
    detail: detailOf(denial),
    body: denial.body,
    rule_id: denial.ruleId,
    policy_hash: denial.policyHash,
    receipt_id: denial.receipt?.id,
    // Without a record the request id is all that a report to the operator can name.
    request_id: denial.receipt === undefined ? denial.requestId : undefined,
    next_steps: [...guidance.steps.map((step) => fillIn(step, idsOf(denial))), ...selfStep(denial)],
    retry_after_ms: denial.retryAfterMs,
    error: errorOf(denial),
  });
}

/** Where the libraries of model providers look for what went wrong; without it they say nothing but the status. */
function errorOf(denial: DenialAnswer): object {
  const { reason, receipt, requestId } = denial;
  const id = receipt === undefined ? `request ${requestId}` : `receipt ${receipt.id}`;
  const message = `${REASONS[reason].title}. ${detailOf(denial)} (${id})`;
  return { message, type: 'clawgress', code: reason };
}

function detailOf({ reason, body }: DenialAnswer): string {
  return `${GUIDANCE[reason].detail}${mistakeText(body)}`;
}

interface Ids {
  readonly receipt_id: string;
  readonly request_id: string;
}

function idsOf({ receipt, requestId }: DenialAnswer): Ids {
  return { receipt_id: receipt?.id ?? requestId, request_id: requestId };
}

/** One step as it is told. */
export function fillIn(step: string, ids: Ids): string {
  return step.replace('<receipt_id>', ids.receipt_id).replace('<request_id>', ids.request_id);
}

/** Where the agent itself can ask: with a receipt that is its own, and where there is a way to us that it knows. */
function selfStep({ receipt, reason, mode }: DenialAnswer): readonly string[] {
  if (receipt === undefined || reason.startsWith('IDENTITY_') || mode === 'transparent') return [];
  const path = `/_clawgress/why/${receipt.id}`;
  if (mode === 'base_url') return [`Or ask with the same credential: GET ${path} on this listener`];
  return [`Or ask with the same credential: GET http://${OWN_NAME}${path} through the proxy`];
}
