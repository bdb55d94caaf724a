import { type Duplex, finished } from 'node:stream';
import type { RelayEndCause } from '../core/relay/relay_end.ts';
import { type FrameWatch, frameWatch } from './frame_watch.ts';
import type { Direction } from './meter.ts';
import type { Session } from './session.ts';

/** After a stream was broken off: how long what was let through may take to leave. */
const LINGER_MS = 5_000;

/** Close code "try again later", in IANA's registry. */
const NO_ROOM = 1013;

/** One end of the stream and what was already read of it. */
export interface End {
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

/**
 * Carries bytes both ways between two open sockets, no faster than each takes them, until both have ended or the
 * session is cut. What one end sent before it ended reaches the other; the end is reported before it is passed on.
 */
export class WebSocketFlow {
  readonly #session: Session;
  readonly #watch: FrameWatch;
  readonly #ends: Readonly<Record<Direction, Duplex>>;
  readonly #onOver: () => void;
  #isCut = false;
  #open = 2;

  constructor(session: Session, client: End, destination: End, onOver: () => void) {
    this.#session = session;
    this.#watch = frameWatch(session.order);
    session.framesSeen = this.#watch.seen;
    this.#ends = { in: client.socket, out: destination.socket };
    this.#onOver = onOver;
    session.onCut((cause) => void this.#cut(cause));
    this.#carry('in', client.head);
    this.#carry('out', destination.head);
  }

  #carry(direction: Direction, head: Uint8Array): void {
    const [from, to] = [this.#ends[direction], this.#other(direction)];
    from.on('data', (chunk: Uint8Array) => {
      if (this.#isCut || this.#pass(direction, chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    from.once('end', () => void this.#ended(direction));
    from.once('close', () => void this.#closed(direction));
    if (head.length > 0) from.unshift(head);
    from.resume();
  }

  /** False when the other end has enough for now. */
  #pass(direction: Direction, chunk: Uint8Array): boolean {
    const { pieces, violation } = this.#watch.pass(direction, chunk);
    const to = this.#other(direction);
    if (to.destroyed) return true;
    let isTaking = true;
    for (const piece of pieces) {
      const granted = this.#session.meter.take(direction, piece.length);
      if (granted > 0) isTaking = to.write(piece.subarray(0, granted));
      if (granted < piece.length) {
        void this.#cut('stream_bytes');
        return true;
      }
    }
    if (violation !== undefined) void this.#cut('frame_blocked', violation.code);
    else if (!this.#session.hold(this.#watch.held?.() ?? 0)) void this.#cut('frame_blocked', NO_ROOM);
    return isTaking;
  }

  /** Everything this end sent is written to the other one: half of the stream is over. */
  async #ended(direction: Direction): Promise<void> {
    await this.#session.end('done');
    this.#other(direction).end();
  }

  /** Nobody is there any more to take anything; what was taken from this end still leaves at the other. */
  async #closed(direction: Direction): Promise<void> {
    this.#open -= 1;
    if (this.#open === 0) return this.#onOver();
    await this.#ended(direction);
    const other = this.#other(direction);
    other.resume();
    finished(other, { readable: false }, () => other.destroy());
  }

  async #cut(cause: RelayEndCause, closeCode?: number): Promise<void> {
    if (this.#isCut) return;
    this.#isCut = true;
    if (closeCode !== undefined) this.#sayClosed(closeCode);
    await this.#session.end(cause);
    for (const socket of Object.values(this.#ends)) {
      // Read on, to notice the end; nothing of it is carried.
      socket.resume();
      socket.end();
    }
    setTimeout(() => this.#destroy(), LINGER_MS).unref();
  }

  #sayClosed(code: number): void {
    for (const direction of ['in', 'out'] as const) {
      const frame = this.#watch.closing(direction, code);
      if (frame !== undefined) this.#other(direction).write(frame);
    }
  }

  #destroy(): void {
    for (const socket of Object.values(this.#ends)) socket.destroy();
  }

  #other(direction: Direction): Duplex {
    return direction === 'in' ? this.#ends.out : this.#ends.in;
  }
}
