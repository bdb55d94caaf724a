import { type Bucket, GRACE_RUNS_MAX, USED_UP } from './buckets.ts';
import type { GcraStep } from './gcra.ts';
import type { GcraOp } from './operation.ts';

/** Who asks, and how long the gateway could hold the answer back. */
export interface Asker {
  /** The longest wait that the gateway can bear now; absent or 0: none, and `throttle` refuses. */
  readonly delay_max_us?: number;
  /** The request's run, and the record of its first allow when there was one. */
  readonly run?: { readonly id: string; readonly first_allow_seq?: number };
}

/** How a request that the bucket refuses passes all the same, charged. */
export interface Beyond {
  readonly tat_after: number;
  /** Until the slot that it reserves. */
  readonly delay_us: number;
  readonly kind: 'delayed' | 'graced';
}

const OVERDRAFT_DIVISOR = 10;

/** Undefined: it does not pass. `step` is a refusal. */
export function beyondLimit(
  op: GcraOp,
  step: GcraStep,
  bucket: Bucket | undefined,
  asker: Asker,
  now_us: number,
): Beyond | undefined {
  const tat_after = step.tat_before + op.cost * op.period_us;
  if (op.mode === 'throttle') {
    const fits = isEverAdmitted(op) && step.retry_after_us <= longestDelay(op, asker);
    return fits ? { tat_after, delay_us: step.retry_after_us, kind: 'delayed' } : undefined;
  }
  const capacity = op.tolerance_us + op.period_us;
  const overdraft = Math.floor(capacity / OVERDRAFT_DIVISOR);
  if (op.mode !== 'soft_stop' || tat_after > now_us + capacity + overdraft) return undefined;
  return isInGrace(op, bucket, asker, now_us) ? { tat_after, delay_us: 0, kind: 'graced' } : undefined;
}

/**
 * The tat of a bucket that was used up at that time to the last overdraft, whoever used it: no lawful state of that time
 * was higher, so starting from it never refills anything. Undefined when nothing was used up.
 */
export function exhaustedTat(op: GcraOp, exhausted_us: number | undefined): number | undefined {
  if (exhausted_us === undefined) return undefined;
  const capacity = op.tolerance_us + op.period_us;
  const beyond = op.mode === 'soft_stop' ? Math.floor(capacity / OVERDRAFT_DIVISOR) : 0;
  return exhausted_us + capacity + beyond + (op.mode === 'throttle' ? (op.max_delay_us ?? 0) : 0);
}

/** Until a refused request would pass, delayed or not. */
export function waitBeyond(op: GcraOp, step: GcraStep, asker: Asker): number {
  if (op.mode !== 'throttle') return step.retry_after_us;
  return Math.max(1, step.retry_after_us - longestDelay(op, asker));
}

/** The highest percentage that is reached at this arrival time: `USED_UP`, the op's own, or 0. */
export function nearOf(op: GcraOp, tat_after: number, now_us: number): number {
  // A bucket that lets one request in at a time is either empty or used up: that is no event.
  if (op.near_percent === undefined || op.tolerance_us === 0) return 0;
  if (tat_after > now_us + op.tolerance_us) return USED_UP;
  const threshold = Math.ceil((op.near_percent * (op.tolerance_us + op.period_us)) / 100);
  return tat_after - now_us >= threshold ? op.near_percent : 0;
}

/** More at once than the bucket holds never has a slot. */
function isEverAdmitted(op: GcraOp): boolean {
  return (op.cost - 1) * op.period_us <= op.tolerance_us;
}

function longestDelay(op: GcraOp, { delay_max_us = 0 }: Asker): number {
  return Math.min(op.max_delay_us ?? 0, delay_max_us);
}

/** The run was at work before the bucket was used up, and has calls and time left. */
function isInGrace(op: GcraOp, bucket: Bucket | undefined, { run }: Asker, now_us: number): boolean {
  const crossing = bucket?.crossing;
  if (bucket === undefined || crossing === undefined || run?.first_allow_seq === undefined) return false;
  if (run.first_allow_seq >= crossing.seq || now_us - crossing.us > (op.grace_us ?? 0)) return false;
  const calls = bucket.grace?.get(run.id);
  if (calls === undefined && (bucket.grace?.size ?? 0) >= GRACE_RUNS_MAX) return false;
  return (calls ?? 0) < (op.grace_calls ?? 0);
}
