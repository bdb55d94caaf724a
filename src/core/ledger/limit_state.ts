import type { DecisionRecord, OutcomeState } from '../receipt/records.ts';
import type { BucketEntry, Buckets } from './buckets.ts';
import type { BudgetSettlement } from './budget_operation.ts';
import type { BudgetEntry, Budgets } from './budgets.ts';
import { type Evaluation, evaluateOps } from './evaluation.ts';
import { LimitMemory } from './limit_memory.ts';
import type { LedgerOp } from './operation.ts';
import { type CallCost, isCharged, type Reservation, Reservations } from './reservations.ts';

/** `[run id, seq of its first allow]` */
export type RunStart = readonly [string, number];

/** Runs whose first allow is remembered; a further one never gets the grace of a `soft_stop` limit. */
const RUN_STARTS_MAX = 100_000;

/** What limits are judged on, as a snapshot keeps it. */
export interface LimitEntries {
  readonly buckets: readonly BucketEntry[];
  /** Absent in snapshots of before there were budgets. */
  readonly budgets?: readonly BudgetEntry[];
  readonly reservations?: readonly Reservation[];
  /** First allow of each run; absent in snapshots of before there was `soft_stop`. */
  readonly runs?: readonly RunStart[];
  /** Ledger time of the restore record, when the log began with one. */
  readonly exhausted_us?: number;
}

/**
 * What limits are judged on: buckets, budgets with what open calls hold of them, and when each run began. A fold over
 * records alone, shared by the ledger and by replay.
 */
export class LimitState {
  readonly #memory: LimitMemory;
  readonly #reservations: Reservations;
  readonly #runs: Map<string, number>;

  constructor(keys_max: number, from?: LimitEntries) {
    this.#memory = new LimitMemory(keys_max);
    this.#reservations = new Reservations(this.budgets);
    for (const entry of from?.buckets ?? []) this.buckets.restore(entry);
    for (const entry of from?.budgets ?? []) this.budgets.restore(entry);
    this.#reservations.restore(from?.reservations ?? []);
    this.#runs = new Map(from?.runs);
    this.buckets.exhausted_us = from?.exhausted_us;
  }

  get buckets(): Buckets {
    return this.#memory.buckets;
  }

  get budgets(): Budgets {
    return this.#memory.budgets;
  }

  /** A restore record: nobody knows what was charged before, so everything counts as used up at that ledger time. */
  exhaust(at_us: number): void {
    this.buckets.exhausted_us = at_us;
  }

  /** Without effect. */
  evaluate(
    commit: (key: string) => string,
    ops: readonly LedgerOp[],
    tenant: string,
    now_us: number,
    asker: { readonly run?: string; readonly delay_max_us?: number } = {},
  ): Evaluation {
    return evaluateOps(this.#memory, commit, ops, tenant, now_us, {
      ...(asker.delay_max_us === undefined ? {} : { delay_max_us: asker.delay_max_us }),
      ...(asker.run === undefined ? {} : { run: this.#runOf(asker.run) }),
    });
  }

  fold(record: DecisionRecord): void {
    const { identity, seq } = record;
    if (identity === undefined) return;
    this.#foldBudgets(record, identity.tenant_id);
    const run = runIdOf(identity);
    for (const {
      key_commitment,
      tat_before,
      tat_after,
      now,
      near,
      exceeded,
    } of record.rate_limit_bucket_state ?? []) {
      if (tat_after === tat_before) continue;
      this.buckets.charge({
        commitment: key_commitment,
        tenant: identity.tenant_id,
        tat: tat_after,
        now_us: now,
        seq,
        ...(near === undefined ? {} : { near }),
        ...(exceeded === true && run !== undefined ? { graced_run: run } : {}),
      });
    }
    if (record.verdict !== 'allow' || run === undefined || this.#runs.has(run)) return;
    if (this.#runs.size < RUN_STARTS_MAX) this.#runs.set(run, seq);
  }

  /** What the call comes to in each budget that it holds something of; undefined: in none. Without effect. */
  settlementOf(receipt_id: string, cost: CallCost, now_us: number): readonly BudgetSettlement[] | undefined {
    return this.#reservations.settlementOf(receipt_id, cost, wholeMs(now_us));
  }

  foldSettlement(receipt_id: string, settled: readonly BudgetSettlement[], now_us: number): void {
    this.#reservations.settle(receipt_id, settled, now_us);
  }

  foldOutcome(receipt_id: string, state: OutcomeState | undefined, now_us: number): void {
    this.#reservations.close(receipt_id, state, now_us);
  }

  /** Drops what time has made void, looking at no more than `budget` buckets and as many budgets. */
  sweep(now_us: number, budget: number): void {
    this.#memory.sweep(now_us, budget);
    this.#reservations.age(now_us);
  }

  snapshot(now_us: number): LimitEntries {
    const { exhausted_us } = this.buckets;
    return {
      ...(exhausted_us === undefined ? {} : { exhausted_us }),
      buckets: [...this.buckets.entries()].filter(([, , tat]) => tat > now_us),
      budgets: [...this.budgets.entries(now_us)],
      reservations: this.#reservations.all(),
      runs: [...this.#runs],
    };
  }

  #foldBudgets({ receipt_id, verdict, budget_state: states }: DecisionRecord, tenant: string): void {
    if (states === undefined) return;
    for (const state of states) if (isCharged(state)) this.budgets.charge(tenant, state);
    if (verdict === 'allow') this.#reservations.hold(receipt_id, tenant, states);
  }

  #runOf(id: string): { readonly id: string; readonly first_allow_seq?: number } {
    const first_allow_seq = this.#runs.get(id);
    return first_allow_seq === undefined ? { id } : { id, first_allow_seq };
  }
}

/** Records tell whole milliseconds: what is judged before one is written must come out the same when it is folded. */
function wholeMs(now_us: number): number {
  return Math.floor(now_us / 1_000) * 1_000;
}

/** The run of a principal: a label of another tenant or agent is another run. */
export function runIdOf(identity: {
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly run?: { readonly label: string };
}): string | undefined {
  const { tenant_id, agent_id, run } = identity;
  return run === undefined ? undefined : `${tenant_id}/${agent_id}/${run.label}`;
}
