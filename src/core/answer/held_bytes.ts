import { joinBytes } from '../canonical/bytes.ts';

/** Bytes that wait: the event under way, and whole events that were judged and may not go on yet. */
export class HeldBytes {
  #block: Uint8Array[] = [];
  #blockBytes = 0;
  #judged: Uint8Array[] = [];
  #judgedBytes = 0;
  /** A judged event was told apart already: the first one alone may begin with a BOM. */
  isFirst = true;

  get blockBytes(): number {
    return this.#blockBytes;
  }

  get bytes(): number {
    return this.#blockBytes + this.#judgedBytes;
  }

  push(piece: Uint8Array): void {
    this.#block.push(piece);
    this.#blockBytes += piece.length;
    if (this.#block.length >= PIECES_MAX) this.#block = [joinBytes(this.#block)];
  }

  /** The event under way is whole; returns its bytes. */
  settle(): Uint8Array {
    const block = joinBytes(this.#block);
    this.#judged.push(block);
    if (this.#judged.length >= PIECES_MAX) this.#judged = [joinBytes(this.#judged)];
    this.#judgedBytes += block.length;
    this.#block = [];
    this.#blockBytes = 0;
    return block;
  }

  /** Whole events; nothing waits any more but the one under way. */
  release(): Uint8Array {
    const judged = joinBytes(this.#judged);
    this.#judged = [];
    this.#judgedBytes = 0;
    return judged;
  }
}

/** One-byte pieces must not cost an object each for ever. */
const PIECES_MAX = 4_096;
