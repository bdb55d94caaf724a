import type { GcraOp } from './operation.ts';

/**
 * Bounds that keep every intermediate an exact integer: the largest sum below is
 * now + tolerance + period + cost * period <= 4e15 + 3.2e13 + 8.7e10 + 8.7e14 < 2^53 - 1 (9.007e15).
 */
export const PERIOD_US_MAX = 86_400_000_000;
export const TOLERANCE_US_MAX = 31_536_000_000_000;
export const COST_MAX = 10_000;
/** A slot further away than this is never waited for. */
const DELAY_US_MAX = 5_000_000;
const GRACE_US_MAX = 86_400_000_000;
const GRACE_CALLS_MAX = 100_000;
/** The year 2096. */
export const NOW_US_MAX = 4_000_000_000_000_000;

export interface GcraStep {
  readonly admitted: boolean;
  /** max(stored tat, now): a bucket whose tat has passed equals one that never existed, so pruning never shows. */
  readonly tat_before: number;
  /** The tat when charged; equals `tat_before` when refused. */
  readonly tat_after: number;
  /** Microseconds until the same request would pass; 0 when admitted. */
  readonly retry_after_us: number;
  /** Requests of cost 1 that could pass right now, after this one. */
  readonly remaining: number;
}

/** One test of the generic cell rate algorithm; integers in microseconds, no effect. `op` must have passed `assertGcraOp`. */
export function stepGcra(op: GcraOp, stored_tat: number | undefined, now_us: number): GcraStep {
  const tat_before = Math.max(stored_tat ?? 0, now_us);
  const charged = tat_before + op.cost * op.period_us;
  const ceiling = now_us + op.tolerance_us + op.period_us;
  const admitted = charged <= ceiling;
  const tat_after = admitted ? charged : tat_before;
  return {
    admitted,
    tat_before,
    tat_after,
    retry_after_us: admitted ? 0 : charged - ceiling,
    remaining: Math.max(0, Math.floor((ceiling - tat_after) / op.period_us)),
  };
}

/** Throws on an operation outside the proven bounds: the compiler must never emit one. */
export function assertGcraOp(op: GcraOp): void {
  const inside =
    op.op === 'gcra' &&
    isWithin(op.period_us, 1, PERIOD_US_MAX) &&
    isWithin(op.tolerance_us, 0, TOLERANCE_US_MAX) &&
    isWithin(op.cost, 1, COST_MAX) &&
    op.key.length > 0 &&
    isWithin(op.near_percent ?? 1, 1, 99) &&
    isWithin(op.max_delay_us ?? 1, 1, DELAY_US_MAX) &&
    isWithin(op.grace_us ?? 1, 1, GRACE_US_MAX) &&
    isWithin(op.grace_calls ?? 1, 1, GRACE_CALLS_MAX);
  if (!inside) throw new RangeError(`ledger operation for ${op.limit_id} is outside its bounds`);
}

function isWithin(value: number, low: number, high: number): boolean {
  return Number.isSafeInteger(value) && value >= low && value <= high;
}
