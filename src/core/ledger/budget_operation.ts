import type { LimitMode } from './operation.ts';

/**
 * One budget: at most `cap` units in any window of `slots` slots of `slot_us` microseconds. A charge counts in the slot of
 * its time and until that slot has left the window as a whole, so a window never holds more than the cap. `slots: 1`: a fixed window.
 */
export interface BudgetOp {
  readonly op: 'budget';
  /** Id of the limit in the policy document, with the unit appended: `spend/usd`, `team-tokens/tokens`. */
  readonly limit_id: string;
  /** Tenant first, every component length-prefixed; with the window, so that one key never has slots of two widths. */
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
  /** Nobody knows what the call can come to, and the limit lets it pass all the same: `amount` is 0. */
  readonly unpriced?: true;
}

/** State of one budget as judged, written to the receipt. */
export interface BudgetState {
  readonly limit_id: string;
  /** Hex HMAC of the key. */
  readonly key_commitment: string;
  readonly unit: BudgetOp['unit'];
  /** Ledger time, microseconds. */
  readonly now: number;
  /** Ledger time from which on the charge counts no more. */
  readonly until: number;
  /** In the window, before and after; the same wherever nothing is charged. */
  readonly used_before: number;
  readonly used_after: number;
  readonly amount: number;
  readonly cap: number;
  /** More than the cap, and the request passes all the same: `alert_only`, charged where there is room for the key. */
  readonly exceeded?: true;
  /** Percent of the cap that this request reached, the first one since less than half of that was used; 100: all of it. */
  readonly near?: number;
  readonly unpriced?: true;
}

/** One budget after the answer: `reserved` is taken back, `settled` stays charged until the same moment. */
export interface BudgetSettlement {
  readonly limit_id: string;
  readonly key_commitment: string;
  readonly unit: BudgetOp['unit'];
  readonly until: number;
  readonly reserved: number;
  readonly settled: number;
}
