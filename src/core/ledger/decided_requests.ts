/** Ids of decided requests that are remembered, at least; at most twice as many. */
const DECIDED_REQUESTS_MIN = 16_384;

/**
 * Request ids of the last denials, and of the last allows that never left. A Check that Envoy gave up on leaves a log
 * line without a receipt id although its decision was recorded; without this memory that line would be counted as a gap
 * as well, now or when it is read again after a crash. Bounded by count, not by time, so that a restart after hours gets
 * the same answer from the journal.
 */
export class DecidedRequests {
  #young = new Set<string>();
  #old = new Set<string>();

  add(request_id: string): void {
    this.#young.add(request_id);
    if (this.#young.size < DECIDED_REQUESTS_MIN) return;
    this.#old = this.#young;
    this.#young = new Set();
  }

  has(request_id: string): boolean {
    return this.#young.has(request_id) || this.#old.has(request_id);
  }

  /** Oldest first. */
  all(): string[] {
    return [...this.#old, ...this.#young];
  }
}
