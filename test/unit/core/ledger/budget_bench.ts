import type { BudgetOp } from '../../../../src/core/ledger/budget_operation.ts';
import type { Evaluation } from '../../../../src/core/ledger/evaluation.ts';
import { Ledger } from '../../../../src/core/ledger/ledger.ts';
import type { LedgerOp } from '../../../../src/core/ledger/operation.ts';
import type { CallCost } from '../../../../src/core/ledger/reservations.ts';
import type {
  DecisionRecord,
  InspectionRecord,
  JournalRecord,
  OutcomeRecord,
  OutcomeState,
} from '../../../../src/core/receipt/records.ts';
import type { AppendResult } from '../../../../src/core/verdict/proposal.ts';

export const T0 = 1_900_000_000_000_000;
export const MINUTE = 60_000_000;
export const HOUR = 60 * MINUTE;

export function budgetOp(overrides: Partial<BudgetOp> = {}): BudgetOp {
  return {
    op: 'budget',
    limit_id: 'spend/usd',
    key: '1:t1:a',
    unit: 'micro_usd',
    amount: 100_000,
    cap: 5_000_000,
    slot_us: MINUTE,
    slots: 61,
    anchor_us: 0,
    mode: 'hard_stop',
    near_percent: 80,
    ...overrides,
  };
}

type Entry = DecisionRecord | InspectionRecord | OutcomeRecord;

/** A ledger as the recorder drives it, with the records that it would have written. */
export class BudgetBench {
  readonly log: Entry[] = [];
  readonly #keys_max: number;
  ledger: Ledger;
  last: Evaluation | undefined;

  constructor(keys_max = 1_000) {
    this.#keys_max = keys_max;
    this.ledger = this.#empty();
  }

  ask(call: string, ops: readonly LedgerOp[], now: number): DecisionRecord {
    const found = this.ledger.evaluate(ops, 't', now);
    this.last = found;
    return this.#write({
      ...{ type: 'decision', receipt_id: call, request_id: `q${call}`, request_key: `k${call}` },
      ...{ request_digest: 'd', envoy_epoch: 'e', identity: { tenant_id: 't', agent_id: 'a' } },
      verdict: found.refused === undefined ? 'allow' : 'deny',
      reason: found.keys_full ? 'LIMIT_KEYS' : 'POLICY_ALLOW',
      ledger_ms: Math.floor(now / 1_000),
      ...(found.states.length > 0 ? { rate_limit_bucket_state: found.states } : {}),
      ...(found.budgets.length > 0 ? { budget_state: found.budgets } : {}),
      ...(found.retry_after_ms > 0 ? { retry_after_ms: found.retry_after_ms } : {}),
    }) as DecisionRecord;
  }

  /** The end of an answer, as the recorder writes it. */
  answer(call: string, cost: CallCost, now: number): InspectionRecord {
    const settled = this.ledger.settlementOf(call, cost, now);
    return this.#write({
      ...{ type: 'inspection', decision_ref: call, part: 'response', state: 'complete', ...cost },
      ledger_ms: Math.floor(now / 1_000),
      ...(settled === undefined ? {} : { settled }),
    }) as InspectionRecord;
  }

  outcome(call: string, state: OutcomeState, now: number): void {
    this.#write({ type: 'outcome', decision_ref: call, state, ledger_ms: Math.floor(now / 1_000) });
  }

  /** A crash: everything is read back from the records. */
  restart(): void {
    this.ledger = this.#empty();
    for (const record of this.log) this.#fold(record);
  }

  /** A clean stop: everything is read back from the snapshot. */
  reload(now: number): void {
    this.ledger = this.#empty(JSON.parse(JSON.stringify(this.ledger.snapshot(now))));
  }

  #empty(snapshot?: ReturnType<Ledger['snapshot']>): Ledger {
    const commit = (key: string) => `commitment of ${key}`;
    return new Ledger({ limit_keys_max: this.#keys_max, request_window_us: 2_000_000, commit }, snapshot);
  }

  #write(facts: object): JournalRecord {
    const record = { seq: this.log.length, ...facts } as unknown as Entry;
    this.log.push(record);
    this.#fold(record);
    return record;
  }

  #fold(record: Entry): void {
    if (record.type === 'decision')
      this.ledger.foldDecision(record, { receipt_id: record.receipt_id } as AppendResult);
    else if (record.type === 'inspection') this.ledger.foldInspection(record);
    else this.ledger.foldOutcome(record.decision_ref, record.state, record.ledger_ms * 1_000);
  }
}
