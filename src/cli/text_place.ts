import { visibleBytes } from './visible.ts';

/** Where a byte is, for people. */
export interface Place {
  /** From 1; a line ends with LF. */
  readonly line: number;
  /** From 1; characters, counted as bytes that do not continue one in UTF-8. */
  readonly column: number;
  /** What stands around it in the same line, safe to print. */
  readonly excerpt: { readonly before: string; readonly after: string };
}

/** Problems are told at most this many bytes late: the longest key, with room to spare. */
const KEPT_BYTES = 4_096;
const BEFORE_BYTES = 24;
/** Bytes behind a place that its excerpt wants to show. */
export const AFTER_BYTES = 24;
const LF = 0x0a;

/** Follows a text that comes in pieces, and tells where one of its last bytes is. */
export class PlaceKeeper {
  #held: Uint8Array = new Uint8Array(0);
  /** Offset, line and column of the first byte that is held. */
  #base = 0;
  #line = 1;
  #column = 1;

  /** Bytes so far. */
  get end(): number {
    return this.#base + this.#held.length;
  }

  add(piece: Uint8Array): void {
    const surplus = this.#held.length - KEPT_BYTES;
    if (surplus > 0) {
      [this.#line, this.#column] = this.#walk(surplus);
      this.#held = this.#held.subarray(surplus);
      this.#base += surplus;
    }
    this.#held = Buffer.concat([this.#held, piece]);
  }

  /** More of the text is only wanted for the excerpt: nothing is forgotten. */
  addBehind(piece: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, piece.subarray(0, AFTER_BYTES)]);
  }

  placeOf(offset: number): Place {
    const at = Math.min(Math.max(0, offset - this.#base), this.#held.length);
    const [line, column] = this.#walk(at);
    const start = at === 0 ? 0 : this.#held.lastIndexOf(LF, at - 1) + 1;
    const stop = this.#held.indexOf(LF, at);
    const before = this.#held.subarray(Math.max(start, at - BEFORE_BYTES), at);
    const after = this.#held.subarray(at, Math.min(stop < 0 ? this.#held.length : stop, at + AFTER_BYTES));
    return { line, column, excerpt: { before: visibleBytes(before), after: visibleBytes(after) } };
  }

  /** Line and column of a byte that is held. */
  #walk(to: number): [line: number, column: number] {
    let line = this.#line;
    let column = this.#column;
    let from = 0;
    for (let at = this.#held.indexOf(LF); at >= 0 && at < to; at = this.#held.indexOf(LF, at + 1)) {
      line += 1;
      column = 1;
      from = at + 1;
    }
    for (let at = from; at < to; at += 1) if (((this.#held[at] ?? 0) & 0xc0) !== 0x80) column += 1;
    return [line, column];
  }
}
