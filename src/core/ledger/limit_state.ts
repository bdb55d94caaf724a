import type { DecisionRecord } from '../receipt/records.ts';
import { type BucketEntry, Buckets } from './buckets.ts';
import { type Evaluation, evaluateOps } from './evaluation.ts';
import type { LedgerOp } from './operation.ts';

/** `[run id, seq of its first allow]` */
export type RunStart = readonly [string, number];

/** Runs whose first allow is remembered; a further one never gets the grace of a `soft_stop` limit. */
const RUN_STARTS_MAX = 100_000;

/**
 * What limits are judged on: buckets, and when each run began. A fold over decision records alone, shared by the ledger
 * and by replay.
 */
export class LimitState {
  readonly buckets: Buckets;
  readonly #runs: Map<string, number>;

  constructor(
    keys_max: number,
    from?: {
      readonly buckets: readonly BucketEntry[];
      readonly runs?: readonly RunStart[];
      readonly exhausted_us?: number;
    },
  ) {
    this.buckets = new Buckets(keys_max);
    for (const entry of from?.buckets ?? []) this.buckets.restore(entry);
    this.#runs = new Map(from?.runs);
    this.buckets.exhausted_us = from?.exhausted_us;
  }

  /** A restore record: nobody knows what was charged before, so every bucket counts as used up at that ledger time. */
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
    return evaluateOps(this.buckets, commit, ops, tenant, now_us, {
      ...(asker.delay_max_us === undefined ? {} : { delay_max_us: asker.delay_max_us }),
      ...(asker.run === undefined ? {} : { run: this.#runOf(asker.run) }),
    });
  }

  fold(record: DecisionRecord): void {
    const { identity, seq } = record;
    if (identity === undefined) return;
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

  snapshot(now_us: number): {
    readonly buckets: readonly BucketEntry[];
    readonly runs: readonly RunStart[];
    readonly exhausted_us?: number;
  } {
    const { exhausted_us } = this.buckets;
    return {
      ...(exhausted_us === undefined ? {} : { exhausted_us }),
      buckets: [...this.buckets.entries()].filter(([, , tat]) => tat > now_us),
      runs: [...this.#runs],
    };
  }

  #runOf(id: string): { readonly id: string; readonly first_allow_seq?: number } {
    const first_allow_seq = this.#runs.get(id);
    return first_allow_seq === undefined ? { id } : { id, first_allow_seq };
  }
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
