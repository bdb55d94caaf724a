import type { Worker } from 'node:worker_threads';
import { InspectorError } from './jobs.ts';
import type { NamedSchema, Opening, Order, Outcome, ThreadData } from './protocol.ts';
import { InspectThread, type ThreadLimits, type Waiting } from './thread.ts';

export interface PoolLimits extends ThreadLimits {
  /** Orders that wait or run, of all threads together. */
  readonly queue_max: number;
  /** Before a thread is replaced; doubled for each that ends without having answered anything. */
  readonly restart_ms: number;
  readonly restart_max_ms: number;
}

export interface PoolOptions {
  readonly workers: number;
  readonly data: ThreadData;
  readonly limits?: Partial<PoolLimits>;
  readonly startThread?: (data: ThreadData) => Worker;
  /** A thread is gone; why, in words that hold nothing of any body. */
  readonly onDown?: (why: string) => void;
}

const LIMITS: PoolLimits = {
  queue_max: 1_024,
  order_ms: 10_000,
  start_ms: 30_000,
  restart_ms: 100,
  restart_max_ms: 10_000,
};

/** An order without what the pool adds. */
export type Asked = Pick<Waiting, 'order' | 'schemas' | 'prepare'>;

/** Threads that share the orders; each that is lost is replaced. Everything settles in bounded time. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #limits: PoolLimits;
  readonly #threads = new Set<InspectThread>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #failures = 0;
  #lastReader = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    for (let i = 0; i < options.workers; i += 1) this.#start();
  }

  /** When the threads that were started at first can work, or are lost. */
  async ready(): Promise<void> {
    await Promise.all([...this.#threads].map(({ ready }) => ready));
  }

  /** Rejects with InspectorError. Only for orders that any thread can do. */
  ask(asked: Asked): Promise<Outcome> {
    return this.#ask(asked, this.#idlest());
  }

  /** A reader in one of the threads; undefined: there is no room. */
  open(opening: Opening, schemas: readonly NamedSchema[]): PooledReader | undefined {
    const thread = this.#idlest();
    const reader = ++this.#lastReader;
    if (thread?.open(reader, opening, schemas) !== true) return undefined;
    return {
      ask: (order, prepare) =>
        this.#ask(
          { order: { ...order, reader }, schemas: [], prepare },
          thread.has(reader) ? thread : undefined,
        ),
      close: () => thread.close(reader),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    await Promise.all([...this.#threads].map((thread) => thread.end('CLOSED', 'closed')));
  }

  #ask(asked: Asked, thread: InspectThread | undefined): Promise<Outcome> {
    if (this.#isClosed) return Promise.reject(new InspectorError('CLOSED'));
    if (thread === undefined) return Promise.reject(new InspectorError('LOST'));
    const load = [...this.#threads].reduce((sum, one) => sum + one.load, 0);
    if (load >= this.#limits.queue_max) return Promise.reject(new InspectorError('BUSY'));
    return new Promise((settle, refuse) => thread.give({ ...asked, settle, refuse }));
  }

  #idlest(): InspectThread | undefined {
    return [...this.#threads].reduce<InspectThread | undefined>(
      (best, one) => (best === undefined || one.load < best.load ? one : best),
      undefined,
    );
  }

  #start(): void {
    const { data, startThread } = this.#options;
    const thread = new InspectThread({
      data,
      limits: this.#limits,
      ...(startThread === undefined ? {} : { startThread }),
      lost: (lost, why, unbegun) => this.#lost(lost, why, unbegun),
    });
    this.#threads.add(thread);
  }

  #lost(thread: InspectThread, why: string, unbegun: readonly Waiting[]): void {
    this.#threads.delete(thread);
    if (!this.#isClosed) this.#startLater(thread.answered > 0, why);
    const other = this.#isClosed ? undefined : this.#idlest();
    const code = this.#isClosed ? 'CLOSED' : 'LOST';
    for (const waiting of unbegun) {
      if (other === undefined) waiting.refuse(new InspectorError(code));
      else other.give(waiting);
    }
  }

  #startLater(hasWorked: boolean, why: string): void {
    this.#options.onDown?.(why);
    if (hasWorked) this.#failures = 0;
    const { restart_ms, restart_max_ms } = this.#limits;
    const after = Math.min(restart_ms * 2 ** this.#failures, restart_max_ms);
    this.#failures = Math.min(this.#failures + 1, 20);
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#start();
    }, after).unref();
    this.#restarts.add(timer);
  }
}

type ReaderOrder<O = Exclude<Order, { kind: 'request' }>> = O extends unknown ? Omit<O, 'reader'> : never;

/** A reader that stays in its thread, and is gone with it. */
export interface PooledReader {
  ask(order: ReaderOrder, prepare: Waiting['prepare']): Promise<Outcome>;
  close(): void;
}
