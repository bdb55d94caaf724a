/**
 * An independent judge of all limit modes, in BigInt and from the documents' words: buckets as a level that drains, not
 * as an arrival time. Microseconds times the period are the unit of a level, so nothing is ever rounded.
 */
export interface NaiveLimit {
  readonly id: string;
  readonly mode: 'hard_stop' | 'throttle' | 'soft_stop' | 'alert_only';
  readonly period: bigint;
  readonly burst: bigint;
  readonly max_delay: bigint;
  readonly grace: bigint;
  readonly grace_calls: bigint;
}

interface Level {
  /** Microseconds of requests that are in the bucket at `at`. */
  filled: bigint;
  at: bigint;
  used_up?: { readonly at: bigint; readonly step: number };
  calls: Map<string, bigint>;
}

export interface NaiveAnswer {
  readonly allowed: boolean;
  /** Longest wait, microseconds. */
  readonly delay: bigint;
}

export class NaiveLimits {
  readonly #levels = new Map<string, Level>();
  readonly #began = new Map<string, number>();
  #step = 0;

  /** `bearable`: how long the caller could wait. All limits are tested first and charged together. */
  judge(
    wanted: readonly { readonly limit: NaiveLimit; readonly key: string }[],
    now: bigint,
    run: string | undefined,
    bearable: bigint,
  ): NaiveAnswer {
    this.#step++;
    const charges: (() => void)[] = [];
    let delay = 0n;
    for (const { limit, key } of wanted) {
      const level = this.#drained(`${limit.id} ${key}`, now);
      const capacity = limit.burst * limit.period;
      const filled = level.filled + limit.period;
      let charged = true;
      if (filled > capacity) {
        const wait = filled - capacity;
        const patience = bearable < limit.max_delay ? bearable : limit.max_delay;
        if (limit.mode === 'hard_stop') return { allowed: false, delay: 0n };
        if (limit.mode === 'throttle') {
          if (wait > patience) return { allowed: false, delay: 0n };
          if (wait > delay) delay = wait;
        }
        if (limit.mode === 'soft_stop') {
          if (!this.#mayGoOn(limit, level, filled, capacity, now, run)) return { allowed: false, delay: 0n };
          charges.push(() => level.calls.set(run ?? '', (level.calls.get(run ?? '') ?? 0n) + 1n));
        }
        if (limit.mode === 'alert_only') charged = false;
      }
      if (!charged) continue;
      const step = this.#step;
      charges.push(() => {
        level.filled = filled;
        if (filled + limit.period > capacity && limit.burst > 1n) level.used_up ??= { at: now, step };
      });
    }
    for (const charge of charges) charge();
    if (run !== undefined && !this.#began.has(run)) this.#began.set(run, this.#step);
    return { allowed: true, delay };
  }

  #mayGoOn(
    limit: NaiveLimit,
    level: Level,
    filled: bigint,
    capacity: bigint,
    now: bigint,
    run: string | undefined,
  ): boolean {
    const began = run === undefined ? undefined : this.#began.get(run);
    if (began === undefined || level.used_up === undefined || began >= level.used_up.step) return false;
    if (now - level.used_up.at > limit.grace || 10n * filled > 11n * capacity) return false;
    return (level.calls.get(run ?? '') ?? 0n) < limit.grace_calls;
  }

  #drained(name: string, now: bigint): Level {
    const known = this.#levels.get(name);
    if (known === undefined || known.filled <= now - known.at) {
      const empty: Level = { filled: 0n, at: now, calls: new Map() };
      this.#levels.set(name, empty);
      return empty;
    }
    known.filled -= now - known.at;
    known.at = now;
    return known;
  }
}
