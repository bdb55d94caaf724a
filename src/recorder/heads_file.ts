import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toHex } from '../core/canonical/hex.ts';
import { NOTE_BYTES_MAX, parseNote } from '../core/chain/checkpoint.ts';
import type { KnownHead, KnownHeads } from './heads.ts';
import { RecorderError, type RecorderLog, type RecorderSigner } from './options.ts';

/** A checkpoint waits no longer than this for storage that is not ours. */
const WRITE_WAIT_MS = 2_000;

/** The newest checkpoint, kept on other storage: a state folder restored from an older copy is behind it. */
export class HeadsFile implements KnownHeads {
  readonly #path: string;
  readonly #signer: RecorderSigner;
  readonly #log: RecorderLog;
  readonly #waitMs: number;
  #writing: Promise<void> | undefined;
  #newest: string | undefined;
  #failed = false;
  #late = false;

  /** `waitMs`: how long a checkpoint waits for the write. */
  constructor(path: string, signer: RecorderSigner, log: RecorderLog, waitMs = WRITE_WAIT_MS) {
    this.#path = path;
    this.#signer = signer;
    this.#log = log;
    this.#waitMs = waitMs;
  }

  get exists(): boolean {
    return existsSync(this.#path);
  }

  /** The newest checkpoint could not be written, or its write hangs. */
  get failing(): boolean {
    return this.#failed || this.#late;
  }

  /** Empty when there is no file. Throws when the file cannot be read or is not signed by this folder's log key. */
  heads(): readonly KnownHead[] {
    const folder = dirname(this.#path);
    if (!existsSync(folder))
      throw this.#refusal(`its folder ${folder} is not there. Is that storage mounted?`);
    if (!this.exists) return [];
    const parsed = parseNote(this.#text());
    if (!parsed.ok) throw this.#refusal(`it is not a checkpoint (${parsed.problem}). ${UNTRUSTED}`);
    const { body, origin, size, root, signatures } = parsed.value;
    const key = createPublicKey({ key: Buffer.from(this.#signer.spkiDer), type: 'spki', format: 'der' });
    if (!signatures.some((one) => one.name === origin && verify(null, Buffer.from(body), key, one.signature)))
      throw this.#refusal(`it is not signed by this state folder's log key. ${UNTRUSTED}`);
    const log_id = origin.slice(origin.lastIndexOf('/') + 1);
    const where = `the heads file ${this.#path}`;
    return [{ source: 'heads_file', where, log_id, records: size, root: toHex(root) }];
  }

  /**
   * Replaces the file by a newer note. Never rejects and waits no longer than a bound: storage that is not ours must
   * not stop the recorder. What is not written now is written with the next checkpoint.
   */
  async publish(note: string): Promise<void> {
    this.#newest = note;
    this.#writing ??= this.#writeNewest().finally(() => {
      this.#writing = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#noteLate();
        resolve();
      }, this.#waitMs);
    });
    await Promise.race([this.#writing, late]);
    clearTimeout(timer);
  }

  /** One write at a time: one that hangs must not take a second thread from the journal. */
  async #writeNewest(): Promise<void> {
    try {
      while (this.#newest !== undefined) {
        const note = this.#newest;
        this.#newest = undefined;
        await replaceSoon(this.#path, note);
      }
      if (this.failing) this.#log.info({ path: this.#path }, 'the heads file is written again');
      this.#failed = false;
      this.#late = false;
    } catch (error) {
      this.#failed = true;
      this.#log.error(
        { path: this.#path, err: error },
        'the heads file could not be written: a rollback since its last checkpoint would not be noticed',
      );
    }
  }

  #noteLate(): void {
    if (this.#late) return;
    this.#late = true;
    this.#log.error(
      { path: this.#path },
      'writing the heads file hangs: until it goes on, a rollback would not be noticed',
    );
  }

  #text(): string {
    try {
      if (statSync(this.#path).size > NOTE_BYTES_MAX) throw new Error('too long');
      return readFileSync(this.#path, 'utf8');
    } catch (error) {
      throw this.#refusal(`it cannot be read (${error instanceof Error ? error.message : 'failed'}).`);
    }
  }

  #refusal(why: string): RecorderError {
    return new RecorderError(`the heads file ${this.#path} (recorder.heads_file) does not count: ${why}`);
  }
}

const UNTRUSTED =
  'Restore the keys folder when that is what is older; give each installation a heads file of its own; move the file away only when you know how it came to be.';

async function replaceSoon(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
