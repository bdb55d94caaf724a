import type { BudgetOp } from './budget_operation.ts';
import { NOW_US_MAX } from './gcra.ts';

/** Ten million USD in micro-USD, or as many tokens. */
export const CAP_MAX = 10_000_000_000_000;
/** More than any cap: an amount that is cut to this is refused by every budget that refuses. */
export const AMOUNT_MAX = 100_000_000_000_000;
/** What one window holds at most; a sum of this and any amount is an exact integer. */
export const USED_MAX = 4_000_000_000_000_000;
/** Slots of a sliding window, beside the one that is only partly inside. */
export const SLOTS_PER_WINDOW = 60;
/** 366 days. */
export const WINDOW_US_MAX = 31_622_400_000_000;

/** Ledger time from which on a charge at `at_us` counts no more. */
export function untilOf({ slot_us, slots, anchor_us }: BudgetOp, at_us: number): number {
  return anchor_us + (Math.floor((at_us - anchor_us) / slot_us) + slots) * slot_us;
}

/** Throws on an operation outside the bounds that keep the arithmetic exact: the compiler must never emit one. */
export function assertBudgetOp(op: BudgetOp): void {
  const inside =
    op.op === 'budget' &&
    op.key.length > 0 &&
    (op.mode === 'hard_stop' || op.mode === 'alert_only') &&
    isWithin(op.amount, 0, AMOUNT_MAX) &&
    isWithin(op.cap, 1, CAP_MAX) &&
    isWithin(op.slots, 1, SLOTS_PER_WINDOW + 1) &&
    isWithin(op.slot_us, 1, WINDOW_US_MAX) &&
    op.slot_us * Math.max(1, op.slots - 1) <= WINDOW_US_MAX &&
    isWithin(op.anchor_us, 0, NOW_US_MAX) &&
    isWithin(op.near_percent ?? 1, 1, 99);
  if (!inside) throw new RangeError(`ledger operation for ${op.limit_id} is outside its bounds`);
}

function isWithin(value: number, low: number, high: number): boolean {
  return Number.isSafeInteger(value) && value >= low && value <= high;
}
