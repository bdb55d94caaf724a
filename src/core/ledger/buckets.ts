import { TenantEntries } from './tenant_entries.ts';
import type { TenantKeys } from './tenant_keys.ts';

/** When a bucket was used up: ledger time and the record that did it. Void once the bucket has drained. */
export interface Crossing {
  readonly us: number;
  readonly seq: number;
}

/** One live bucket. All but `tat` belongs to the time since it was last empty. */
export interface Bucket {
  /** Theoretical arrival time, microseconds. */
  readonly tat: number;
  /** Highest percentage that was recorded as reached; 0: none. */
  readonly near: number;
  readonly crossing?: Crossing;
  /** Calls by run beyond the limit, since the crossing. */
  readonly grace?: ReadonlyMap<string, number>;
}

/** What `BucketEntry` keeps beyond the arrival time. */
interface Episode {
  readonly near: number;
  readonly crossing?: Crossing;
  readonly grace?: readonly (readonly [string, number])[];
}

/** `[key commitment, tenant, tat_us]`, then what is known of the time since the bucket was empty, if anything. */
export type BucketEntry = readonly [string, string, number] | readonly [string, string, number, Episode];

/** One charge as a record tells it. */
export interface Charge {
  readonly commitment: string;
  readonly tenant: string;
  readonly tat: number;
  readonly now_us: number;
  readonly near?: number;
  /** The record's place. */
  readonly seq: number;
  /** Beyond the limit, in the grace of this run. */
  readonly graced_run?: string;
}

/** Runs of one bucket whose grace is counted; a further one gets none. */
export const GRACE_RUNS_MAX = 256;
export const USED_UP = 100;

interface Entry {
  readonly tenant: string;
  tat: number;
  near: number;
  crossing?: Crossing;
  grace?: Map<string, number>;
}

/** Rate buckets by key commitment. An entry with tat <= now is equivalent to none, so it may be dropped at any time. */
export class Buckets {
  readonly #entries: TenantEntries<Entry>;
  /** Ledger time at which every bucket, known or not, counted as used up; see `RestoreFacts`. */
  exhausted_us: number | undefined;

  constructor(keys: TenantKeys) {
    this.#entries = new TenantEntries(keys, (tenant) => ({ tenant, tat: 0, near: 0 }));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Undefined when there is none or it has drained: both mean the same. */
  live(commitment: string, now_us: number): Bucket | undefined {
    const entry = this.#entries.get(commitment);
    return entry === undefined || entry.tat <= now_us ? undefined : entry;
  }

  has(commitment: string): boolean {
    return this.#entries.has(commitment);
  }

  charge({ commitment, tenant, tat, now_us, near, seq, graced_run }: Charge): void {
    const entry = this.#entries.getOrAdd(commitment, tenant);
    if (entry.tat <= now_us) forget(entry);
    entry.tat = tat;
    if (near !== undefined) entry.near = near;
    if (near === USED_UP) entry.crossing ??= { us: now_us, seq };
    if (graced_run === undefined) return;
    entry.grace ??= new Map();
    entry.grace.set(graced_run, (entry.grace.get(graced_run) ?? 0) + 1);
  }

  restore([commitment, tenant, tat, episode]: BucketEntry): void {
    const entry = this.#entries.getOrAdd(commitment, tenant);
    entry.tat = tat;
    if (episode === undefined) return;
    entry.near = episode.near;
    if (episode.crossing !== undefined) entry.crossing = episode.crossing;
    if (episode.grace !== undefined) entry.grace = new Map(episode.grace);
  }

  /** Looks at no more than `budget` entries, continuing where the last sweep stopped. */
  sweep(now_us: number, budget: number): void {
    this.#entries.sweep(budget, ({ tat }) => tat <= now_us);
  }

  *entries(): Generator<BucketEntry> {
    for (const [commitment, { tenant, tat, near, crossing, grace }] of this.#entries) {
      if (near === 0) yield [commitment, tenant, tat];
      else
        yield [
          commitment,
          tenant,
          tat,
          {
            near,
            ...(crossing === undefined ? {} : { crossing }),
            ...(grace === undefined ? {} : { grace: [...grace] }),
          },
        ];
    }
  }
}

function forget(entry: Entry): void {
  entry.near = 0;
  delete entry.crossing;
  delete entry.grace;
}
