/** Ids of denied requests that are remembered, at least; at most twice as many. */
export const DENIED_REQUESTS_MIN = 16_384;

/**
 * Request ids of the last denials. A Check that times out leaves a log line without a receipt id although its denial
 * was recorded; without this memory it would be counted as a gap as well. Bounded by count, not by time, so that a
 * restart after hours reads the same answer from the journal.
 */
export class DeniedRequests {
  #young = new Set<string>();
  #old = new Set<string>();

  add(request_id: string): void {
    this.#young.add(request_id);
    if (this.#young.size < DENIED_REQUESTS_MIN) return;
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
