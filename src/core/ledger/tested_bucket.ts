import { type Beyond, nearOf } from './beyond_limit.ts';
import type { GcraStep } from './gcra.ts';
import type { BucketState, GcraOp } from './operation.ts';

/** One bucket operation of a proposal, tested. Nothing has been charged. */
export interface TestedBucket {
  readonly op: GcraOp;
  readonly commitment: string;
  readonly step: GcraStep;
  readonly keys_full: boolean;
  /** How it passes although the bucket is used up. */
  readonly beyond: Beyond | undefined;
  /** Until it would pass. */
  readonly wait_us: number;
  /** Highest percentage recorded before. */
  readonly near: number;
}

/** Wait named in a refusal for want of room: keys free up as their buckets drain, so there is no exact time. */
export const KEYS_FULL_RETRY_MS = 1_000;

/** Milliseconds, rounded up; undefined when no wait helps. */
export function waitOf(keys_full: boolean, wait_us: number | undefined): number | undefined {
  if (keys_full) return KEYS_FULL_RETRY_MS;
  return wait_us === undefined ? undefined : Math.ceil(wait_us / 1_000);
}

export function isBucketRefused(one: TestedBucket): boolean {
  return one.op.mode !== 'alert_only' && isExceeded(one);
}

/** For the record. `charged`: the proposal as a whole is. */
export function bucketStateOf(one: TestedBucket, charged: boolean, now_us: number): BucketState {
  const { op, step, beyond } = one;
  const tat_after = tatAfter(one, charged);
  const isCharged = tat_after !== step.tat_before;
  const near = isCharged ? nearOf(op, tat_after, now_us) : 0;
  const passes = (op.mode === 'alert_only' && isExceeded(one)) || (isCharged && beyond?.kind === 'graced');
  return {
    limit_id: op.limit_id,
    key_commitment: one.commitment,
    tat_before: step.tat_before,
    now: now_us,
    cost: op.cost,
    tat_after,
    ...(passes ? { exceeded: true as const } : {}),
    ...(near > one.near ? { near } : {}),
  };
}

/** The bucket that may refuse and lets the fewest pass after this request. */
export function tightestOf(
  tested: readonly TestedBucket[],
  charged: boolean,
  now_us: number,
): { readonly limit_id: string; readonly remaining: number; readonly reset_ms: number } | undefined {
  let found: TestedBucket | undefined;
  for (const one of tested) {
    if (one.op.mode === 'alert_only') continue;
    if (found === undefined || remainingOf(one) < remainingOf(found)) found = one;
  }
  if (found === undefined) return undefined;
  return {
    limit_id: found.op.limit_id,
    remaining: remainingOf(found),
    reset_ms: Math.ceil((tatAfter(found, charged) - now_us) / 1_000),
  };
}

/** Neither within the limit nor let through beyond it. */
function isExceeded(one: TestedBucket): boolean {
  return one.keys_full || (!one.step.admitted && one.beyond === undefined);
}

function tatAfter(one: TestedBucket, charged: boolean): number {
  const { step, beyond } = one;
  return charged && !isExceeded(one) ? (beyond?.tat_after ?? step.tat_after) : step.tat_before;
}

function remainingOf(one: TestedBucket): number {
  if (isBucketRefused(one) || one.keys_full || one.beyond !== undefined) return 0;
  return one.step.remaining;
}
