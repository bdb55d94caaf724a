/** Ledger operations: what a decision wants tested and charged in the same step that records it. */
export type LedgerOp = GcraOp;

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
}

export type LimitMode = 'hard_stop' | 'alert_only';

/** State of one bucket as judged, written to the receipt (times in microseconds on the ledger clock). */
export interface BucketState {
  readonly limit_id: string;
  /** Hex HMAC of the bucket key: groups the records of one bucket without naming it. */
  readonly key_commitment: string;
  readonly tat_before: number;
  readonly now: number;
  readonly cost: number;
  readonly tat_after: number;
  /** Present on an `alert_only` bucket that would have refused. */
  readonly exceeded?: true;
}

export interface OpOutcome {
  readonly op: LedgerOp;
  readonly admitted: boolean;
  /** Until the request would pass; 0 when admitted. Rounded up. */
  readonly retry_after_ms: number;
  /** Requests that could pass right now after this one. */
  readonly remaining: number;
  readonly tat_before: number;
  readonly tat_after: number;
  readonly exceeded: boolean;
}
