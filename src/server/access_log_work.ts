/** Closures handed over and not durable yet; beyond, reading waits. */
const OPEN_MAX = 4_096;

/** What the tail has handed to the recorder or the disk, until it is durable. */
export class WorkUnderWay {
  readonly #open = new Set<Promise<void>>();
  readonly #onError: (error: unknown) => void;
  /** Something was not written: the log is its only home until a restart reads it again. */
  #failed = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  watch(work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) => {
        this.#failed = true;
        this.#onError(error);
      })
      .finally(() => this.#open.delete(settled));
    this.#open.add(settled);
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#open.size >= OPEN_MAX) await Promise.race(this.#open);
  }

  /** Waits for what is under way at this moment; false when anything was ever lost. */
  async isDurable(): Promise<boolean> {
    await Promise.all(this.#open);
    return !this.#failed;
  }
}
