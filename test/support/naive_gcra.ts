/** An independent GCRA in BigInt nanoseconds, written from the textbook: one bucket, theoretical arrival time. */
export class NaiveGcra {
  #tat = 0n;
  readonly #interval: bigint;
  readonly #tolerance: bigint;

  /** `interval`: nanoseconds between requests at the sustained rate. `burst`: requests that may come at once. */
  constructor(interval: bigint, burst: bigint) {
    this.#interval = interval;
    this.#tolerance = (burst - 1n) * interval;
  }

  admit(now: bigint): boolean {
    const arrival = this.#tat > now ? this.#tat : now;
    if (arrival - now > this.#tolerance) return false;
    this.#tat = arrival + this.#interval;
    return true;
  }
}
