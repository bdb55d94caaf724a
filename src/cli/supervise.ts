import type { Logger } from '../telemetry/logger.ts';

/** One run of a part, already serving. */
export interface Running {
  /** Resolves when the process is gone; says how. */
  readonly gone: Promise<string>;
  /** Lets it finish what it does, then ends it; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** Something that the supervisor keeps running. */
export interface Part {
  readonly name: string;
  /** Resolves once it serves; rejects when it ended before that. */
  start(): Promise<Running>;
}

export interface Backoff {
  readonly first_ms: number;
  readonly max_ms: number;
  /** A run that lasted this long starts the count again. */
  readonly stable_ms: number;
}

export const BACKOFF: Backoff = { first_ms: 100, max_ms: 10_000, stable_ms: 30_000 };

/** Pause before start number `failures` + 1 in a row: 100 ms, then doubling. */
export function pauseOf(failures: number, backoff: Backoff): number {
  return Math.min(backoff.max_ms, backoff.first_ms * 2 ** Math.min(failures - 1, 30));
}

export interface Supervised {
  /** Ends the part and keeps it ended. */
  stop(): Promise<void>;
  /** The user will not wait. */
  kill(): void;
}

/** Starts a part and keeps it running. Rejects when the very first start fails: that is for the user to mend. */
export async function supervise(part: Part, log: Logger, backoff: Backoff = BACKOFF): Promise<Supervised> {
  const keeper = new Keeper(part, log, backoff);
  keeper.watch(await part.start());
  log.debug({}, `${part.name} started`);
  return keeper;
}

class Keeper implements Supervised {
  readonly #part: Part;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  #current: Running | undefined;
  #starting: Promise<void> | undefined;
  #failures = 0;
  #startedAt = 0;
  #wake: (() => void) | undefined;
  #stopping = false;

  constructor(part: Part, log: Logger, backoff: Backoff) {
    this.#part = part;
    this.#log = log;
    this.#backoff = backoff;
  }

  watch(running: Running): void {
    this.#current = running;
    this.#startedAt = performance.now();
    running.gone.then(
      (how) => this.#ended(how),
      (error: unknown) => this.#ended(String(error)),
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#starting;
    await this.#current?.stop();
  }

  kill(): void {
    this.#stopping = true;
    this.#wake?.();
    this.#current?.kill();
  }

  #ended(how: string): void {
    this.#current = undefined;
    if (this.#stopping) return;
    if (performance.now() - this.#startedAt >= this.#backoff.stable_ms) this.#failures = 0;
    this.#failures += 1;
    this.#restartLater(how);
  }

  #restartLater(how: string): void {
    const pause = pauseOf(this.#failures, this.#backoff);
    this.#log.warn({ how }, `${this.#part.name} ended; starting it again in ${pause} ms`);
    this.#starting = this.#restart(pause);
  }

  async #restart(pause: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.#stopping) return;
    try {
      this.watch(await this.#part.start());
      this.#log.info({}, `${this.#part.name} is back`);
    } catch (error) {
      if (this.#stopping) return;
      this.#failures += 1;
      this.#restartLater(error instanceof Error ? error.message : String(error));
    }
  }
}
