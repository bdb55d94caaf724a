import { exhaustedTat } from './beyond_limit.ts';
import type { Buckets } from './buckets.ts';
import type { LedgerOp } from './operation.ts';

/** What is left of one limit. */
export interface QuotaState {
  /** The most that fits at once. */
  readonly cap: number;
  readonly remaining: number;
  /** Until all of it is there again when nothing more is used; 0 when it is. Rounded up. */
  readonly reset_ms: number;
}

/** Looks at the bucket of an operation without testing or charging anything. */
export function quotaState(
  buckets: Buckets,
  commit: (key: string) => string,
  op: LedgerOp,
  now_us: number,
): QuotaState {
  const stored = buckets.live(commit(op.key), now_us)?.tat ?? exhaustedTat(op, buckets.exhausted_us);
  const tat = Math.max(stored ?? 0, now_us);
  return {
    cap: Math.floor(op.tolerance_us / op.period_us) + 1,
    remaining: Math.max(0, Math.floor((now_us + op.tolerance_us + op.period_us - tat) / op.period_us)),
    reset_ms: Math.ceil((tat - now_us) / 1_000),
  };
}
