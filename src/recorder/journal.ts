import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalDisk } from './disk.ts';
import { segmentName } from './segments.ts';

/** The segment did not take what it was given; this process must not write to it again. */
export class JournalFailure extends Error {
  override readonly name = 'JournalFailure';
  readonly cause_code: 'write_failed' | 'size_mismatch' | 'other';

  constructor(message: string, cause_code: JournalFailure['cause_code'] = 'other') {
    super(message);
    this.cause_code = cause_code;
  }
}

const NEWLINE = 0x0a;

/** The open end of the journal: appends whole batches to the current segment. */
export class Journal {
  readonly #dir: string;
  readonly #openDisk: (path: string) => JournalDisk;
  #disk: JournalDisk | undefined;
  #bytes = 0;
  #written = 0;
  #name = '';

  constructor(dir: string, openDisk: (path: string) => JournalDisk) {
    this.#dir = dir;
    this.#openDisk = openDisk;
  }

  /** File name of the current segment. */
  get name(): string {
    return this.#name;
  }

  /** Size of the current segment. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes taken by all segments in this process. */
  get written(): number {
    return this.#written;
  }

  /** Goes on with a segment that recovery has read to its end. The process that made it may have ended before its name was durable. */
  resume(name: string): void {
    this.#open(name);
    this.#disk?.syncName();
  }

  /** Starts the segment whose first record will be `first_seq`; its name is durable before anything is in it. */
  start(first_seq: number, log_id: string): void {
    const name = segmentName(first_seq, log_id);
    if (existsSync(join(this.#dir, name))) throw new JournalFailure(`segment ${name} exists already`);
    this.close();
    this.#open(name);
    this.#disk?.syncName();
  }

  /** One write and one sync for the whole batch. Returns only when all of it is on stable storage; throws otherwise. */
  append(lines: readonly Uint8Array[]): void {
    const disk = this.#write(lines);
    disk.sync();
    this.#requireSize(disk);
  }

  /** The same without waiting: `settled` hears once, in a later turn, that all of it is on stable storage, or why not. */
  appendSoon(lines: readonly Uint8Array[], settled: (failure: Error | null) => void): void {
    const disk = this.#write(lines);
    disk.syncSoon((error) => settled(error ?? this.#sizeFailure(disk)));
  }

  #write(lines: readonly Uint8Array[]): JournalDisk {
    const disk = this.#disk;
    if (disk === undefined) throw new JournalFailure('no segment is open');
    const batch = joinLines(lines);
    const taken = disk.append(batch);
    if (taken !== batch.length)
      throw new JournalFailure(`short write: ${taken} of ${batch.length} bytes`, 'write_failed');
    this.#bytes += batch.length;
    this.#written += batch.length;
    return disk;
  }

  #requireSize(disk: JournalDisk): void {
    const failure = this.#sizeFailure(disk);
    if (failure !== null) throw failure;
  }

  #sizeFailure(disk: JournalDisk): JournalFailure | null {
    const size = disk.size();
    if (size === this.#bytes) return null;
    return new JournalFailure(
      `segment ${this.#name} has ${size} bytes, expected ${this.#bytes}: another writer?`,
      'size_mismatch',
    );
  }

  close(): void {
    this.#disk?.close();
    this.#disk = undefined;
  }

  #open(name: string): void {
    this.#disk = this.#openDisk(join(this.#dir, name));
    this.#name = name;
    this.#bytes = this.#disk.size();
  }
}

function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const line of lines) length += line.length + 1;
  const batch = Buffer.allocUnsafe(length);
  let at = 0;
  for (const line of lines) {
    batch.set(line, at);
    at += line.length + 1;
    batch[at - 1] = NEWLINE;
  }
  return batch;
}
