import type { BudgetOp } from './budget_operation.ts';

/** Ledger operations: what a decision wants tested and charged in the same step that records it. */
export type LedgerOp = GcraOp | BudgetOp;

/**
 * One GCRA bucket. Integers only: microseconds. `period_us` is the emission interval T = ceil(window / quota);
 * `tolerance_us` is (burst - 1) * T, so at most burst + floor(t / T) requests pass in any t.
 */
export interface GcraOp {
  readonly op: 'gcra';
  /** Id of the limit in the policy document, with the window appended: `per-agent/rps`. */
  readonly limit_id: string;
  /** Tenant first, every component length-prefixed, so that two keys can never collide. */
  readonly key: string;
  readonly period_us: number;
  readonly tolerance_us: number;
  readonly cost: number;
  readonly mode: LimitMode;
  /** Share of the bucket, 1 to 99, from which on it is nearly used up; absent: not watched. */
  readonly near_percent?: number;
  /** `throttle`: the longest wait for a slot. */
  readonly max_delay_us?: number;
  /** `soft_stop`: how long after the bucket was used up, and for how many calls, a run may go on. */
  readonly grace_us?: number;
  readonly grace_calls?: number;
}

/**
 * What happens beyond the limit. `hard_stop`: refused. `throttle`: the next free slot is taken and waited for.
 * `soft_stop`: runs that began before may go on for a while, up to 110 %. `alert_only`: passes uncharged.
 */
export type LimitMode = 'hard_stop' | 'throttle' | 'soft_stop' | 'alert_only';

/** State of one bucket as judged, written to the receipt (times in microseconds on the ledger clock). */
export interface BucketState {
  readonly limit_id: string;
  /** Hex HMAC of the bucket key: groups the records of one bucket without naming it. */
  readonly key_commitment: string;
  readonly tat_before: number;
  readonly now: number;
  readonly cost: number;
  readonly tat_after: number;
  /** The limit is exceeded and the request passes all the same: `alert_only`, uncharged; `soft_stop`, charged. */
  readonly exceeded?: true;
  /** Percent of the bucket that this request reached, the first one since the bucket was last empty; 100: used up. */
  readonly near?: number;
}
