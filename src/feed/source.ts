import { readFile, stat } from 'node:fs/promises';
import type { Result } from '../core/result.ts';
import type { SourceStatus } from './ports.ts';

/** A document in its compiled form. */
export interface Compiled<T> {
  readonly value: T;
  readonly digest: string;
  readonly canonical: Uint8Array;
}

export interface SourceOptions<T> {
  readonly file: string;
  readonly bytes_max: number;
  /** Problems as lines for people. */
  readonly compile: (bytes: Uint8Array) => Result<Compiled<T>, readonly string[]>;
  /** Stands in for a file that does not exist at start. */
  readonly missing?: Uint8Array;
  readonly now: () => number;
}

const READ_ATTEMPTS_MAX = 5;

export type Refresh = 'same' | 'changed' | 'refused';

/** One watched document: the last good version, and what is wrong with a newer one. */
export class Source<T> {
  private readonly options: SourceOptions<T>;
  private stamp = '';
  private live: (Compiled<T> & { readonly loaded_ms: number }) | undefined;
  private candidate: Compiled<T> | undefined;
  private trouble: SourceStatus['refused'];

  constructor(options: SourceOptions<T>) {
    this.options = options;
  }

  /** The last good document. Throws before the first success. */
  good(): Compiled<T> {
    if (!this.live) throw new Error(`${this.options.file} was never loaded`);
    return this.live;
  }

  status(): SourceStatus {
    const { file } = this.options;
    if (!this.live) throw new Error(`${file} was never loaded`);
    const { digest, loaded_ms } = this.live;
    return { file, digest, loaded_ms, ...(this.trouble ? { refused: this.trouble } : {}) };
  }

  problems(): readonly string[] {
    return this.trouble?.problems ?? [];
  }

  /** Whether the file differs from what was last looked at. */
  async touched(): Promise<boolean> {
    return (await this.stampNow()) !== this.stamp;
  }

  /** Reads and compiles; a changed document waits in `pending` until `accept`. */
  async refresh(): Promise<Refresh> {
    this.candidate = undefined;
    const read = await this.readSteady();
    if (!read.ok) return this.refuse(read.problem);
    this.trouble = undefined;
    if (read.value.digest === this.live?.digest) return 'same';
    this.candidate = read.value;
    return 'changed';
  }

  /** What `good` becomes by `accept`. */
  pending(): Compiled<T> {
    return this.candidate ?? this.good();
  }

  accept(): void {
    if (this.candidate) this.live = { ...this.candidate, loaded_ms: this.options.now() };
    this.candidate = undefined;
  }

  /** Keeps the last good document; the next look at the file tries again. */
  postpone(cause: string): void {
    this.candidate = undefined;
    this.stamp = '';
    this.refuse([cause]);
  }

  private refuse(problems: readonly string[]): Refresh {
    this.trouble = { since_ms: this.trouble?.since_ms ?? this.options.now(), problems };
    return 'refused';
  }

  /** Half of an edit may compile, so what is read has to stand still while it is read. */
  private async readSteady(): Promise<Result<Compiled<T>, readonly string[]>> {
    for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
      this.stamp = await this.stampNow();
      const read = await this.read();
      if ((await this.stampNow()) === this.stamp) return read;
    }
    this.stamp = '';
    return { ok: false, problem: [`${this.options.file}: changes while it is being read`] };
  }

  private async read(): Promise<Result<Compiled<T>, readonly string[]>> {
    const { file, bytes_max, compile, missing } = this.options;
    try {
      const { size } = await stat(file);
      if (size > bytes_max)
        return { ok: false, problem: [`${file}: ${size} bytes; allowed: at most ${bytes_max}`] };
      return compile(await readFile(file));
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (isMissing && !this.live && missing) return compile(missing);
      return { ok: false, problem: [isMissing ? `${file}: no such file` : `${file}: ${String(error)}`] };
    }
  }

  /** Inode, size and times: a replaced file and an edited one both show. */
  private async stampNow(): Promise<string> {
    const found = await stat(this.options.file, { bigint: true }).catch(() => undefined);
    return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ') : 'missing';
  }
}
