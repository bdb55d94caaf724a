/** `in`: what the client sends. */
export type Direction = 'in' | 'out';

/** Counts payload bytes of both directions against one cap. */
export class Meter {
  readonly #max: number;
  readonly #bytes = { in: 0, out: 0 };

  constructor(maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#max = maxBytes;
  }

  /** How many of so many bytes may go on; they count as gone. */
  take(direction: Direction, bytes: number): number {
    const { in: sent, out: received } = this.#bytes;
    const granted = Math.min(bytes, this.#max - sent - received);
    this.#bytes[direction] += granted;
    return granted;
  }

  get bytes(): { readonly bytes_in: number; readonly bytes_out: number } {
    return { bytes_in: this.#bytes.in, bytes_out: this.#bytes.out };
  }
}
