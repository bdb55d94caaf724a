import { Worker } from 'node:worker_threads';
import { fail, ok, type Result } from '../core/result.ts';
import type { Leaf, LeafName } from './leaf.ts';
import type { MintAnswer, MintOrder } from './leaf_worker.ts';
import type { Authority } from './signer.ts';

export type MintProblem = 'NO_AUTHORITY' | 'QUEUE_FULL' | 'MINTER_DOWN';

/** Mints leaves in a thread of its own, so that no Check waits for a signature. */
export interface Minter {
  /** Who signs from now on; nobody before the first call, or with undefined. */
  use(authority: Authority | undefined): void;
  /** Settles in bounded time: a dead or stuck thread refuses all that wait for it. Never rejects. */
  mint(name: LeafName, now_ms: number): Promise<Result<Leaf, MintProblem>>;
  close(): Promise<void>;
}

export interface MinterOptions {
  readonly onDown?: (why: string) => void;
  /** Starts the thread; tests run it from sources. */
  readonly startThread?: () => Worker;
  readonly limits?: Partial<MinterLimits>;
}

export interface MinterLimits {
  readonly queue_max: number;
  /** For one leaf, from the order to the answer; longer than a full queue takes. */
  readonly answer_ms: number;
  /** Before the first restart; doubled for each that follows without a leaf in between. */
  readonly restart_ms: number;
  readonly restart_max_ms: number;
}

const LIMITS: MinterLimits = { queue_max: 1_024, answer_ms: 15_000, restart_ms: 100, restart_max_ms: 10_000 };

type Settle = (result: Result<Leaf, MintProblem>) => void;

export function openMinter(options: MinterOptions = {}): Minter {
  return new ThreadMinter(options);
}

class ThreadMinter implements Minter {
  readonly #options: MinterOptions;
  readonly #limits: MinterLimits;
  readonly #waiting = new Map<number, Settle>();
  #authority: Authority | undefined;
  #thread: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #failures = 0;
  #lastId = 0;
  #closed = false;

  constructor(options: MinterOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  use(authority: Authority | undefined): void {
    this.#authority = authority;
    if (authority === undefined || this.#closed || this.#restart !== undefined) return;
    if (this.#thread === undefined) this.#start();
    else this.#order({ kind: 'authority', authority });
  }

  mint(name: LeafName, now_ms: number): Promise<Result<Leaf, MintProblem>> {
    if (this.#authority === undefined) return Promise.resolve(fail('NO_AUTHORITY'));
    if (this.#thread === undefined) return Promise.resolve(fail('MINTER_DOWN'));
    if (this.#waiting.size >= this.#limits.queue_max) return Promise.resolve(fail('QUEUE_FULL'));
    const id = ++this.#lastId;
    return new Promise((settle) => {
      this.#waiting.set(id, settle);
      if (this.#waiting.size === 1) this.#watchOver(id);
      // Only while somebody waits does the thread keep the process alive.
      this.#thread?.ref();
      this.#order({ kind: 'mint', id, name, now_ms });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    const thread = this.#thread;
    this.#lost(thread, undefined);
    await thread?.terminate();
  }

  #start(): void {
    const thread = this.#options.startThread?.() ?? new Worker(new URL('./leaf_worker.js', import.meta.url));
    this.#thread = thread;
    thread.unref();
    thread.on('message', (answer: MintAnswer) => this.#answered(answer));
    thread.once('error', (error: Error) => this.#lost(thread, error.message));
    thread.once('exit', (code) => this.#lost(thread, `ended with code ${code}`));
    if (this.#authority) this.#order({ kind: 'authority', authority: this.#authority });
  }

  #order(order: MintOrder): void {
    this.#thread?.postMessage(order);
  }

  #answered({ id, leaf }: MintAnswer): void {
    this.#failures = 0;
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(this.#watch);
    const [oldest] = this.#waiting.keys();
    if (oldest === undefined) this.#thread?.unref();
    else this.#watchOver(oldest);
    settle?.(ok(leaf));
  }

  /** Orders are answered in turn, so the oldest stands for all. */
  #watchOver(id: number): void {
    const thread = this.#thread;
    this.#watch = setTimeout(() => {
      if (this.#waiting.has(id)) this.#lost(thread, 'no answer in time');
    }, this.#limits.answer_ms).unref();
  }

  /** Once for each thread; everybody who waits is refused, and a new one starts after a while. */
  #lost(thread: Worker | undefined, why: string | undefined): void {
    if (thread === undefined || thread !== this.#thread) return;
    this.#thread = undefined;
    clearTimeout(this.#watch);
    void thread.terminate();
    for (const settle of this.#waiting.values()) settle(fail('MINTER_DOWN'));
    this.#waiting.clear();
    if (why === undefined || this.#closed) return;
    this.#options.onDown?.(why);
    const { restart_ms, restart_max_ms } = this.#limits;
    const after = Math.min(restart_ms * 2 ** this.#failures, restart_max_ms);
    this.#failures = Math.min(this.#failures + 1, 20);
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      if (this.#authority !== undefined) this.#start();
    }, after).unref();
  }
}
