import { createPublicKey, verify } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../core/canonical/hex.ts';
import { checkpointBody, formatNote, parseNote } from '../core/chain/checkpoint.ts';
import { RecorderError, type RecorderSigner } from './options.ts';

export interface Checkpoint {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** The signed note. */
  readonly note: string;
}

/** Checkpoints kept by size beside `latest`; the journal can reproduce the root of any older one. */
export const CHECKPOINT_FILES_KEPT = 1_000;
const SIZE_DIGITS = 12;
const BY_SIZE = /^[0-9]{12}$/;

/** Signs tree heads. Each is on disk before anyone sees it; a smaller or different tree is never signed. */
export class Checkpointer {
  readonly #dir: string;
  readonly #origin: string;
  readonly #signer: RecorderSigner;
  readonly #elsewhere: ((note: string) => Promise<void>) | undefined;
  #last: Checkpoint | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** `elsewhere` keeps a copy on other storage; it must not reject. */
  constructor(
    dir: string,
    origin: string,
    signer: RecorderSigner,
    last: Checkpoint | undefined,
    elsewhere?: (note: string) => Promise<void>,
  ) {
    this.#dir = dir;
    this.#origin = origin;
    this.#signer = signer;
    this.#last = last;
    this.#elsewhere = elsewhere;
  }

  get last(): Checkpoint | undefined {
    return this.#last;
  }

  /** One at a time, in the order asked for. */
  publish(size: number, root: Uint8Array): Promise<Checkpoint> {
    const published = this.#queue.then(() => this.#publish(size, toHex(root), root));
    this.#queue = published.catch(() => undefined);
    return published;
  }

  async #publish(size: number, rootHex: string, root: Uint8Array): Promise<Checkpoint> {
    const last = this.#last;
    if (last !== undefined && size <= last.size) {
      if (size === last.size && rootHex !== last.root)
        throw new Error('checkpoint: another tree of the same size');
      return last;
    }
    const body = checkpointBody(this.#origin, size, root);
    const note = formatNote(body, this.#origin, this.#signer.raw, this.#signer.sign(Buffer.from(body)));
    // The file by size first: `latest` must never name a head that has no file of its own.
    for (const name of [String(size).padStart(SIZE_DIGITS, '0'), 'latest']) await this.#persist(name, note);
    const published = { size, root: rootHex, note };
    this.#last = published;
    this.#prune();
    await this.#elsewhere?.(note);
    return published;
  }

  /** Off the recorder's thread: a checkpoint must not hold up the next commit. */
  async #persist(name: string, note: string): Promise<void> {
    const draft = join(this.#dir, `${name}.new`);
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(note);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(this.#dir, name));
    const folder = await open(this.#dir, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #prune(): void {
    const names = readdirSync(this.#dir)
      .filter((name) => BY_SIZE.test(name))
      .sort();
    for (const name of names.slice(0, -CHECKPOINT_FILES_KEPT)) rmSync(join(this.#dir, name));
  }
}

/** Reads the newest persisted checkpoint; undefined when there is none. Throws when it is not ours. */
export function readLatest(
  dir: string,
  signer: RecorderSigner,
): (Checkpoint & { origin: string }) | undefined {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'latest');
  return existsSync(path) ? readNote(path, signer) : undefined;
}

/** The newest checkpoint over no more than so many records; undefined when none is kept. */
export function newestUpTo(dir: string, signer: RecorderSigner, records: number): Checkpoint | undefined {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => BY_SIZE.test(name)) : [];
  const name = names.sort().findLast((one) => Number(one) <= records);
  return name === undefined ? undefined : readNote(join(dir, name), signer);
}

function readNote(path: string, signer: RecorderSigner): Checkpoint & { origin: string } {
  const note = readFileSync(path, 'utf8');
  const parsed = parseNote(note);
  if (!parsed.ok) throw new RecorderError(`${path} is not a checkpoint (${parsed.problem}).`);
  const { body, origin, size, root, signatures } = parsed.value;
  const key = createPublicKey({ key: Buffer.from(signer.spkiDer), type: 'spki', format: 'der' });
  if (!signatures.some((one) => one.name === origin && verify(null, Buffer.from(body), key, one.signature))) {
    throw new RecorderError(`${path} is not signed by this state folder's log key.`);
  }
  return { size, root: toHex(root), note, origin };
}
