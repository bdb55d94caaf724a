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

  /** Thousands of frames of one piece go on together, as the one stretch that they are: each by itself would cost more than its bytes. */
  feed(chunk: Uint8Array): GateStep {
    if (this.#isShut) return { forward: [] };
    let good = 0;
    for (const mark of this.reader.feed(chunk)) {
      if (mark.kind === 'violation') return this.#shut(this.#pass(chunk, good), mark.violation);
      // Of what is held back this is the end, unless something of the piece went on already.
      const isTooLong = good === 0 && !this.#isOpen && this.#held.size + mark.at > HELD_BYTES_MAX;
      if (isTooLong) return this.#shut([], TOO_LONG_TO_HOLD);
      if (mark.kind === 'head' && mark.judged) continue;
      this.#isOpen = mark.kind === 'head';
      good = mark.at;
    }
    if (this.#isOpen) good = chunk.length;
    const forward = this.#pass(chunk, good);
    return this.#held.add(chunk.subarray(good)) ? { forward } : this.#shut(forward, TOO_LONG_TO_HOLD);
  }

  /** So many bytes of a piece, behind what was held back for them. */
  #pass(chunk: Uint8Array, good: number): readonly Uint8Array[] {
    if (good === 0) return [];
    const held = this.#held.take();
    return held.length === 0 ? [chunk.subarray(0, good)] : [held, chunk.subarray(0, good)];
  }

  #shut(forward: readonly Uint8Array[], violation: Violation): GateStep {
    this.#isShut = true;
    this.#held.take();
    return { forward, violation };
  }
}

const TOO_LONG_TO_HOLD: Violation = { code: 1009, why: 'MESSAGE_TOO_BIG' };

const NOTHING = new Uint8Array(0);

/** Bytes in one buffer that doubles: as pieces, a stream that drips would cost many times its size. */
class HeldBytes {
  #buffer: Uint8Array = NOTHING;
  #length = 0;

  get size(): number {
    return this.#length;
  }

  /** Copies; whoever read the piece may use its memory again. False when there would be too many. */
  add(piece: Uint8Array): boolean {
    if (piece.length === 0) return true;
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
    if (this.#length === 0) return NOTHING;
    const all = this.#buffer.subarray(0, this.#length);
    this.#buffer = NOTHING;
    this.#length = 0;
    return all;
  }
}
