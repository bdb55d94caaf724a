import { isEnd } from '../receipt/inspection_facts.ts';
import type { JournalRecord } from '../receipt/records.ts';

export interface Count {
  readonly name: string;
  readonly count: number;
}

/** What a range of the journal holds: page one of every report, and the manifest's predicate. Lists are sorted by name. */
export interface Population {
  readonly records: number;
  /** Per record type; lifecycle records as `lifecycle.<kind>`. */
  readonly by_type: readonly Count[];
  /** Decisions per verdict. */
  readonly by_verdict: readonly Count[];
  readonly by_reason: readonly Count[];
  /** Outcomes per state; `unknown` is what nobody could find out. */
  readonly by_outcome: readonly Count[];
  /** Requests that Envoy saw and nobody judged, per cause. */
  readonly gaps: readonly Count[];
  /** Denials that were counted instead of written, per reason; absent when there are none. They are in no other total. */
  readonly folded_denials?: readonly Count[];
  /** Inspections per state, marks included; absent when there are none. */
  readonly by_inspection?: readonly Count[];
  /**
   * Allows whose answer was to be inspected and that have no end of it in the range: what became of the answer is not
   * known, or not yet. Absent when there are none. Answers that were never asked for (`not_sent`) are not among them.
   */
  readonly answers_without_end?: number;
  readonly recoveries: number;
  readonly clock_jumps: number;
}

export class PopulationCounter {
  private records = 0;
  private readonly types = new Map<string, number>();
  private readonly verdicts = new Map<string, number>();
  private readonly reasons = new Map<string, number>();
  private readonly outcomes = new Map<string, number>();
  private readonly gaps = new Map<string, number>();
  private readonly folded = new Map<string, number>();
  private readonly inspections = new Map<string, number>();
  /** Ids of decisions; as many as records at most. */
  private readonly unended = new Set<string>();

  add(record: JournalRecord): void {
    this.records += 1;
    if (record.type === 'decision') {
      increase(this.verdicts, record.verdict);
      increase(this.reasons, record.reason);
    }
    if (record.type === 'outcome') increase(this.outcomes, record.state);
    if (record.type === 'inspection') increase(this.inspections, record.state);
    this.followAnswer(record);
    increase(this.types, record.type === 'lifecycle' ? `lifecycle.${record.lifecycle}` : record.type);
    if (record.type !== 'lifecycle') return;
    if (record.lifecycle === 'gap')
      for (const { cause, count } of record.counts) increase(this.gaps, cause, count);
    if (record.lifecycle === 'aggregate')
      for (const { reason, count } of record.counts) increase(this.folded, reason, count);
  }

  private followAnswer(record: JournalRecord): void {
    if (record.type === 'decision' && record.verdict === 'allow' && record.response !== undefined)
      this.unended.add(record.receipt_id);
    if (record.type === 'outcome' && record.state === 'not_sent') this.unended.delete(record.decision_ref);
    if (record.type === 'inspection' && record.part === 'response' && isEnd(record))
      this.unended.delete(record.decision_ref);
  }

  result(): Population {
    return {
      records: this.records,
      by_type: sorted(this.types),
      by_verdict: sorted(this.verdicts),
      by_reason: sorted(this.reasons),
      by_outcome: sorted(this.outcomes),
      gaps: sorted(this.gaps),
      ...(this.folded.size === 0 ? {} : { folded_denials: sorted(this.folded) }),
      ...(this.inspections.size === 0 ? {} : { by_inspection: sorted(this.inspections) }),
      ...(this.unended.size === 0 ? {} : { answers_without_end: this.unended.size }),
      recoveries: this.types.get('lifecycle.recovery') ?? 0,
      clock_jumps: this.types.get('lifecycle.clock') ?? 0,
    };
  }
}

function increase(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, Math.min((counts.get(name) ?? 0) + by, Number.MAX_SAFE_INTEGER));
}

function sorted(counts: ReadonlyMap<string, number>): Count[] {
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
