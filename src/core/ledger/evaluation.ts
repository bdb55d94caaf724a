import type { Asker } from './beyond_limit.ts';
import type { BudgetState } from './budget_operation.ts';
import type { LimitMemory } from './limit_memory.ts';
import type { BucketState, LedgerOp } from './operation.ts';
import { bucketStateOf, isBucketRefused, type TestedBucket, tightestOf, waitOf } from './tested_bucket.ts';
import { budgetStateOf, isBudgetRefused, type TestedBudget, unchargedBudget } from './tested_budget.ts';
import { Trial } from './trial.ts';

/** What the ledger would do with the operations of one proposal. Nothing has been charged. */
export interface Evaluation {
  /** Index of the first operation that refuses; absent when all may be charged. */
  readonly refused?: number;
  /** The refusal is for want of room for another key, not for the rate. */
  readonly keys_full: boolean;
  /** For the record, of buckets: `tat_after` equals `tat_before` wherever nothing is charged. */
  readonly states: readonly BucketState[];
  /** For the record, of budgets: `used_after` equals `used_before` wherever nothing is charged. */
  readonly budgets: readonly BudgetState[];
  /** Until no operation would refuse, rounded up; 0 when none does, or when no wait helps. */
  readonly retry_after_ms: number;
  /** How long the answer must be held back; 0 when nothing is delayed. Rounded up. */
  readonly delay_ms: number;
  /** Tightest bucket that may refuse, after this request. */
  readonly limit?: { readonly limit_id: string; readonly remaining: number; readonly reset_ms: number };
}

/** The same states when the request is refused for another reason: what charging added goes with the charge. */
export function unchargedStates(evaluation: Evaluation): Pick<Evaluation, 'states' | 'budgets'> {
  const states = evaluation.states.map(({ near: _, exceeded, ...state }) => ({
    ...state,
    tat_after: state.tat_before,
    ...(exceeded !== undefined && state.tat_after === state.tat_before ? { exceeded } : {}),
  }));
  return { states, budgets: evaluation.budgets.map(unchargedBudget) };
}

/** Tests all operations without effect; the first refusal refuses the proposal as a whole and charges none. */
export function evaluateOps(
  memory: LimitMemory,
  commit: (key: string) => string,
  ops: readonly LedgerOp[],
  tenant: string,
  now_us: number,
  asker: Asker = {},
): Evaluation {
  const trial = new Trial(memory, tenant, now_us, asker);
  const tested = ops.map((op) => trial.test(op, commit(op.key)));
  const first = tested.findIndex(isRefused);
  const charged = first === -1;
  const buckets = tested.filter(isBucket);
  const limit = tightestOf(buckets, charged, now_us);
  return {
    ...(charged ? {} : { refused: first }),
    keys_full: tested[first]?.keys_full ?? false,
    states: buckets.map((one) => bucketStateOf(one, charged, now_us)),
    budgets: tested.filter(isBudget).map((one) => budgetStateOf(one, charged, now_us)),
    retry_after_ms: charged ? 0 : longestWait(tested.filter(isRefused)),
    delay_ms: charged ? longestDelay(buckets) : 0,
    ...(limit === undefined ? {} : { limit }),
  };
}

type Tested = TestedBucket | TestedBudget;

function isBucket(one: Tested): one is TestedBucket {
  return one.op.op === 'gcra';
}

function isBudget(one: Tested): one is TestedBudget {
  return one.op.op === 'budget';
}

function isRefused(one: Tested): boolean {
  return isBudget(one) ? isBudgetRefused(one) : isBucketRefused(one);
}

/** One that no wait helps makes a promise about the others worthless. */
function longestWait(refused: readonly Tested[]): number {
  let longest = 0;
  for (const one of refused) {
    const wait_ms = waitOf(one.keys_full, isBudget(one) ? one.step.wait_us : one.wait_us);
    if (wait_ms === undefined) return 0;
    longest = Math.max(longest, wait_ms);
  }
  return longest;
}

function longestDelay(buckets: readonly TestedBucket[]): number {
  return Math.ceil(Math.max(0, ...buckets.map(({ beyond }) => beyond?.delay_us ?? 0)) / 1_000);
}
