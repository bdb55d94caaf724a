/** Commitments kept at hand; beyond, all are forgotten and computed again. */
const CACHED_MAX = 65_536;

/** Commitments of bucket keys. The keys of live agents come back with every request, so an HMAC each time would be waste. */
export class KeyCommitments {
  readonly #compute: (key: string) => string;
  readonly #cache = new Map<string, string>();

  constructor(compute: (key: string) => string) {
    this.#compute = compute;
  }

  of(key: string): string {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const commitment = this.#compute(key);
    if (this.#cache.size >= CACHED_MAX) this.#cache.clear();
    this.#cache.set(key, commitment);
    return commitment;
  }
}
