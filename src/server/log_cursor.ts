import type { FileHandle } from 'node:fs/promises';
import { LOG_LINE_BYTES_MAX } from './codec/access_log_entry.ts';

/** One whole line; `offset` is the position behind its newline. */
export interface LogLine {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

export interface LogRead {
  readonly lines: readonly LogLine[];
  /** Lines given up because no newline came within the bound. */
  readonly oversized: number;
  /** Bytes behind the last newline: a line still being written, or cut for ever. */
  readonly rest: number;
  /** There is more to read at once. */
  readonly more: boolean;
}

export const LOG_CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** Position in one file; holds no bytes between reads. */
export class LogCursor {
  position: number;
  /** Inside a line that is too long: its end is dropped as well. */
  #skipping = false;
  readonly #chunk: number;

  constructor(position: number, chunkBytes = LOG_CHUNK_BYTES) {
    if (chunkBytes < LOG_LINE_BYTES_MAX) throw new Error('a chunk must hold the longest line');
    this.position = position;
    this.#chunk = chunkBytes;
  }

  async read(handle: FileHandle): Promise<LogRead> {
    const buffer = new Uint8Array(this.#chunk);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.position);
    const full = bytesRead === buffer.length;
    const lines: LogLine[] = [];
    let from = 0;
    for (let at = buffer.indexOf(NEWLINE); at >= 0 && at < bytesRead; at = buffer.indexOf(NEWLINE, from)) {
      if (!this.#skipping) lines.push({ bytes: buffer.subarray(from, at), offset: this.position + at + 1 });
      this.#skipping = false;
      from = at + 1;
    }
    let oversized = 0;
    if (from === 0 && full) {
      oversized = this.#skipping ? 0 : 1;
      this.#skipping = true;
      from = bytesRead;
    }
    this.position += from;
    return { lines, oversized, rest: bytesRead - from, more: full };
  }
}
