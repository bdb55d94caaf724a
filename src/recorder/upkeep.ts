import { toHex } from '../core/canonical/hex.ts';
import type { Checkpoint, Checkpointer } from './checkpointer.ts';
import type { CommitLoop } from './commit_loop.ts';
import { freeBytesOf } from './disk_space.ts';
import { replaceFile } from './durable_file.ts';
import type { Journal } from './journal.ts';
import { RecorderError, type RecorderOptions } from './options.ts';
import { fillReserve } from './reserve.ts';
import { savedStatePath, savedStateText } from './snapshot_file.ts';
import type { JournalState } from './state.ts';
import { Storekeeper } from './storekeeper.ts';

/** A ledger snapshot is due after this many records: bounds what a start after a crash has to read. */
export const SNAPSHOT_EVERY = 50_000;

export interface UpkeepParts {
  readonly options: RecorderOptions;
  readonly state: JournalState;
  readonly journal: Journal;
  readonly checkpointer: Checkpointer;
  readonly loop: CommitLoop;
}

/** Checkpoints and ledger snapshots, by count and by time. Its failures are the recorder's. */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #storekeeper: Storekeeper;
  #sinceCheckpoint = 0;
  #sinceSnapshot = 0;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    const { options, state, loop } = parts;
    const checkpoint = () => this.lastCheckpoint;
    this.#storekeeper = new Storekeeper({ options, state, loop, checkpoint, save: () => this.#save() });
  }

  /** What keeps sealed segments from being packed or removed; undefined when nothing does. */
  get storageProblem(): string | undefined {
    return this.#storekeeper.problem;
  }

  get lastCheckpoint(): Checkpoint | undefined {
    return this.#parts.checkpointer.last;
  }

  /** Starts the timers; none keeps the process alive. `beat` is called every heartbeat. */
  begin(beat: () => void): void {
    const { checkpoint_interval_ms, heartbeat_s } = this.#parts.options.settings;
    this.#timers.push(setInterval(() => this.#checkpointWhenGrown(), checkpoint_interval_ms).unref());
    this.#timers.push(setInterval(beat, heartbeat_s * 1_000).unref());
    const { journal_dir } = this.#parts.options.layout;
    if (!fillReserve(journal_dir, this.#parts.options.freeBytes?.() ?? freeBytesOf(journal_dir)))
      this.#parts.options.log.warn({}, 'no room for the reserve: a start on a full disk could not say why');
    this.#storekeeper.begin();
  }

  committed(commit: { readonly records: number; readonly rotated: boolean }): void {
    this.#sinceCheckpoint += commit.records;
    this.#sinceSnapshot += commit.records;
    if (commit.rotated) this.#storekeeper.nudge();
    if (commit.rotated || this.#sinceSnapshot >= SNAPSHOT_EVERY) this.#run(this.#save());
    else if (this.#sinceCheckpoint >= this.#parts.options.settings.checkpoint_every)
      this.#checkpointWhenGrown();
  }

  /** Of what is durable. */
  checkpoint(): Promise<Checkpoint> {
    return this.#atRest(() => this.#publish());
  }

  /** Nothing is packed, removed or recorded about it from here on. */
  async rest(): Promise<void> {
    await this.#storekeeper.stop();
  }

  /** The last checkpoint and snapshot of a clean stop. */
  async finish(): Promise<void> {
    this.cancel();
    await this.#save();
  }

  cancel(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  #checkpointWhenGrown(): void {
    if (this.#parts.state.tree.size > (this.lastCheckpoint?.size ?? 0)) this.#run(this.checkpoint());
  }

  /**
   * Checkpoint and snapshot of one moment, the snapshot written second: it is never on disk without a tree head beyond
   * it, which is what lets a start trust it.
   */
  #save(): Promise<void> {
    this.#sinceSnapshot = 0;
    return this.#atRest(async () => {
      const { options, loop } = this.#parts;
      const text = this.#snapshotText();
      await this.#publish();
      if (loop.failure !== undefined || text === undefined) return;
      const replace = options.replaceFile ?? replaceFile;
      replace(savedStatePath(options.layout.ledger_dir, 'snapshot'), text);
    });
  }

  /** With the checkpoint that is about to be published. Undefined in a segment without a line, which nothing can point behind. */
  #snapshotText(): string | undefined {
    const { options, state, journal } = this.#parts;
    if (journal.bytes === 0) return undefined;
    return savedStateText(options.keyring, {
      format: 1,
      state: state.snapshot((state.last_ledger_ms ?? 0) * 1_000),
      segment: journal.name,
      offset: journal.bytes,
      checkpoint: { size: state.tree.size, root: toHex(state.tree.root()) },
    });
  }

  #publish(): Promise<Checkpoint> {
    const { state, checkpointer } = this.#parts;
    this.#sinceCheckpoint = 0;
    return checkpointer.publish(state.tree.size, state.tree.root());
  }

  /** Runs `work` when nothing folded waits for its sync; what it reads before its first await is durable. */
  #atRest<T>(work: () => Promise<T>): Promise<T> {
    const { loop } = this.#parts;
    return new Promise((resolve, reject) => {
      loop.atRest(() => {
        if (loop.failure !== undefined)
          return reject(new RecorderError('the recorder has failed; nothing more is signed'));
        resolve(work());
      });
    });
  }

  #run(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#parts.loop.fail(error));
  }
}
