import { statfsSync } from 'node:fs';
import type { RecorderClock } from './options.ts';

/** A reading is good for this long: the disk must not be asked for each request. */
const READING_US = 250_000;
/** A reading is over, too, when so large a part of the bound has been written since. */
const PARTS = 8;
/** Decisions are taken again when this many more parts in a hundred than the bound are free. */
const RESUME_PERCENT = 125;

/** Whether the disk of the journal has room for decisions; between the two bounds the last answer stays. */
export class DiskSpace {
  readonly #minFree: number;
  readonly #readingBytes: number;
  readonly #readFree: () => number;
  readonly #clock: Pick<RecorderClock, 'monoUs'>;
  readonly #written: () => number;
  #readAt_us = Number.NEGATIVE_INFINITY;
  #writtenThen = 0;
  #free = 0;
  #isFull = false;

  /** `written`: bytes written in all so far; a disk may be faster than readings are. */
  constructor(
    minFree: number,
    readFree: () => number,
    clock: Pick<RecorderClock, 'monoUs'>,
    written: () => number = () => 0,
  ) {
    this.#minFree = minFree;
    this.#readingBytes = minFree === 0 ? Number.POSITIVE_INFINITY : minFree / PARTS;
    this.#readFree = readFree;
    this.#clock = clock;
    this.#written = written;
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
    const written = this.#written();
    if (now_us - this.#readAt_us < READING_US && written - this.#writtenThen < this.#readingBytes) return;
    this.#readAt_us = now_us;
    this.#writtenThen = written;
    this.#free = this.#readFree();
    const bound = this.#isFull ? Math.floor((this.#minFree * RESUME_PERCENT) / 100) : this.#minFree;
    this.#isFull = this.#free < bound;
  }
}

export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
