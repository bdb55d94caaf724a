import type { Batch } from './batch.ts';
import { Drafting, type DraftingParts } from './drafting.ts';
import type { Journal } from './journal.ts';
import { spendReserve } from './reserve.ts';
import type { RecordFacts } from './scribe.ts';
import { sealFacts } from './seal.ts';
import { WaitingOutcomes } from './waiting_outcomes.ts';
import { takeWorks, type Work } from './work.ts';

export interface LoopParts extends DraftingParts {
  readonly journal: Journal;
  readonly log_id: string;
  /** After each commit; `rotated` when a segment was sealed in it. */
  readonly committed: (commit: { readonly records: number; readonly rotated: boolean }) => void;
}

interface Commit {
  readonly batch: Batch;
  readonly started_us: number;
  readonly rotated: boolean;
}

/** Largest number of waiting works that one commit takes: keeps the first from waiting for the last. */
export const BATCH_WORKS_MAX = 128;

/**
 * Natural batching: a commit takes whatever queued up while the one before was being synced; no timer decides.
 * One commit is under way at a time. The loop is the only code that writes to the journal.
 */
export class CommitLoop {
  readonly #parts: LoopParts;
  readonly #queue: Work[] = [];
  readonly #drafting: Drafting;
  readonly #outcomes: WaitingOutcomes;
  #inFlight: Work[] = [];
  #scheduled = false;
  #underWay = false;
  readonly #resting: (() => void)[] = [];
  #failure: Error | undefined;
  #commits = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#drafting = new Drafting(parts);
    this.#outcomes = new WaitingOutcomes(this.#drafting, {
      isIdle: () => this.#failure === undefined && this.#queue.length === 0 && this.#resting.length === 0,
      isRotationDue: () => this.#isRotationDue(),
      schedule: () => this.#schedule(),
      fail: (cause) => this.fail(cause),
    });
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get depth(): number {
    return this.#queue.length;
  }

  get outcomeDepth(): number {
    return this.#outcomes.depth;
  }

  get commits(): number {
    return this.#commits;
  }

  enqueue(work: Work): void {
    if (this.#isRefused(work)) return;
    this.#queue.push(work);
    this.#schedule();
  }

  enqueueOutcome(work: Work): void {
    if (this.#isRefused(work)) return;
    this.#outcomes.push(work);
  }

  /**
   * Runs `then` at a moment when everything folded is durable: now, or when the commit under way is through. What is
   * signed about the whole log (checkpoints, snapshots) must be read there and nowhere else.
   */
  atRest(then: () => void): void {
    if (this.#underWay || this.#outcomes.isAhead) {
      this.#resting.push(then);
      this.#schedule();
    } else then();
  }

  /** Commits everything waiting and then own records, now; only at rest. Throws when that fails. */
  flush(last: readonly RecordFacts[] = []): void {
    while (this.#failure === undefined && this.#queue.length + this.outcomeDepth > 0) this.#commitNow();
    if (last.length > 0) this.#commitOwn(undefined, last);
    this.#outcomes.cancel();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The first commit of a process: genesis, signed by the root, when the log is new; then own records. Throws when it fails. */
  begin(genesis: RecordFacts | undefined, facts: readonly RecordFacts[]): void {
    this.#commitOwn(genesis, facts);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Fails what is in flight and everything queued; nothing is written by this process any more. */
  fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.#failure = error;
    const { options, readings } = this.#parts;
    spendReserve(options.layout.journal_dir, options.keyring, error, readings.wallMs());
    const outcomes = this.#outcomes.drain();
    for (const work of [...this.#inFlight, ...this.#queue.splice(0), ...outcomes]) work.refuse(error);
    this.#inFlight = [];
    this.#underWay = false;
    for (const then of this.#resting.splice(0)) then();
    options.onFatal(error);
  }

  #isRefused(work: Work): boolean {
    if (this.#failure === undefined) return false;
    work.refuse(this.#failure);
    return true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commit();
    });
  }

  /** Judges, signs and writes what waits; answers when the sync has come back. */
  #commit(): void {
    if (this.#failure !== undefined || this.#underWay) return;
    try {
      const commit = this.#prepare();
      if (commit.batch.lines.length === 0) {
        this.#finish(commit);
        return;
      }
      this.#underWay = true;
      this.#parts.journal.appendSoon(commit.batch.lines, (failure) => {
        if (failure !== null) return this.fail(failure);
        this.#underWay = false;
        this.#finish(commit);
      });
    } catch (error) {
      this.fail(error);
    }
  }

  #commitNow(): void {
    try {
      const commit = this.#prepare();
      this.#persist(commit.batch);
      this.#finish(commit);
    } catch (error) {
      this.fail(error);
    }
  }

  #prepare(): Commit {
    const started_us = this.#parts.readings.monoUs();
    const rotated = this.#rotateWhenDue();
    const batch = this.#takeAhead() ?? this.#drafting.newBatch();
    this.#fill(batch);
    return { batch, started_us, rotated };
  }

  /** What was signed ahead becomes the front of this commit; what follows is judged at the present moment. */
  #takeAhead(): Batch | undefined {
    const ahead = this.#outcomes.takeAhead();
    if (ahead === undefined) return undefined;
    this.#inFlight.push(...ahead.works);
    this.#drafting.refresh(ahead.batch);
    return ahead.batch;
  }

  /** Everything of the commit is on stable storage; nobody heard of it before. */
  #finish({ batch, started_us, rotated }: Commit): void {
    if (this.#failure !== undefined) return;
    batch.answer();
    this.#inFlight = [];
    this.#report(batch, started_us, rotated);
    if (this.#resting.length > 0 && !this.#outcomes.isAhead) {
      for (const then of this.#resting.splice(0)) then();
    }
    if (this.#queue.length > 0 || this.#resting.length > 0) this.#schedule();
    else this.#outcomes.tend();
  }

  #commitOwn(genesis: RecordFacts | undefined, facts: readonly RecordFacts[]): void {
    if (this.#failure !== undefined) return;
    try {
      const batch = this.#drafting.newBatch(genesis);
      const signer = this.#drafting.signerFor(batch);
      for (const one of facts) batch.addOwn(one, signer);
      this.#persist(batch);
      batch.answer();
    } catch (error) {
      this.fail(error);
    }
  }

  /** MUST come between writing and answering: returns when every line of the batch is on stable storage. */
  #persist(batch: Batch): void {
    if (batch.lines.length === 0) return;
    this.#parts.journal.append(batch.lines);
  }

  #fill(batch: Batch): void {
    const signer = this.#drafting.signerFor(batch);
    takeWorks(this.#queue, BATCH_WORKS_MAX, batch, signer, this.#inFlight);
    this.#outcomes.ride(batch, signer, this.#inFlight);
  }

  #isRotationDue(): boolean {
    const { state, journal, options, readings } = this.#parts;
    const { segment_max_bytes, segment_max_age_s } = options.settings;
    const age_ms = readings.wallMs() - (state.segment?.opened_ms ?? Number.POSITIVE_INFINITY);
    return journal.bytes >= segment_max_bytes || age_ms >= segment_max_age_s * 1_000;
  }

  /** Seals the segment and starts the next one when it is big or old enough. */
  #rotateWhenDue(): boolean {
    if (!this.#isRotationDue()) return false;
    const { state, journal, log_id } = this.#parts;
    const batch = this.#takeAhead() ?? this.#drafting.newBatch();
    batch.addOwn(sealFacts(state), this.#drafting.signerFor(batch));
    this.#persist(batch);
    batch.answer();
    this.#inFlight = [];
    journal.start(state.head_seq + 1, log_id);
    return true;
  }

  #report(batch: Batch, started_us: number, rotated: boolean): void {
    const { options, readings, committed } = this.#parts;
    this.#commits++;
    if (batch.lines.length > 0) {
      const latency_ms = (readings.monoUs() - started_us) / 1_000;
      options.metrics?.committed({ types: batch.types, bytes: batch.bytes, latency_ms });
    }
    committed({ records: batch.lines.length, rotated });
  }
}
