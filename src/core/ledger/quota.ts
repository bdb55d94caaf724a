import { exhaustedTat } from './beyond_limit.ts';
import type { BudgetOp } from './budget_operation.ts';
import { stepBudget, withExhausted } from './budget_step.ts';
import type { LimitState } from './limit_state.ts';
import type { GcraOp, LedgerOp } from './operation.ts';

/** What is left of one limit: requests of a bucket, units of a budget. */
export interface QuotaState {
  /** The most that fits at once, or into the window. */
  readonly cap: number;
  readonly remaining: number;
  /** Until all of it is there again when nothing more is used; 0 when it is. Rounded up. */
  readonly reset_ms: number;
}

/** Looks at the bucket or budget of an operation without testing or charging anything. */
export function quotaState(
  limits: LimitState,
  commit: (key: string) => string,
  op: LedgerOp,
  now_us: number,
): QuotaState {
  const commitment = commit(op.key);
  return op.op === 'budget'
    ? ofBudget(limits, commitment, op, now_us)
    : ofBucket(limits, commitment, op, now_us);
}

function ofBucket({ buckets }: LimitState, commitment: string, op: GcraOp, now_us: number): QuotaState {
  const stored = buckets.live(commitment, now_us)?.tat ?? exhaustedTat(op, buckets.exhausted_us);
  const tat = Math.max(stored ?? 0, now_us);
  return {
    cap: Math.floor(op.tolerance_us / op.period_us) + 1,
    remaining: Math.max(0, Math.floor((now_us + op.tolerance_us + op.period_us - tat) / op.period_us)),
    reset_ms: Math.ceil((tat - now_us) / 1_000),
  };
}

function ofBudget(
  { budgets, buckets }: LimitState,
  commitment: string,
  op: BudgetOp,
  now_us: number,
): QuotaState {
  const slots = withExhausted(op, budgets.live(commitment, now_us), buckets.exhausted_us, now_us);
  const { used_before } = stepBudget(op, slots, 0, now_us);
  const last = slots.filter(([, used]) => used > 0).at(-1);
  return {
    cap: op.cap,
    remaining: Math.max(0, op.cap - used_before),
    reset_ms: Math.ceil(((last?.[0] ?? now_us) - now_us) / 1_000),
  };
}
