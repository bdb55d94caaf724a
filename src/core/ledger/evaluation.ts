import type { Buckets } from './buckets.ts';
import { type GcraStep, stepGcra } from './gcra.ts';
import type { BucketState, LedgerOp, OpOutcome } from './operation.ts';

/** What the ledger would do with the operations of one proposal. Nothing has been charged. */
export interface Evaluation {
  /** Index of the first operation that refuses; absent when all may be charged. */
  readonly refused?: number;
  /** The refusal is for want of room for another key, not for the rate. */
  readonly keys_full: boolean;
  readonly outcomes: readonly OpOutcome[];
  /** For the record: `tat_after` equals `tat_before` wherever nothing is charged. */
  readonly states: readonly BucketState[];
  /** Until no operation would refuse; 0 when none does. Rounded up. */
  readonly retry_after_ms: number;
  /** Tightest `hard_stop` bucket after this request. */
  readonly limit?: { readonly limit_id: string; readonly remaining: number; readonly reset_ms: number };
}

/** Wait named in a refusal for want of room: keys free up as their buckets drain, so there is no exact time. */
export const KEYS_FULL_RETRY_MS = 1_000;
/** Entries looked at when a tenant seems full, so that drained buckets do not refuse a live one. */
const FULL_SWEEP_BUDGET = 1_024;

interface Tested {
  readonly op: LedgerOp;
  readonly commitment: string;
  readonly step: GcraStep;
  readonly keys_full: boolean;
}

/** Tests all operations without effect; the first refusal refuses the proposal as a whole and charges none. */
export function evaluateOps(
  buckets: Buckets,
  commit: (key: string) => string,
  ops: readonly LedgerOp[],
  tenant: string,
  now_us: number,
): Evaluation {
  const tested = testAll(buckets, commit, ops, tenant, now_us);
  const first = tested.findIndex((one) => isRefusal(one));
  const charged = first === -1;
  const outcomes = tested.map((one) => outcomeOf(one, charged));
  const limit = tightest(outcomes, now_us);
  return {
    ...(charged ? {} : { refused: first }),
    keys_full: tested[first]?.keys_full ?? false,
    outcomes,
    states: tested.map((one, i) => stateOf(one, outcomes[i]?.tat_after ?? one.step.tat_before, now_us)),
    retry_after_ms: charged ? 0 : Math.max(...outcomes.map((one) => one.retry_after_ms)),
    ...(limit === undefined ? {} : { limit }),
  };
}

function testAll(
  buckets: Buckets,
  commit: (key: string) => string,
  ops: readonly LedgerOp[],
  tenant: string,
  now_us: number,
): Tested[] {
  const tested: Tested[] = [];
  // Two operations on one bucket in one proposal: the second is tested on top of the first.
  const pending = new Map<string, number>();
  let new_keys = 0;
  for (const op of ops) {
    const commitment = commit(op.key);
    const tat = pending.get(commitment) ?? buckets.tat(commitment);
    const keys_full = tat === undefined && !roomFor(buckets, tenant, new_keys + 1, now_us);
    const step = stepGcra(op, tat, now_us);
    tested.push({ op, commitment, step, keys_full });
    if (!step.admitted || keys_full) continue;
    if (tat === undefined) new_keys++;
    pending.set(commitment, step.tat_after);
  }
  return tested;
}

function roomFor(buckets: Buckets, tenant: string, more: number, now_us: number): boolean {
  if (buckets.hasRoom(tenant, more)) return true;
  buckets.sweep(now_us, FULL_SWEEP_BUDGET);
  return buckets.hasRoom(tenant, more);
}

function isExceeded(one: Tested): boolean {
  return one.keys_full || !one.step.admitted;
}

function isRefusal(one: Tested): boolean {
  return one.op.mode === 'hard_stop' && isExceeded(one);
}

function outcomeOf(one: Tested, charged: boolean): OpOutcome {
  const { op, step } = one;
  const exceeded = isExceeded(one);
  const retry_after_ms = one.keys_full ? KEYS_FULL_RETRY_MS : Math.ceil(step.retry_after_us / 1_000);
  return {
    op,
    admitted: !isRefusal(one),
    retry_after_ms: isRefusal(one) ? retry_after_ms : 0,
    remaining: one.keys_full ? 0 : step.remaining,
    tat_before: step.tat_before,
    tat_after: charged && !exceeded ? step.tat_after : step.tat_before,
    exceeded,
  };
}

function stateOf(one: Tested, tat_after: number, now_us: number): BucketState {
  return {
    limit_id: one.op.limit_id,
    key_commitment: one.commitment,
    tat_before: one.step.tat_before,
    now: now_us,
    cost: one.op.cost,
    tat_after,
    ...(one.op.mode === 'alert_only' && isExceeded(one) ? { exceeded: true as const } : {}),
  };
}

function tightest(outcomes: readonly OpOutcome[], now_us: number): Evaluation['limit'] {
  let found: OpOutcome | undefined;
  for (const one of outcomes) {
    if (one.op.mode !== 'hard_stop') continue;
    const remaining = one.admitted ? one.remaining : 0;
    if (found === undefined || remaining < (found.admitted ? found.remaining : 0)) found = one;
  }
  if (found === undefined) return undefined;
  return {
    limit_id: found.op.limit_id,
    remaining: found.admitted ? found.remaining : 0,
    reset_ms: Math.ceil((found.tat_after - now_us) / 1_000),
  };
}
