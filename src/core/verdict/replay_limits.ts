import { type Evaluation, unchargedStates } from '../ledger/evaluation.ts';
import { LimitState, runIdOf } from '../ledger/limit_state.ts';
import type { BucketState, LedgerOp } from '../ledger/operation.ts';
import type { LimitDemand } from '../policy/compiled.ts';
import type { DecisionRecord } from '../receipt/records.ts';

export type Differ = (field: 'limits' | 'bucket', recorded: string, replayed: string) => void;
export interface ReplayedDenial {
  readonly reason: DecisionRecord['reason'];
  readonly rule_id: string;
}

const US_PER_MS = 1_000;

/**
 * Judges the limits of recorded decisions again. Complete: on the state folded from the first record on, all of which
 * must come out as recorded. Otherwise on the states that the record names, which are then taken as facts.
 */
export class LimitReplay {
  readonly #complete: boolean;
  /** Bounded by the number of buckets in the bundle. */
  readonly #folded = new LimitState(Number.MAX_SAFE_INTEGER);

  constructor(complete: boolean) {
    this.#complete = complete;
  }

  /** Returns the denial that the limits come to, if any. */
  check(record: DecisionRecord, demands: readonly LimitDemand[], differ: Differ): ReplayedDenial | undefined {
    const states = record.rate_limit_bucket_state ?? [];
    const ops = demands.map(({ op }) => op);
    differ('limits', idsOf(states), idsOf(ops));
    // Whether there was room for another key is not in the record: that refusal is taken as a fact.
    const full =
      record.reason === 'LIMIT_KEYS' ? { reason: record.reason, rule_id: record.rule_id ?? '-' } : undefined;
    if (states.length === 0 || states.length !== ops.length) return full;
    const evaluation = this.#evaluate(record, states, ops);
    const expected = full === undefined ? evaluation.states : unchargedStates(evaluation);
    for (const [i, state] of states.entries()) this.#compare(state, ops[i], expected[i], differ);
    if (full !== undefined) return full;
    differ('limits', `delay ${record.delay_ms ?? 0}`, `delay ${evaluation.delay_ms}`);
    differ('limits', `wait ${record.retry_after_ms ?? 0}`, `wait ${evaluation.retry_after_ms}`);
    return evaluation.refused === undefined ? undefined : demands[evaluation.refused]?.denial;
  }

  /** MUST be called for every decision, in journal order, after its check: skipped ones have their effect as well. */
  fold(record: DecisionRecord): void {
    if (this.#complete) this.#folded.fold(record);
  }

  /** A restore record: nobody knows what was charged before it. */
  exhaust(at_us: number): void {
    this.#folded.exhaust(at_us);
  }

  #evaluate(record: DecisionRecord, states: readonly BucketState[], ops: readonly LedgerOp[]): Evaluation {
    const commitments = new Map(ops.map(({ key }, i) => [key, states[i]?.key_commitment ?? '']));
    const commit = (key: string) => commitments.get(key) ?? '';
    const { identity, delay_max_ms = 0 } = record;
    const run = identity === undefined ? undefined : runIdOf(identity);
    const limits = this.#complete ? this.#folded : stateAsRecorded(record, states, run);
    return limits.evaluate(commit, ops, identity?.tenant_id ?? '', states[0]?.now ?? 0, {
      delay_max_us: delay_max_ms * US_PER_MS,
      ...(run === undefined ? {} : { run }),
    });
  }

  #compare(
    state: BucketState,
    op: LedgerOp | undefined,
    expected: BucketState | undefined,
    differ: Differ,
  ): void {
    if (expected === undefined) return;
    // Want of room for another key is a fact here too; an `alert_only` limit then passes uncharged.
    const noRoom = op?.mode === 'alert_only' && state.exceeded === true;
    differ('bucket', String(state.tat_before), String(expected.tat_before));
    differ('bucket', String(state.tat_after), String(noRoom ? expected.tat_before : expected.tat_after));
    differ(
      'bucket',
      `exceeded ${state.exceeded === true}`,
      `exceeded ${noRoom || expected.exceeded === true}`,
    );
    if (this.#complete && !noRoom) differ('bucket', `near ${state.near ?? 0}`, `near ${expected.near ?? 0}`);
  }
}

/** What the record says that the buckets held; a grace that it says was used is taken as due. */
function stateAsRecorded(
  record: DecisionRecord,
  states: readonly BucketState[],
  run: string | undefined,
): LimitState {
  const seen = new Set<string>();
  const buckets = states
    .filter(({ key_commitment }) => !seen.has(key_commitment) && seen.add(key_commitment))
    .map(({ key_commitment, tat_before, now, exceeded }) => {
      const crossing = exceeded === true ? { crossing: { us: now, seq: record.seq } } : {};
      return [key_commitment, '', tat_before, { near: 0, ...crossing }] as const;
    });
  return new LimitState(Number.MAX_SAFE_INTEGER, { buckets, runs: run === undefined ? [] : [[run, -1]] });
}

function idsOf(list: readonly { readonly limit_id: string }[]): string {
  return list.map(({ limit_id }) => limit_id).join(',');
}
