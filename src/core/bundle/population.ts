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

  add(record: JournalRecord): void {
    this.records += 1;
    if (record.type === 'decision') {
      increase(this.verdicts, record.verdict);
      increase(this.reasons, record.reason);
    }
    if (record.type === 'outcome') increase(this.outcomes, record.state);
    increase(this.types, record.type === 'lifecycle' ? `lifecycle.${record.lifecycle}` : record.type);
    if (record.type !== 'lifecycle') return;
    if (record.lifecycle === 'gap')
      for (const { cause, count } of record.counts) increase(this.gaps, cause, count);
    if (record.lifecycle === 'aggregate')
      for (const { reason, count } of record.counts) increase(this.folded, reason, count);
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
