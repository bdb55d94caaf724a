import type { BudgetOp, BudgetState } from './budget_operation.ts';
import { type BudgetStep, nearOfBudget } from './budget_step.ts';

/** One budget operation of a proposal, tested. Nothing has been charged. */
export interface TestedBudget {
  readonly op: BudgetOp;
  readonly commitment: string;
  readonly step: BudgetStep;
  readonly keys_full: boolean;
  /** Highest percentage that needs no second event. */
  readonly near: number;
}

export function isBudgetRefused({ op, step, keys_full }: TestedBudget): boolean {
  return op.mode !== 'alert_only' && (keys_full || !step.admitted);
}

/** For the record. `charged`: the proposal as a whole is. What is beyond an `alert_only` budget is counted all the same. */
export function budgetStateOf(one: TestedBudget, charged: boolean, now_us: number): BudgetState {
  const { op, commitment, step } = one;
  const isCharged = charged && !one.keys_full;
  const near = isCharged && step.used_after > step.used_before ? nearOfBudget(op, step.used_after) : 0;
  const passes = op.mode === 'alert_only' && (one.keys_full || !step.admitted);
  return {
    limit_id: op.limit_id,
    key_commitment: commitment,
    unit: op.unit,
    now: now_us,
    until: step.until,
    used_before: step.used_before,
    used_after: isCharged ? step.used_after : step.used_before,
    amount: op.amount,
    cap: op.cap,
    ...(passes ? { exceeded: true as const } : {}),
    ...(near > one.near ? { near } : {}),
    ...(op.unpriced === undefined ? {} : { unpriced: op.unpriced }),
  };
}

/** The same when the request is refused for another reason: what charging added goes with the charge. */
export function unchargedBudget({ near: _, ...state }: BudgetState): BudgetState {
  return { ...state, used_after: state.used_before };
}
