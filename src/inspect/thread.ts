import { Worker } from 'node:worker_threads';
import { InspectorError } from './jobs.ts';
import type { FromThread, NamedSchema, Opening, Order, Outcome, ThreadData, ToThread } from './protocol.ts';
import { READERS_MAX, SCHEMAS_KEPT_MAX } from './protocol.ts';

export interface ThreadLimits {
  /** For one order, from the moment that the thread may begin it. */
  readonly order_ms: number;
  /** Until a new thread is ready. */
  readonly start_ms: number;
}

export interface ThreadOptions {
  readonly data: ThreadData;
  readonly limits: ThreadLimits;
  /** Starts the thread; tests run it from sources. */
  readonly startThread?: (data: ThreadData) => Worker;
  /** Once, when the thread is gone; orders that it had not begun and that any thread can do are given back. */
  readonly lost: (thread: InspectThread, why: string, unbegun: readonly Waiting[]) => void;
}

/** One order and whoever waits for it. */
export interface Waiting {
  readonly order: Order;
  /** Before the order. */
  readonly schemas: readonly NamedSchema[];
  /** Called when the order is sent: only then are bytes copied. */
  readonly prepare: (order: Order) => { readonly order: Order; readonly bytes: readonly ArrayBuffer[] };
  readonly settle: (outcome: Outcome) => void;
  readonly refuse: (error: InspectorError) => void;
}

/** Of one thread. Bodies are beside it: they count with those that the gateway admits. */
const MEMORY = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64, stackSizeMb: 4 };

/** One thread and what it was asked: one order at a time, so that each has all of its time for itself. */
export class InspectThread {
  readonly #worker: Worker;
  readonly #options: ThreadOptions;
  readonly #waiting: Waiting[] = [];
  readonly #known = new Set<string>();
  readonly #readers = new Set<number>();
  readonly ready: Promise<void>;
  #begin: (() => void) | undefined;
  #isReady = false;
  #isLost = false;
  #running: { readonly id: number; readonly waiting: Waiting } | undefined;
  #watch: NodeJS.Timeout | undefined;
  #lastId = 0;
  /** Orders that were answered. */
  answered = 0;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = options.startThread?.(options.data) ?? startThread(options.data);
    this.ready = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#watchOver(options.limits.start_ms);
    this.#worker.on('message', (message: FromThread) => this.#heard(message));
    this.#worker.once(
      'error',
      (error: NodeJS.ErrnoException) => void this.end('LOST', error.code ?? error.name),
    );
    this.#worker.once('exit', (code) => void this.end('LOST', `ended with code ${code}`));
  }

  /** Orders that wait or run. */
  get load(): number {
    return this.#waiting.length + (this.#running === undefined ? 0 : 1);
  }

  give(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#next();
  }

  /** False: there is no room for one more. */
  open(reader: number, opening: Opening, schemas: readonly NamedSchema[]): boolean {
    if (this.#isLost || this.#readers.size >= READERS_MAX) return false;
    this.#readers.add(reader);
    this.#teach(schemas);
    this.#send({ kind: 'open', reader, opening });
    return true;
  }

  has(reader: number): boolean {
    return !this.#isLost && this.#readers.has(reader);
  }

  close(reader: number): void {
    if (!this.#readers.delete(reader) || this.#isLost) return;
    this.#send({ kind: 'close', reader });
  }

  /** Once: everybody who waits for what only this thread can do is refused. */
  async end(code: InspectorError['code'], why: string): Promise<void> {
    if (this.#isLost) return;
    this.#isLost = true;
    clearTimeout(this.#watch);
    const ended = this.#worker.terminate();
    this.#begin?.();
    this.#running?.waiting.refuse(new InspectorError(code));
    this.#running = undefined;
    const unbegun = this.#waiting.splice(0);
    for (const { order, refuse } of unbegun) if (order.kind !== 'request') refuse(new InspectorError('LOST'));
    this.#readers.clear();
    this.#options.lost(
      this,
      why,
      unbegun.filter(({ order }) => order.kind === 'request'),
    );
    await ended;
  }

  #heard(message: FromThread): void {
    clearTimeout(this.#watch);
    if (message.kind === 'ready') {
      this.#isReady = true;
      this.#begin?.();
    } else if (message.id === this.#running?.id) {
      this.answered += 1;
      const { waiting } = this.#running;
      this.#running = undefined;
      waiting.settle(message.outcome);
    }
    this.#next();
  }

  #next(): void {
    if (this.#isLost || !this.#isReady || this.#running !== undefined) return;
    const waiting = this.#waiting.shift();
    // Only while somebody waits does the thread keep the process alive.
    if (waiting === undefined) return void this.#worker.unref();
    this.#worker.ref();
    this.#running = { id: ++this.#lastId, waiting };
    try {
      this.#teach(waiting.schemas);
      const { order, bytes } = waiting.prepare(waiting.order);
      this.#watchOver(this.#options.limits.order_ms);
      this.#send({ kind: 'order', id: this.#lastId, order }, bytes);
    } catch {
      // No memory for a copy, or something that no message can hold: one is refused, not everybody.
      clearTimeout(this.#watch);
      this.#running = undefined;
      waiting.refuse(new InspectorError('LOST'));
      this.#next();
    }
  }

  /** Messages arrive in order, so that what was sent is known there. */
  #teach(schemas: readonly NamedSchema[]): void {
    const news = schemas.filter(({ schema_hash }) => !this.#known.has(schema_hash));
    if (news.length === 0) return;
    const forget = this.#known.size + news.length > SCHEMAS_KEPT_MAX;
    if (forget) this.#known.clear();
    const add = forget ? schemas : news;
    for (const { schema_hash } of add) this.#known.add(schema_hash);
    this.#send({ kind: 'schemas', forget, add });
  }

  #send(message: ToThread, bytes: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, bytes);
  }

  #watchOver(ms: number): void {
    this.#watch = setTimeout(() => void this.end('TIMEOUT', 'no answer in time'), ms).unref();
  }
}

function startThread(workerData: ThreadData): Worker {
  const file = new URL('./inspect_worker.js', import.meta.url);
  return new Worker(file, { workerData, name: 'inspect', resourceLimits: MEMORY });
}
