import type { CompiledPolicy } from '../policy/compiled.ts';
import { responseText } from '../policy/response_text.ts';
import { streamText } from '../policy/stream_demands.ts';
import type { DecisionRecord, InspectionRecord, OutcomeRecord } from '../receipt/records.ts';
import { decide } from './decide.ts';
import { inputsOf, whyNotReplayable } from './recorded_inputs.ts';
import { LimitReplay } from './replay_limits.ts';

/** One place where judging again gave something else. Values are printable. */
export interface ReplayDifference {
  readonly seq: number;
  readonly receipt_id: string;
  readonly field:
    | 'verdict'
    | 'reason'
    | 'rule_id'
    | 'tunnel'
    | 'stream'
    | 'response'
    | 'would_be'
    | 'limits'
    | 'bucket'
    | 'budget'
    | 'inputs';
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
  readonly #limits: LimitReplay;

  constructor(options: { complete: boolean }) {
    this.#limits = new LimitReplay(options.complete);
  }

  decision(record: DecisionRecord, policy: CompiledPolicy): ReplayOutcome {
    const outcome = this.#judge(record, policy);
    this.#limits.fold(record);
    return outcome;
  }

  /** At a restore record: every limit begins exhausted. */
  exhaust(at_us: number): void {
    this.#limits.exhaust(at_us);
  }

  /** Of an answer: what it settles. */
  inspection(record: InspectionRecord): readonly ReplayDifference[] {
    const differences: ReplayDifference[] = [];
    const { seq, decision_ref: receipt_id } = record;
    this.#limits.inspection(record, (field, recorded, replayed) => {
      if (recorded !== replayed) differences.push({ seq, receipt_id, field, recorded, replayed });
    });
    return differences;
  }

  outcome(record: OutcomeRecord): void {
    this.#limits.outcome(record);
  }

  #judge(record: DecisionRecord, policy: CompiledPolicy): ReplayOutcome {
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
    const { verdict, demands, inspect } = decide(
      policy,
      inputs.identity,
      inputs.request,
      inputs.circumstances,
    );
    // How many bytes others were sending is not in the record: that refusal of a body to come is taken as a fact.
    const isBusy = record.reason === 'INSPECT_BUSY' && inspect !== undefined;
    const charged = this.#limits.check(record, demands, differ);
    differ('verdict', record.verdict, charged === undefined ? verdict.verdict : 'deny');
    differ('reason', record.reason, isBusy ? record.reason : (charged?.reason ?? verdict.reason));
    differ(
      'rule_id',
      record.rule_id ?? '-',
      isBusy && record.rule_id === undefined
        ? '-'
        : charged === undefined
          ? (verdict.rule_id ?? '-')
          : charged.rule_id,
    );
    // Receipts from before tunnels were told apart do not say what they opened.
    const { tls } = record.request;
    if (tls !== undefined) differ('tunnel', tls, (charged === undefined ? verdict.tunnel : undefined) ?? '-');
    differ(
      'stream',
      streamText(record.stream),
      streamText(charged === undefined ? verdict.stream : undefined),
    );
    differ(
      'response',
      responseText(record.response),
      responseText(charged === undefined ? verdict.response : undefined),
    );
    differ('would_be', shadowText(record.would_be), shadowText(verdict.would_be));
    return differences.length === 0 ? { kind: 'same' } : { kind: 'different', differences };
  }
}

function shadowText(shadow: DecisionRecord['would_be']): string {
  if (shadow === undefined) return '-';
  const { verdict, reason, rule_id = '-', policy_hash = '-' } = shadow;
  return `${verdict} ${reason} ${rule_id} ${policy_hash}`;
}
