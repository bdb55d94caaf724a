import { statfsSync } from 'node:fs';
import type { RecorderClock } from './options.ts';

/** A reading is good for this long: the disk must not be asked for each request. */
const READING_US = 250_000;
/** Decisions are taken again when this many more parts in a hundred than the bound are free. */
const RESUME_PERCENT = 125;

/** Whether the disk of the journal has room for decisions; between the two bounds the last answer stays. */
export class DiskSpace {
  readonly #minFree: number;
  readonly #readFree: () => number;
  readonly #clock: Pick<RecorderClock, 'monoUs'>;
  #readAt_us = Number.NEGATIVE_INFINITY;
  #free = 0;
  #isFull = false;

  constructor(minFree: number, readFree: () => number, clock: Pick<RecorderClock, 'monoUs'>) {
    this.#minFree = minFree;
    this.#readFree = readFree;
    this.#clock = clock;
  }

  get isFull(): boolean {
    this.#refresh();
    return this.#isFull;
  }

  /** Bytes that this user may still write. */
  get free(): number {
    this.#refresh();
    return this.#free;
  }

  #refresh(): void {
    const now_us = this.#clock.monoUs();
    if (now_us - this.#readAt_us < READING_US) return;
    this.#readAt_us = now_us;
    this.#free = this.#readFree();
    const bound = this.#isFull ? Math.floor((this.#minFree * RESUME_PERCENT) / 100) : this.#minFree;
    this.#isFull = this.#free < bound;
  }
}

export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
