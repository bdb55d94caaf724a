import { stepGcra } from '../ledger/gcra.ts';
import type { BucketState } from '../ledger/operation.ts';
import type { CompiledPolicy, LimitDemand } from '../policy/compiled.ts';
import type { DecisionRecord } from '../receipt/records.ts';
import { decide } from './decide.ts';
import { inputsOf, whyNotReplayable } from './recorded_inputs.ts';

/** One place where judging again gave something else. Values are printable. */
export interface ReplayDifference {
  readonly seq: number;
  readonly receipt_id: string;
  readonly field: 'verdict' | 'reason' | 'rule_id' | 'would_be' | 'limits' | 'bucket' | 'inputs';
  readonly recorded: string;
  readonly replayed: string;
}

export type ReplayOutcome =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly differences: readonly ReplayDifference[] }
  /** The record says that its inputs do not suffice, or another engine judged it. */
  | { readonly kind: 'skipped'; readonly why: string };

/**
 * Re-decides recorded decisions in journal order. Identity and request are taken as facts; the verdict, its rule and
 * its limits must come out the same. With `complete`, bucket states are folded from the first record on and the
 * recorded ones must continue them; otherwise recorded states are trusted and only the arithmetic is checked.
 */
export class Replay {
  readonly #complete: boolean;
  /** Theoretical arrival time by bucket commitment, microseconds. Bounded by the number of buckets in the bundle. */
  readonly #tats = new Map<string, number>();

  constructor(options: { complete: boolean }) {
    this.#complete = options.complete;
  }

  decision(record: DecisionRecord, policy: CompiledPolicy): ReplayOutcome {
    const why = whyNotReplayable(record);
    if (why !== undefined) return { kind: 'skipped', why };
    const differences: ReplayDifference[] = [];
    const differ = (field: ReplayDifference['field'], recorded: string, replayed: string) => {
      if (recorded !== replayed) {
        differences.push({ seq: record.seq, receipt_id: record.receipt_id, field, recorded, replayed });
      }
    };
    const inputs = inputsOf(record);
    if (inputs === undefined) {
      differ('inputs', 'a judged request', 'identity or request facts that contradict themselves');
      return { kind: 'different', differences };
    }
    const { verdict, demands } = decide(policy, inputs.identity, inputs.request, inputs.circumstances);
    const charged = this.#limits(record, demands, differ);
    differ('verdict', record.verdict, charged === undefined ? verdict.verdict : 'deny');
    differ('reason', record.reason, charged?.reason ?? verdict.reason);
    differ(
      'rule_id',
      record.rule_id ?? '-',
      charged === undefined ? (verdict.rule_id ?? '-') : charged.rule_id,
    );
    differ('would_be', shadowText(record.would_be), shadowText(verdict.would_be));
    return differences.length === 0 ? { kind: 'same' } : { kind: 'different', differences };
  }

  /** Checks each bucket's arithmetic; returns the denial of the first one that refuses. */
  #limits(
    record: DecisionRecord,
    demands: readonly LimitDemand[],
    differ: (field: ReplayDifference['field'], recorded: string, replayed: string) => void,
  ): { reason: DecisionRecord['reason']; rule_id: string } | undefined {
    const states = record.rate_limit_bucket_state ?? [];
    const ids = (list: readonly { limit_id: string }[]) => list.map(({ limit_id }) => limit_id).join(',');
    differ('limits', ids(states), ids(demands.map(({ op }) => op)));
    const steps = states.flatMap((state, i) => {
      const demand = demands[i];
      return demand === undefined
        ? []
        : [{ state, demand, step: stepGcra(demand.op, state.tat_before, state.now) }];
    });
    // Whether there was room for another key is not in the record: that refusal is taken as a fact.
    const full =
      record.reason === 'LIMIT_KEYS' ? { reason: record.reason, rule_id: record.rule_id ?? '-' } : undefined;
    const refusal = steps.find(({ demand, step }) => demand.op.mode === 'hard_stop' && !step.admitted);
    const charges = refusal === undefined && full === undefined;
    for (const { state, step } of steps) {
      if (this.#complete) differ('bucket', String(state.tat_before), String(this.#folded(state)));
      differ(
        'bucket',
        String(state.tat_after),
        String(charges && !state.exceeded ? step.tat_after : step.tat_before),
      );
      this.#tats.set(state.key_commitment, state.tat_after);
    }
    return full ?? refusal?.demand.denial;
  }

  /** What the bucket must have held: an arrival time in the past equals none. */
  #folded(state: BucketState): number {
    return Math.max(this.#tats.get(state.key_commitment) ?? 0, state.now);
  }
}

function shadowText(shadow: DecisionRecord['would_be']): string {
  if (shadow === undefined) return '-';
  const { verdict, reason, rule_id = '-', policy_hash = '-' } = shadow;
  return `${verdict} ${reason} ${rule_id} ${policy_hash}`;
}
