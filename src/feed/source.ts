import type { Result } from '../core/result.ts';
import type { Refusal, SourceStatus } from './ports.ts';

/** A document in its compiled form. */
export interface Compiled<T> {
  readonly value: T;
  /** Of the document; what records name. */
  readonly digest: string;
  readonly canonical: Uint8Array;
  /** Tells two versions apart when the document is the same; the digest unless given. */
  readonly identity?: string;
  /** Makes it the one to start with next time; durable when it returns. Throws to refuse. */
  readonly keep?: () => void;
  /** It was not read from the file but from what was kept; this is what is wrong with the file. */
  readonly instead?: Refused;
}

export interface Refused {
  /** Lines for people. */
  readonly problems: readonly string[];
  readonly file_digest?: string;
}

/** Where a document comes from. Neither method rejects. */
export interface Reader<T> {
  readonly file: string;
  /** Differs whenever `read` could give something else; cheap. */
  stamp(): Promise<string>;
  /** `live`: something is in force already, so what was kept does not matter. */
  read(live: boolean): Promise<Result<Compiled<T>, Refused>>;
}

const READ_ATTEMPTS_MAX = 5;

export type Refresh = 'same' | 'changed' | 'refused';

/** One watched document: the last good version, and what is wrong with a newer one. */
export class Source<T> {
  private readonly reader: Reader<T>;
  private readonly now: () => number;
  private stamp = '';
  private live: (Compiled<T> & { readonly loaded_ms: number }) | undefined;
  private candidate: Compiled<T> | undefined;
  private trouble: Refusal | undefined;

  constructor(reader: Reader<T>, now: () => number) {
    this.reader = reader;
    this.now = now;
  }

  /** The last good document. Throws before the first success. */
  good(): Compiled<T> {
    if (!this.live) throw new Error(`${this.reader.file} was never loaded`);
    return this.live;
  }

  status(): SourceStatus {
    const { file } = this.reader;
    if (!this.live) throw new Error(`${file} was never loaded`);
    const { digest, loaded_ms } = this.live;
    return { file, digest, loaded_ms, ...(this.trouble ? { refused: this.trouble } : {}) };
  }

  /** Why there is nothing to start with. */
  problems(): readonly string[] {
    return this.live || this.candidate ? [] : (this.trouble?.problems ?? []);
  }

  /** Whether the file differs from what was last looked at. */
  async touched(): Promise<boolean> {
    return (await this.reader.stamp()) !== this.stamp;
  }

  /** Reads and compiles; a changed document waits in `pending` until `accept`. */
  async refresh(): Promise<Refresh> {
    this.candidate = undefined;
    const read = await this.readSteady();
    if (!read.ok) return this.refuse(read.problem);
    this.trouble = undefined;
    if (read.value.instead) this.refuse(read.value.instead);
    if (this.live && identityOf(read.value) === identityOf(this.live)) return 'same';
    this.candidate = read.value;
    return 'changed';
  }

  /** What `good` becomes by `accept`. */
  pending(): Compiled<T> {
    return this.candidate ?? this.good();
  }

  accept(): void {
    if (this.candidate) this.live = { ...this.candidate, loaded_ms: this.now() };
    this.candidate = undefined;
  }

  /** Keeps the last good document; the next look at the file tries again. */
  postpone(cause: string): void {
    this.candidate = undefined;
    this.stamp = '';
    this.refuse({ problems: [cause] });
  }

  private refuse(refused: Refused): Refresh {
    this.trouble = { since_ms: this.trouble?.since_ms ?? this.now(), ...refused };
    return 'refused';
  }

  /** Half of an edit may compile, so what is read has to stand still while it is read. */
  private async readSteady(): Promise<Result<Compiled<T>, Refused>> {
    for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
      this.stamp = await this.reader.stamp();
      const read = await this.reader.read(this.live !== undefined);
      if ((await this.reader.stamp()) === this.stamp) return read;
    }
    this.stamp = '';
    return { ok: false, problem: { problems: [`${this.reader.file}: changes while it is being read`] } };
  }
}

function identityOf(compiled: Compiled<unknown>): string {
  return compiled.identity ?? compiled.digest;
}
