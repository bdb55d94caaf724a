import { FrameReader, type FrameReaderOptions } from './frame_reader.ts';
import type { Violation } from './violation.ts';

/**
 * Bytes of a frame that are held back until it is judged, header included. A text frame beyond it counts as too big: its
 * last byte can be the one that is no UTF-8.
 */
export const HELD_BYTES_MAX = 16_777_216 + 14;

export interface GateStep {
  /** What may go on now, in order. */
  readonly forward: readonly Uint8Array[];
  /** Nothing goes on behind it. */
  readonly violation?: Violation;
}

/**
 * Lets frames through that are known to be good. A frame that can still turn out bad is held back, so that what was let
 * through always ends between two frames when the stream is stopped for a violation.
 */
export class FrameGate {
  readonly reader: FrameReader;
  readonly #held = new HeldBytes();
  /** The payload of this frame goes on as it comes. */
  #isOpen = false;
  #isShut = false;

  constructor(options: Omit<FrameReaderOptions, 'goesOn'>) {
    this.reader = new FrameReader(options);
  }

  /** What was let through ends between two frames, none of them a close. */
  get mayClose(): boolean {
    return !this.#isOpen && !this.reader.hasClosed;
  }

  /** Bytes that wait for the rest of their frame. */
  get heldBytes(): number {
    return this.#held.size;
  }

  feed(chunk: Uint8Array): GateStep {
    const forward: Uint8Array[] = [];
    let from = 0;
    if (this.#isShut) return { forward };
    for (const mark of this.reader.feed(chunk)) {
      if (mark.kind === 'violation') return this.#shut(forward, mark.violation);
      const piece = chunk.subarray(from, mark.at);
      from = mark.at;
      if (this.#isOpen) forward.push(piece);
      else if (!this.#held.add(piece)) return this.#shut(forward, TOO_LONG_TO_HOLD);
      if (mark.kind === 'head' && mark.judged) continue;
      this.#isOpen = mark.kind === 'head';
      forward.push(this.#held.take());
    }
    const rest = chunk.subarray(from);
    if (this.#isOpen) forward.push(rest);
    else if (!this.#held.add(rest)) return this.#shut(forward, TOO_LONG_TO_HOLD);
    return { forward: forward.filter((piece) => piece.length > 0) };
  }

  #shut(forward: readonly Uint8Array[], violation: Violation): GateStep {
    this.#isShut = true;
    this.#held.take();
    return { forward: forward.filter((piece) => piece.length > 0), violation };
  }
}

const TOO_LONG_TO_HOLD: Violation = { code: 1009, why: 'MESSAGE_TOO_BIG' };

/** Bytes in one buffer that doubles: as pieces, a stream that drips would cost many times its size. */
class HeldBytes {
  #buffer = new Uint8Array(0);
  #length = 0;

  get size(): number {
    return this.#length;
  }

  /** Copies; whoever read the piece may use its memory again. False when there would be too many. */
  add(piece: Uint8Array): boolean {
    const length = this.#length + piece.length;
    if (length > HELD_BYTES_MAX) return false;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(length, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = length;
    return true;
  }

  take(): Uint8Array {
    const all = this.#buffer.subarray(0, this.#length);
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
    return all;
  }
}
