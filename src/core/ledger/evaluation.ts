import { type Asker, type Beyond, beyondLimit, exhaustedTat, nearOf, waitBeyond } from './beyond_limit.ts';
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
  /** How long the answer must be held back; 0 when nothing is delayed. Rounded up. */
  readonly delay_ms: number;
  /** Tightest bucket that may refuse, after this request. */
  readonly limit?: { readonly limit_id: string; readonly remaining: number; readonly reset_ms: number };
}

/** Wait named in a refusal for want of room: keys free up as their buckets drain, so there is no exact time. */
export const KEYS_FULL_RETRY_MS = 1_000;
/** Entries looked at when a tenant seems full, so that drained buckets do not refuse a live one. */
const FULL_SWEEP_BUDGET = 1_024;

/** The same buckets when the request is refused for another reason: what charging added goes with the charge. */
export function unchargedStates(evaluation: Evaluation): readonly BucketState[] {
  return evaluation.states.map(({ near: _, exceeded, ...state }) => ({
    ...state,
    tat_after: state.tat_before,
    ...(exceeded !== undefined && state.tat_after === state.tat_before ? { exceeded } : {}),
  }));
}

interface Tested {
  readonly op: LedgerOp;
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

/** Tests all operations without effect; the first refusal refuses the proposal as a whole and charges none. */
export function evaluateOps(
  buckets: Buckets,
  commit: (key: string) => string,
  ops: readonly LedgerOp[],
  tenant: string,
  now_us: number,
  asker: Asker = {},
): Evaluation {
  const tested = testAll(buckets, commit, ops, tenant, now_us, asker);
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
    delay_ms: charged ? Math.ceil(Math.max(0, ...outcomes.map((one) => one.delay_us)) / 1_000) : 0,
    ...(limit === undefined ? {} : { limit }),
  };
}

function testAll(
  buckets: Buckets,
  commit: (key: string) => string,
  ops: readonly LedgerOp[],
  tenant: string,
  now_us: number,
  asker: Asker,
): Tested[] {
  const tested: Tested[] = [];
  // Two operations on one bucket in one proposal: the second is tested on top of the first.
  const pending = new Map<string, number>();
  let new_keys = 0;
  for (const op of ops) {
    const commitment = commit(op.key);
    const bucket = buckets.live(commitment, now_us);
    const tat = pending.get(commitment) ?? bucket?.tat ?? exhaustedTat(op, buckets.exhausted_us);
    const isNew = !pending.has(commitment) && !buckets.has(commitment);
    const keys_full = isNew && !roomFor(buckets, tenant, new_keys + 1, now_us);
    const step = stepGcra(op, tat, now_us);
    const beyond = step.admitted ? undefined : beyondLimit(op, step, bucket, asker, now_us);
    const wait_us = step.admitted ? 0 : waitBeyond(op, step, asker);
    tested.push({ op, commitment, step, keys_full, beyond, wait_us, near: bucket?.near ?? 0 });
    if ((!step.admitted && beyond === undefined) || keys_full) continue;
    if (isNew) new_keys++;
    pending.set(commitment, beyond?.tat_after ?? step.tat_after);
  }
  return tested;
}

function roomFor(buckets: Buckets, tenant: string, more: number, now_us: number): boolean {
  if (buckets.hasRoom(tenant, more)) return true;
  buckets.sweep(now_us, FULL_SWEEP_BUDGET);
  return buckets.hasRoom(tenant, more);
}

/** Neither within the limit nor let through beyond it. */
function isExceeded(one: Tested): boolean {
  return one.keys_full || (!one.step.admitted && one.beyond === undefined);
}

function isRefusal(one: Tested): boolean {
  return one.op.mode !== 'alert_only' && isExceeded(one);
}

function outcomeOf(one: Tested, charged: boolean): OpOutcome {
  const { op, step, beyond } = one;
  const exceeded = isExceeded(one);
  const retry_after_ms = one.keys_full ? KEYS_FULL_RETRY_MS : Math.ceil(one.wait_us / 1_000);
  return {
    op,
    admitted: !isRefusal(one),
    retry_after_ms: isRefusal(one) ? retry_after_ms : 0,
    remaining: one.keys_full || beyond !== undefined ? 0 : step.remaining,
    tat_before: step.tat_before,
    tat_after: charged && !exceeded ? (beyond?.tat_after ?? step.tat_after) : step.tat_before,
    exceeded,
    delay_us: charged ? (beyond?.delay_us ?? 0) : 0,
  };
}

function stateOf(one: Tested, tat_after: number, now_us: number): BucketState {
  const { op, step, beyond } = one;
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

function tightest(outcomes: readonly OpOutcome[], now_us: number): Evaluation['limit'] {
  let found: OpOutcome | undefined;
  for (const one of outcomes) {
    if (one.op.mode === 'alert_only') continue;
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
