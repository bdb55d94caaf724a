import { fail, ok, type Result } from '../../core/result.ts';

/**
 * One message on the wire: length (4 bytes, of what follows), version (1), kind (1), request id (4), body (JSON).
 * Numbers are big-endian.
 */
export interface Frame {
  readonly kind: number;
  /** Chosen by the side that asks; its answer carries it back. 0 means the connection itself. */
  readonly id: number;
  readonly body: Uint8Array;
}

export type FrameProblem = 'FRAME_LENGTH' | 'FRAME_VERSION';

export const FRAME_VERSION = 1;
export const REQUEST_ID_MAX = 0xffff_ffff;
/** A decision with every member at its cap needs less than a third of it. */
export const FRAME_BYTES_MAX = 262_144;
const LENGTH_BYTES = 4;
const HEAD_BYTES = 6;

/** Undefined when the body is beyond what a peer accepts. */
export function encodeFrame(kind: number, id: number, body: string): Buffer | undefined {
  const bodyBytes = Buffer.byteLength(body);
  if (HEAD_BYTES + bodyBytes > FRAME_BYTES_MAX) return undefined;
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + HEAD_BYTES + bodyBytes);
  frame.writeUInt32BE(HEAD_BYTES + bodyBytes, 0);
  frame.writeUInt8(FRAME_VERSION, 4);
  frame.writeUInt8(kind, 5);
  frame.writeUInt32BE(id, 6);
  frame.write(body, LENGTH_BYTES + HEAD_BYTES, 'utf8');
  return frame;
}

/**
 * Cuts a byte stream into frames, however it was split. Copies each byte once, so that a peer that sends byte by byte
 * costs no more than one that does not, and holds one frame at most beside what was pushed and not yet asked for.
 */
export class FrameReader {
  readonly #chunks: Buffer[] = [];
  #offset = 0;
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #lengthFilled = 0;
  #frame: Buffer | undefined;
  #filled = 0;

  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** The next whole frame; undefined until more is pushed. After a problem nothing that follows can be trusted. */
  next(): Result<Frame | undefined, FrameProblem> {
    if (this.#frame === undefined) {
      this.#lengthFilled += this.#fill(this.#length, this.#lengthFilled);
      if (this.#lengthFilled < LENGTH_BYTES) return ok(undefined);
      const length = this.#length.readUInt32BE(0);
      if (length < HEAD_BYTES || length > FRAME_BYTES_MAX) return fail('FRAME_LENGTH');
      this.#frame = Buffer.allocUnsafe(length);
      this.#filled = 0;
    }
    this.#filled += this.#fill(this.#frame, this.#filled);
    if (this.#filled < this.#frame.length) return ok(undefined);
    const frame = this.#frame;
    this.#frame = undefined;
    this.#lengthFilled = 0;
    if (frame.readUInt8(0) !== FRAME_VERSION) return fail('FRAME_VERSION');
    return ok({ kind: frame.readUInt8(1), id: frame.readUInt32BE(2), body: frame.subarray(HEAD_BYTES) });
  }

  /** Moves what there is into `target` from `from` on; returns how many bytes that were. */
  #fill(target: Buffer, from: number): number {
    let at = from;
    while (at < target.length) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const copied = chunk.copy(target, at, this.#offset);
      at += copied;
      this.#offset += copied;
      if (this.#offset < chunk.length) break;
      this.#chunks.shift();
      this.#offset = 0;
    }
    return at - from;
  }
}
