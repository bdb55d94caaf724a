import { Ledger } from '../../../../src/core/ledger/ledger.ts';
import { runIdOf } from '../../../../src/core/ledger/limit_state.ts';
import type { GcraOp } from '../../../../src/core/ledger/operation.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import type { AppendResult } from '../../../../src/core/verdict/proposal.ts';

export const T0 = 1_900_000_000_000_000;
export const SECOND = 1_000_000;
const options = {
  limit_keys_max: 1_000,
  request_window_us: 2 * SECOND,
  commit: (key: string) => `commitment of ${key}`,
};

export interface Ask {
  readonly ops: readonly GcraOp[];
  readonly now: number;
  readonly run?: string;
  readonly bearable?: number;
}

/** A ledger as the recorder drives it, with the records that it would have written. */
export class Bench {
  ledger = new Ledger(options);
  readonly log: DecisionRecord[] = [];

  ask({ ops, now, run, bearable = 0 }: Ask): DecisionRecord {
    const identity = { tenant_id: 't', agent_id: 'a', ...(run === undefined ? {} : { run: { label: run } }) };
    const id = runIdOf(identity);
    const asker = { delay_max_us: bearable, ...(id === undefined ? {} : { run: id }) };
    const found = this.ledger.evaluate(ops, 't', now, asker);
    const seq = this.log.length;
    const record = {
      ...{ seq, identity, receipt_id: `r${seq}`, request_id: `q${seq}`, request_key: `k${seq}` },
      ...{ request_digest: 'd', envoy_epoch: 'e', verdict: found.refused === undefined ? 'allow' : 'deny' },
      ledger_ms: Math.floor(now / 1_000),
      rate_limit_bucket_state: found.states,
      delay_max_ms: Math.floor(bearable / 1_000),
      ...(found.delay_ms > 0 ? { delay_ms: found.delay_ms } : {}),
      ...(found.refused === undefined ? {} : { retry_after_ms: found.retry_after_ms }),
    } as unknown as DecisionRecord;
    this.#fold(record);
    this.log.push(record);
    return record;
  }

  /** A crash: everything is read back from the records. */
  restart(): void {
    this.ledger = new Ledger(options);
    for (const record of this.log) this.#fold(record);
  }

  /** A clean stop: everything is read back from the snapshot. */
  reload(now: number): void {
    this.ledger = new Ledger(options, JSON.parse(JSON.stringify(this.ledger.snapshot(now))));
  }

  #fold(record: DecisionRecord): void {
    this.ledger.foldDecision(record, { receipt_id: record.receipt_id } as AppendResult);
  }
}
