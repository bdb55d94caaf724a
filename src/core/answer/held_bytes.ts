import { RawBytes } from '../body/raw_bytes.ts';

/** Bytes that wait: the event under way, and whole events that were judged and may not go on yet. */
export class HeldBytes {
  readonly #block = new RawBytes();
  readonly #judged = new RawBytes();

  get blockBytes(): number {
    return this.#block.length;
  }

  get bytes(): number {
    return this.#block.length + this.#judged.length;
  }

  /** Keeps a copy. */
  push(piece: Uint8Array): void {
    this.#block.append(piece);
  }

  /** The event under way is whole; returns its bytes, valid until the next push. */
  settle(): Uint8Array {
    const block = this.#block.view();
    this.#judged.append(block);
    this.#block.clear();
    return block;
  }

  /** Whole events; nothing waits any more but the one under way. */
  release(): Uint8Array {
    const judged = this.#judged.view().slice();
    this.#judged.clear();
    return judged;
  }
}
