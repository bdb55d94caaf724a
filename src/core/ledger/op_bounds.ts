import { assertBudgetOp } from './budget_window.ts';
import { assertGcraOp } from './gcra.ts';
import type { LedgerOp } from './operation.ts';

/** What one record has room for. */
export interface OpCaps {
  readonly buckets: number;
  readonly budgets: number;
}

/** Throws `RangeError` on more operations than a record can carry, or on one outside the bounds that keep sums exact. */
export function assertOps(ops: readonly LedgerOp[], caps: OpCaps): void {
  const budgets = ops.filter(({ op }) => op === 'budget').length;
  if (budgets > caps.budgets || ops.length - budgets > caps.buckets)
    throw new RangeError(`${ops.length} ledger operations in one proposal, ${budgets} of them budgets`);
  ops.forEach(assertOp);
}

export function assertOp(op: LedgerOp): void {
  if (op.op === 'budget') assertBudgetOp(op);
  else assertGcraOp(op);
}
