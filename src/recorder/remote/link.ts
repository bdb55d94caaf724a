import type { Socket } from 'node:net';
import { encodeFrame, type Frame, FrameReader, REQUEST_ID_MAX } from './frame.ts';
import { ANSWER, encodeBody, FAULT_KIND, parseBody } from './protocol.ts';
import { FAULT, type Fault } from './tables.ts';
import { TurnWrites } from './turn_writes.ts';

/** Requests that wait on one connection. */
export const PENDING_MAX = 16_384;
/** Bytes that the recorder has not taken; beyond, it is busy. */
export const UNSENT_BYTES_MAX = 16 * 1_048_576;
const DUE_TICK_MS = 50;

/** Why a request has no answer. `refused` is the recorder's word; everything else says nothing about what it did. */
export type LinkProblem = 'lost' | 'late' | 'busy' | 'too_large' | 'refused';

export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly problem: LinkProblem;
  constructor(problem: LinkProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

interface Waiting {
  readonly due_ms: number;
  resolve(body: Uint8Array): void;
  reject(error: LinkError): void;
}

/** One live connection to a recorder. Every request ends: by its answer, its deadline, or the end of the connection. */
export class Link {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #waiting = new Map<number, Waiting>();
  readonly #tick: NodeJS.Timeout;
  #lastId: number;
  readonly #writes: TurnWrites;
  #why = 'the connection to the recorder was lost';

  /** `ended` is called once, with why, after everything that waited was told. */
  constructor(socket: Socket, ended: (why: string) => void, lastId = 0) {
    this.#socket = socket;
    this.#writes = new TurnWrites(socket);
    this.#lastId = lastId;
    this.#tick = setInterval(() => this.#expire(performance.now()), DUE_TICK_MS).unref();
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (error) => this.destroy(error.message));
    socket.on('close', () => {
      clearInterval(this.#tick);
      for (const one of this.#waiting.values()) one.reject(new LinkError('lost', this.#why));
      this.#waiting.clear();
      ended(this.#why);
    });
  }

  get pending(): number {
    return this.#waiting.size;
  }

  /** Nothing more is asked; `ended` has been called or will be, in a later turn of the event loop. */
  get isOver(): boolean {
    return this.#socket.destroyed;
  }

  /** Resolves to the body of the answer, not looked at yet. Rejects with `LinkError`. */
  ask(kind: number, value: object, deadlineMs: number): Promise<Uint8Array> {
    // Four thousand million requests on one connection: start over with a fresh one. No id is ever used twice.
    if (this.#lastId >= REQUEST_ID_MAX) this.destroy('request ids are used up');
    if (this.#socket.destroyed) return Promise.reject(new LinkError('lost', this.#why));
    if (this.#waiting.size >= PENDING_MAX || this.#socket.writableLength > UNSENT_BYTES_MAX) {
      return Promise.reject(new LinkError('busy', 'too many requests wait for the recorder'));
    }
    const body = encodeBody(value);
    this.#lastId += 1;
    const id = this.#lastId;
    const frame = body === undefined ? undefined : encodeFrame(kind, id, body);
    if (frame === undefined) return Promise.reject(new LinkError('too_large', 'does not fit a frame'));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { due_ms: performance.now() + deadlineMs, resolve, reject });
      this.#writes.write(frame);
    });
  }

  destroy(why: string): void {
    if (this.#socket.destroyed) return;
    this.#why = why;
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    if (this.#socket.destroyed) return;
    this.#reader.push(chunk);
    for (;;) {
      const next = this.#reader.next();
      const problem = next.ok ? undefined : `the recorder sent no frame (${next.problem})`;
      if (!next.ok || next.value === undefined) {
        if (problem !== undefined) this.destroy(problem);
        return;
      }
      const misfit = this.#take(next.value);
      if (misfit === undefined) continue;
      this.destroy(misfit);
      return;
    }
  }

  /** What is wrong with the frame; the connection ends with it. */
  #take(frame: Frame): string | undefined {
    const fault = frame.kind === FAULT_KIND ? parseBody<Fault>(FAULT, frame.body) : undefined;
    if (fault?.ok === false || (fault === undefined && frame.kind !== ANSWER))
      return 'the recorder sent an odd frame';
    if (frame.id === 0) {
      return fault?.ok
        ? `the recorder said ${fault.value.code}: ${fault.value.message}`
        : 'an answer to nothing';
    }
    const waiting = this.#waiting.get(frame.id);
    // Late for its deadline, or never asked for.
    if (waiting === undefined) return frame.id > this.#lastId ? 'an answer that nobody asked for' : undefined;
    this.#waiting.delete(frame.id);
    if (fault?.ok) waiting.reject(new LinkError('refused', fault.value.message));
    else waiting.resolve(frame.body);
    return undefined;
  }

  #expire(now_ms: number): void {
    for (const [id, { due_ms, reject }] of this.#waiting) {
      if (due_ms > now_ms) continue;
      this.#waiting.delete(id);
      reject(new LinkError('late', 'the recorder gave no answer in time'));
    }
  }
}
