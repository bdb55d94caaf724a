import type { LimitMode } from './operation.ts';

/**
 * One budget: at most `cap` units in any window of `slots` slots of `slot_us` microseconds. A charge counts in the slot of
 * its time and until that slot has left the window as a whole, so a window never holds more than the cap. `slots: 1`: a fixed window.
 */
export interface BudgetOp {
  readonly op: 'budget';
  /** Id of the limit in the policy document, with the unit appended: `spend/usd`, `tokens/tokens`. */
  readonly limit_id: string;
  /** Tenant first, every component length-prefixed. */
  readonly key: string;
  readonly unit: 'tokens' | 'micro_usd';
  /** What is reserved: the most that the call can come to. */
  readonly amount: number;
  readonly cap: number;
  readonly slot_us: number;
  /** 1 for a fixed window; else one more than the window has slots, for the one that is only partly inside. */
  readonly slots: number;
  /** Ledger time (microseconds) at which slot 0 begins; fixed windows are counted from their anchor. */
  readonly anchor_us: number;
  readonly mode: Extract<LimitMode, 'hard_stop' | 'alert_only'>;
  readonly near_percent?: number;
}

/** State of one budget as judged, written to the receipt. */
export interface BudgetState {
  readonly limit_id: string;
  readonly key_commitment: string;
  readonly unit: BudgetOp['unit'];
  /** Number of the slot that is charged. */
  readonly slot: number;
  /** Ledger time, microseconds. */
  readonly now: number;
  /** In the window, before and after. */
  readonly used_before: number;
  readonly used_after: number;
  readonly amount: number;
  readonly cap: number;
  readonly exceeded?: true;
  readonly near?: number;
}

/** One budget after the answer: `reserved` is taken back, `settled` stays charged in the slot of the reservation. */
export interface BudgetSettlement {
  readonly limit_id: string;
  readonly key_commitment: string;
  readonly unit: BudgetOp['unit'];
  readonly slot: number;
  readonly reserved: number;
  readonly settled: number;
}
