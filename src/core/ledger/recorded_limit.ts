import type { DecisionRecord } from '../receipt/records.ts';
import type { AppendResult } from '../verdict/proposal.ts';
import { stepGcra } from './gcra.ts';
import type { BucketState, GcraOp, LedgerOp } from './operation.ts';

/**
 * What a first answer said about the tightest limit, from its record and the operations of the repeated request: a
 * record alone does not keep the limits' sizes. Undefined when the two do not fit, or when nothing was limited.
 */
export function recordedLimit(
  ops: readonly LedgerOp[],
  { rate_limit_bucket_state: states = [], reason }: DecisionRecord,
): AppendResult['limit'] {
  const buckets = ops.filter((op) => op.op === 'gcra');
  if (states.length !== buckets.length || reason === 'LIMIT_KEYS') return undefined;
  let tightest: AppendResult['limit'];
  for (const [i, op] of buckets.entries()) {
    const state = states[i];
    if (state === undefined || state.limit_id !== op.limit_id || state.cost !== op.cost) return undefined;
    if (op.mode === 'alert_only') continue;
    const remaining = remainingAfter(op, state);
    if (tightest !== undefined && remaining >= tightest.remaining) continue;
    const reset_ms = Math.ceil((state.tat_after - state.now) / 1_000);
    tightest = { limit_id: op.limit_id, remaining, reset_ms };
  }
  return tightest;
}

function remainingAfter(op: GcraOp, { tat_before, now }: BucketState): number {
  const step = stepGcra(op, tat_before, now);
  return step.admitted ? step.remaining : 0;
}
