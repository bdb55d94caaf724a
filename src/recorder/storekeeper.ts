import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitLoop } from './commit_loop.ts';
import { RecorderError, type RecorderOptions } from './options.ts';
import { packSegment } from './pack_segment.ts';
import { isUsable } from './recovery.ts';
import { dueForRetirement, hasBounds, type Retirement } from './retention.ts';
import { digestOf, keepProofs } from './retired.ts';
import type { RecordFacts } from './scribe.ts';
import { listSegments, type SegmentFile } from './segments.ts';
import { DRAFT_SUFFIX, fileShelf, type Shelf, shelve } from './shelf.ts';
import { readSavedState, type SavedState, savedStatePath } from './snapshot_file.ts';
import type { JournalState } from './state.ts';

/** Age has to be looked at even when nothing rotates. */
const PASS_INTERVAL_MS = 3_600_000;
/** Rest after each packed block, unless segments pile up. */
const PAUSE_MS = 5;

export interface StorekeeperParts {
  readonly options: RecorderOptions;
  readonly state: JournalState;
  readonly loop: CommitLoop;
  readonly checkpoint: () => { readonly size: number; readonly root: string } | undefined;
  /** A checkpoint and a ledger snapshot of this moment, durable when it resolves. */
  readonly save: () => Promise<void>;
}

/**
 * Care of sealed segments: packs them, and removes the oldest as the settings say. It works beside the commits and
 * touches nothing they write, so its failures are reported and tried again later; they never stop the recorder.
 */
export class Storekeeper {
  readonly #parts: StorekeeperParts;
  readonly #shelf: Shelf;
  readonly #stop = new AbortController();
  #pass: Promise<void> | undefined;
  #isAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | undefined;

  constructor(parts: StorekeeperParts) {
    this.#parts = parts;
    this.#shelf = parts.options.shelf ?? fileShelf;
  }

  /** What went wrong in the last pass; undefined when nothing did. */
  get problem(): string | undefined {
    return this.#problem;
  }

  begin(): void {
    this.#timer = setInterval(() => this.nudge(), PASS_INTERVAL_MS).unref();
    this.nudge();
  }

  /** There may be something to do: a segment was sealed, or time has passed. */
  nudge(): void {
    if (this.#stop.signal.aborted) return;
    this.#isAgain = this.#pass !== undefined;
    this.#pass ??= this.#work().finally(() => {
      this.#pass = undefined;
      if (this.#isAgain) this.nudge();
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#pass;
  }

  async #work(): Promise<void> {
    const { log } = this.#parts.options;
    try {
      await this.#clearDrafts();
      await this.#finishRetirements();
      await this.#pack();
      await this.#retire();
      this.#problem = undefined;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#problem = error instanceof Error ? error.message : String(error);
      log.warn({ err: error }, 'sealed segments could not be packed or removed; tried again later');
    }
  }

  get #journalDir(): string {
    return this.#parts.options.layout.journal_dir;
  }

  /** Files that a stop left unfinished; their originals are still there. */
  async #clearDrafts(): Promise<void> {
    for (const folder of [this.#journalDir, join(this.#journalDir, 'retired')]) {
      if (!existsSync(folder)) continue;
      const drafts = readdirSync(folder).filter((name) => name.endsWith(DRAFT_SUFFIX));
      for (const name of drafts) await this.#shelf.remove(join(folder, name));
    }
  }

  async #pack(): Promise<void> {
    if (!this.#parts.options.settings.compress_segments) return;
    const waiting = listSegments(this.#journalDir)
      .slice(0, -1)
      .filter(({ packed }) => !packed);
    // What is sealed meanwhile has its own pass: packing that never catches up must not keep anything from being removed.
    for (const segment of waiting) {
      this.#stop.signal.throwIfAborted();
      const pause_ms = waiting.length > 1 ? 0 : PAUSE_MS;
      await packSegment(this.#shelf, segment, { pause_ms, signal: this.#stop.signal });
    }
  }

  async #retire(): Promise<void> {
    const { settings } = this.#parts.options;
    if (!hasBounds(settings) || this.#due(Number.MAX_SAFE_INTEGER).length === 0) return;
    const base = await this.#newBase();
    for (const retirement of this.#due(base)) {
      this.#stop.signal.throwIfAborted();
      await this.#retireOne(retirement);
    }
  }

  #due(base_first_seq: number): Retirement[] {
    const { options, checkpoint, state } = this.#parts;
    const floor = { checkpoint_size: checkpoint()?.size ?? 0, base_first_seq };
    // A wall clock that jumped ahead must not make evidence old.
    const now_ms = Math.min(options.clock?.wallMs() ?? Date.now(), state.last_ledger_ms ?? 0);
    return dueForRetirement(listSegments(this.#journalDir), options.settings, floor, now_ms);
  }

  /** Saves a ledger snapshot that stays until the next retirement; returns the first record of the segment it lies in. */
  async #newBase(): Promise<number> {
    const { options, save, checkpoint } = this.#parts;
    const { ledger_dir } = options.layout;
    await save();
    const text = readFileSync(savedStatePath(ledger_dir, 'snapshot'));
    await shelve(this.#shelf, ledger_dir, savedStatePath(ledger_dir, 'base'), (draft) => draft.write(text));
    const base = readSavedState(ledger_dir, options.keyring, 'base');
    const segments = listSegments(this.#journalDir);
    if (base === undefined || !isUsable(base, checkpoint(), segments))
      throw new RecorderError('no start would work from the ledger snapshot just taken; nothing is removed.');
    return segmentOf(base, segments).first_seq;
  }

  /** First what proves the rest, then the record, then the removal: whoever finds the file gone finds out why. */
  async #retireOne({ segment, last_seq, because }: Retirement): Promise<void> {
    await keepProofs(this.#shelf, this.#journalDir, segment, this.#parts.options.keyring.root.keyId);
    const { digest, bytes } = await digestOf(segment.path);
    const { first_seq } = segment;
    const name = segment.packed ? `${segment.name}.gz` : segment.name;
    await this.#record({
      type: 'lifecycle',
      lifecycle: 'retention',
      because,
      segment: name,
      first_seq,
      last_seq,
      digest,
      bytes,
    });
    await this.#remove(segment);
  }

  /** The record is durable, the file is still there: the stop came in between. */
  async #finishRetirements(): Promise<void> {
    const segments = listSegments(this.#journalDir);
    for (const [i, segment] of segments.entries()) {
      const next = segments[i + 1];
      if (next === undefined || next.first_seq - 1 > this.#parts.state.retired_through) return;
      await this.#remove(segment);
    }
  }

  async #remove(segment: SegmentFile): Promise<void> {
    await this.#shelf.remove(segment.path);
    await this.#shelf.syncFolder(this.#journalDir);
  }

  #record(facts: RecordFacts): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parts.loop.enqueue({
        write: (batch, signer) => {
          batch.addOwn(facts, signer);
          batch.whenDurable(resolve);
        },
        refuse: reject,
      });
    });
  }
}

function segmentOf(saved: SavedState, segments: readonly SegmentFile[]): SegmentFile {
  const found = segments.find(({ name }) => name === saved.segment);
  if (found === undefined) throw new RecorderError(`segment ${saved.segment} is gone`);
  return found;
}
