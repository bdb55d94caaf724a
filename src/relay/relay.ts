import { Worker } from 'node:worker_threads';
import type { RelayTicket } from '../core/relay/relay_ticket.ts';
import type { RelayEvent, RelayPlaces } from './ports.ts';
import type { RelayCommand, RelayMessage } from './relay_worker.ts';
import { SingleUse } from './single_use.ts';

export interface RelayOptions extends RelayPlaces {
  /** What a ticket orders; undefined when it is not ours, not for this Envoy, or too late. */
  readonly openTicket: (ticket: string) => RelayTicket | undefined;
  readonly onEvent: (event: RelayEvent) => void;
  /** The thread died with every stream in it; another one starts. */
  readonly onDown: (why: string) => void;
  /** Starts the thread; tests run it from sources. */
  readonly startThread?: (places: RelayPlaces) => Worker;
}

export interface Relay {
  /** Resolves when the sockets are served for the first time; rejects when the first thread does not get that far. */
  readonly ready: Promise<void>;
  /** Gives streams so much time to end by themselves. */
  close(drainMs: number): Promise<void>;
}

const RESTART_MS = 100;
const RESTART_MAX_MS = 10_000;
/** Beyond the time to drain: for reports and last bytes. */
const STOP_MS = 8_000;

/** Runs the relay in a thread of its own, so that no Check waits for streams; tickets are opened here, once each. */
export function startRelay(options: RelayOptions): Relay {
  const relay = new ThreadRelay(options);
  return { ready: relay.ready, close: (drainMs) => relay.close(drainMs) };
}

class ThreadRelay {
  readonly ready: Promise<void>;
  readonly #options: RelayOptions;
  readonly #used = new SingleUse();
  #thread: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;
  #settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #onStopped: (() => void) | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.#start();
  }

  async close(drainMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    const thread = this.#thread;
    if (thread === undefined) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, drainMs + STOP_MS);
      this.#onStopped = () => {
        clearTimeout(late);
        resolve();
      };
      this.#say({ kind: 'stop', drain_ms: drainMs });
    });
    this.#thread = undefined;
    await thread.terminate();
  }

  #start(): void {
    const { socket, h2Socket, outSocket, stamp, startThread } = this.#options;
    const places = { socket, h2Socket, outSocket, stamp };
    const thread =
      startThread?.(places) ??
      new Worker(new URL('./relay_worker.js', import.meta.url), { workerData: places, name: 'relay' });
    this.#thread = thread;
    thread.on('message', (message: RelayMessage) => this.#heard(message));
    thread.once('error', (error: Error) => this.#lost(thread, error.message));
    thread.once('exit', (code) => this.#lost(thread, `ended with code ${code}`));
  }

  #say(command: RelayCommand): void {
    this.#thread?.postMessage(command);
  }

  #heard(message: RelayMessage): void {
    if (message.kind === 'event') this.#options.onEvent(message.event);
    else if (message.kind === 'stopped') this.#onStopped?.();
    else if (message.kind === 'open') this.#open(message.id, message.ticket);
    else {
      this.#failures = 0;
      this.#settleReady?.resolve();
    }
  }

  #open(id: number, ticket: string): void {
    const order = this.#opened(ticket);
    this.#say({ kind: 'opened', id, ...(order === undefined ? {} : { order }) });
  }

  #opened(ticket: string): RelayTicket | undefined {
    const order = this.#options.openTicket(ticket);
    return order !== undefined && this.#used.take(order, Date.now()) ? order : undefined;
  }

  /** Once for each thread. */
  #lost(thread: Worker, why: string): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    void thread.terminate();
    this.#onStopped?.();
    this.#settleReady?.reject(new Error(`the relay ${why}`));
    if (this.#closed) return;
    this.#options.onDown(why);
    const after = Math.min(RESTART_MS * 2 ** this.#failures, RESTART_MAX_MS);
    this.#failures = Math.min(this.#failures + 1, 20);
    this.#restart = setTimeout(() => this.#start(), after).unref();
  }
}
