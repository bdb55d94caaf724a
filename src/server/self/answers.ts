import type { IdentityFact } from '../../core/identity/principal.ts';
import { mistakeText } from '../../core/receipt/body_mistake.ts';
import type { ToldReceipt } from '../../core/receipt/recent_receipts.ts';
import { REASONS } from '../../core/verdict/reasons.ts';
import { GUIDANCE } from '../codec/next_steps.ts';
import { fillIn } from '../codec/problem_body.ts';
import type { Snapshot } from '../ports.ts';
import type { SelfRecorder } from './ports.ts';

/** Who asks, under which snapshot. */
export interface Asking {
  readonly identity: Extract<IdentityFact, { ok: true }>;
  readonly snapshot: Snapshot;
  readonly gatewayId: string;
  readonly listener: 'explicit' | 'base_url' | 'intercepted' | 'transparent';
}

/** What a receipt would say of whoever asks, and under what it would be judged. Holds no secret, like a receipt. */
export function whoami({ identity, snapshot, gatewayId, listener }: Asking): object {
  const { policy, registry_hash } = snapshot;
  return {
    ...identity.principal,
    ...(identity.degraded === undefined ? {} : { degraded: identity.degraded }),
    policy_id: policy.policy_id,
    policy_hash: policy.policy_hash,
    registry_hash,
    gateway_id: gatewayId,
    listener,
  };
}

/** What is left of every limit that counts this agent. Rejects with the recorder. */
export async function quota({ identity, snapshot }: Asking, recorder: SelfRecorder): Promise<object> {
  const { principal } = identity;
  const asks = snapshot.policy.quotas(principal);
  const states = asks.length === 0 ? [] : await recorder.quota(asks.map(({ op }) => op));
  const limits = asks.map(({ op, per, match }, index) => ({
    limit_id: op.limit_id,
    ...{ per, mode: op.mode },
    unit: op.op === 'budget' ? op.unit : 'requests',
    ...states[index],
    ...(match === undefined ? {} : { match }),
  }));
  return { tenant_id: principal.tenant_id, agent_id: principal.agent_id, limits };
}

/** The same words as in the body of a denial; what is not known yet is null. */
export function why({ ts, outcome, inspections = [], ...told }: ToldReceipt): object {
  const { reason } = told;
  const { detail, steps } = GUIDANCE[reason];
  const ids = { receipt_id: told.receipt_id, request_id: told.receipt_id };
  return {
    ...told,
    time: ts,
    title: REASONS[reason].title,
    detail: `${detail}${mistakeText(told.body)}`,
    next_steps: steps.map((step) => fillIn(step, ids)),
    outcome: outcome ?? null,
    inspections,
  };
}
