/** What the demo upstream saw of one request. */
export interface Hit {
  readonly method: string;
  /** Path with query, as received. */
  readonly path: string;
  /** Lower-case names; repeated headers joined as Node does. */
  readonly headers: Readonly<Record<string, string>>;
  /** `YYYY-MM-DDTHH:MM:SS.sssZ`. */
  readonly ts: string;
}

export const HITS_MAX = 100_000;

/** The last `max` hits in order of arrival. */
export class HitLog {
  readonly #max: number;
  #hits: Hit[] = [];
  /** Index of the oldest hit once the ring is full. */
  #oldest = 0;

  constructor(max = HITS_MAX) {
    this.#max = max;
  }

  add(hit: Hit): void {
    if (this.#hits.length < this.#max) {
      this.#hits.push(hit);
      return;
    }
    this.#hits[this.#oldest] = hit;
    this.#oldest = (this.#oldest + 1) % this.#max;
  }

  clear(): void {
    this.#hits = [];
    this.#oldest = 0;
  }

  all(): readonly Hit[] {
    return [...this.#hits.slice(this.#oldest), ...this.#hits.slice(0, this.#oldest)];
  }
}
