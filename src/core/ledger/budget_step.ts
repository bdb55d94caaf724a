import { USED_UP } from './buckets.ts';
import type { BudgetOp } from './budget_operation.ts';
import { USED_MAX, untilOf } from './budget_window.ts';
import type { Slot } from './budgets.ts';

/** One test of one budget, without effect. */
export interface BudgetStep {
  readonly admitted: boolean;
  readonly until: number;
  readonly used_before: number;
  /** When charged. */
  readonly used_after: number;
  /** Until enough has left the window, if nothing else comes; undefined when no wait helps; 0 when admitted. */
  readonly wait_us: number | undefined;
}

/** `pending`: what earlier operations of the same proposal charge to the same budget. */
export function stepBudget(
  op: BudgetOp,
  slots: readonly Slot[],
  pending: number,
  now_us: number,
): BudgetStep {
  const used_before = Math.min(USED_MAX, sumOf(slots) + pending);
  const admitted = used_before + op.amount <= op.cap;
  return {
    admitted,
    until: untilOf(op, now_us),
    used_before,
    used_after: Math.min(USED_MAX, used_before + op.amount),
    wait_us: admitted ? 0 : waitFor(op, slots, pending, now_us),
  };
}

/**
 * Slots that count, with the whole cap as though spent at the moment of a restore: nobody knows what was charged before it,
 * so that the budget is used up until that moment has left the window.
 */
export function withExhausted(
  op: BudgetOp,
  slots: readonly Slot[],
  exhausted_us: number | undefined,
  now_us: number,
): readonly Slot[] {
  if (exhausted_us === undefined) return slots;
  const until = untilOf(op, exhausted_us);
  if (until <= now_us) return slots;
  return [...slots, [until, op.cap] as const].sort(([a], [b]) => a - b);
}

/** The highest percentage that is reached: `USED_UP`, the op's own, or 0. */
export function nearOfBudget({ near_percent, cap }: BudgetOp, used_after: number): number {
  if (near_percent === undefined) return 0;
  if (used_after >= cap) return USED_UP;
  return used_after * 100 >= cap * near_percent ? near_percent : 0;
}

function waitFor(op: BudgetOp, slots: readonly Slot[], pending: number, now_us: number): number | undefined {
  let left = sumOf(slots) + pending + op.amount - op.cap;
  for (const [until, used] of slots) {
    left -= used;
    if (left <= 0) return until - now_us;
  }
  return undefined;
}

function sumOf(slots: readonly Slot[]): number {
  return slots.reduce((sum, [, used]) => sum + used, 0);
}
