import type { DecisionRecord, InspectionRecord, OutcomeState } from '../receipt/records.ts';
import type { AppendResult } from '../verdict/proposal.ts';
import type { BudgetSettlement } from './budget_operation.ts';
import { DecidedRequests } from './decided_requests.ts';
import type { Evaluation } from './evaluation.ts';
import { type LimitEntries, LimitState } from './limit_state.ts';
import { type OpenDecision, OpenDecisions } from './open_decisions.ts';
import type { LedgerOp } from './operation.ts';
import { type QuotaState, quotaState } from './quota.ts';
import { type Recall, type Remembered, RequestMemory } from './request_memory.ts';
import type { CallCost } from './reservations.ts';

export interface LedgerOptions {
  /** Distinct live bucket keys per tenant. */
  readonly limit_keys_max: number;
  /** How long a request key answers with its first result: twice the Check time-out. */
  readonly request_window_us: number;
  /** Hex HMAC of a bucket key. State is keyed by it, so that records alone rebuild the state. */
  readonly commit: (key: string) => string;
}

export interface LedgerSnapshot extends LimitEntries {
  readonly requests: readonly (readonly [string, Remembered])[];
  readonly open: readonly OpenDecision[];
  /** Ids of the last requests that were denied or never left; absent in older snapshots. */
  readonly decided?: readonly string[];
}

/** Allows that may wait for an outcome at one time; beyond, nothing more is admitted until outcomes arrive. */
export const OPEN_DECISIONS_MAX = 250_000;
/** Request keys remembered at one time. */
export const REQUEST_KEYS_MAX = 500_000;

/**
 * The state of the data plane: a fold over journal records. `evaluate` has no effect; `foldDecision`,
 * `foldInspection` and `foldOutcome` are the only way state changes, the same for a record just written and for one read at start.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #limits: LimitState;
  readonly #decided = new DecidedRequests();
  readonly #requests: RequestMemory;
  readonly #open = new OpenDecisions();

  constructor(options: LedgerOptions, snapshot?: LedgerSnapshot) {
    this.#options = options;
    this.#limits = new LimitState(options.limit_keys_max, snapshot);
    this.#requests = new RequestMemory(options.request_window_us);
    if (snapshot === undefined) return;
    for (const request_id of snapshot.decided ?? []) this.#decided.add(request_id);
    this.#requests.restore(snapshot.requests);
    for (const decision of snapshot.open) this.#open.open(decision);
  }

  get openCount(): number {
    return this.#open.size;
  }

  get bucketCount(): number {
    return this.#limits.buckets.size;
  }

  /** False when a memory is full and nothing more may be admitted. */
  get hasRoom(): boolean {
    return this.#open.size < OPEN_DECISIONS_MAX && this.#requests.size < REQUEST_KEYS_MAX;
  }

  recall(request_key: string, request_digest: string, now_us: number): Recall {
    return this.#requests.recall(request_key, request_digest, now_us);
  }

  /** `run` is whose grace a `soft_stop` limit looks at; `delay_max_us` how long a `throttle` may hold the answer back. */
  evaluate(
    ops: readonly LedgerOp[],
    tenant: string,
    now_us: number,
    asker: { readonly run?: string; readonly delay_max_us?: number } = {},
  ): Evaluation {
    return this.#limits.evaluate(this.#options.commit, ops, tenant, now_us, asker);
  }

  /** How much is left in the bucket of an operation. Without effect. */
  quota(op: LedgerOp, now_us: number): QuotaState {
    return quotaState(this.#limits, this.#options.commit, op, now_us);
  }

  foldDecision(record: DecisionRecord, result: AppendResult): void {
    const now_us = record.ledger_ms * 1_000;
    this.#limits.fold(record);
    this.#requests.remember(record.request_key, record.request_digest, result, now_us);
    if (record.verdict === 'allow') this.#open.open(openDecisionOf(record));
    else this.#decided.add(record.request_id);
  }

  /** Whether a decision is known for a request whose log line names none: an allow that is open, or a recent request that never left. */
  isDecided(request_id: string): boolean {
    return this.#open.find(undefined, request_id) !== undefined || this.#decided.has(request_id);
  }

  /** What an answered call comes to in each budget that it holds something of; undefined: in none. Without effect. */
  settlementOf(receipt_id: string, cost: CallCost, now_us: number): readonly BudgetSettlement[] | undefined {
    return this.#limits.settlementOf(receipt_id, cost, now_us);
  }

  /** What the record of an answer says that was settled. */
  foldInspection({ decision_ref, settled, ledger_ms }: InspectionRecord): void {
    if (settled !== undefined) this.#limits.foldSettlement(decision_ref, settled, ledger_ms * 1_000);
  }

  /** A restore record: every bucket and every budget counts as used up at that ledger time. */
  exhaust(at_us: number): void {
    this.#limits.exhaust(at_us);
  }

  foldOutcome(decision_ref: string, state: OutcomeState | undefined, now_us: number): void {
    this.#limits.foldOutcome(decision_ref, state, now_us);
    const open = this.#open.find(decision_ref, '');
    if (open !== undefined && state === 'not_sent') this.#decided.add(open.request_id);
    this.#open.close(decision_ref);
  }

  findOpen(receipt_id: string | undefined, request_id: string): OpenDecision | undefined {
    return this.#open.find(receipt_id, request_id);
  }

  /** Oldest first. */
  openDecisions(): IterableIterator<OpenDecision> {
    return this.#open.values();
  }

  /** Drops what time has made void, looking at no more than `budget` buckets and as many budgets. */
  sweep(now_us: number, budget: number): void {
    this.#limits.sweep(now_us, budget);
    this.#requests.age(now_us);
  }

  snapshot(now_us: number): LedgerSnapshot {
    return {
      ...this.#limits.snapshot(now_us),
      decided: this.#decided.all(),
      requests: [...this.#requests.live(now_us)],
      open: [...this.#open.values()],
    };
  }
}

function openDecisionOf(record: DecisionRecord): OpenDecision {
  // decide.ts constructs an allow only for a principal, so an allow without one is a broken invariant.
  if (record.identity === undefined) throw new Error('an allow without a principal');
  const { tenant_id, agent_id, run } = record.identity;
  return {
    receipt_id: record.receipt_id,
    request_id: record.request_id,
    envoy_epoch: record.envoy_epoch,
    ledger_ms: record.ledger_ms,
    tenant_id,
    agent_id,
    ...(run === undefined ? {} : { run_label: run.label }),
  };
}
