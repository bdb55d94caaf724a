import { LINE_BYTES_MAX } from '../core/canonical/dsse.ts';
import type { LedgerClock } from '../core/ledger/clock.ts';
import { Batch } from './batch.ts';
import { currentEpoch, delegateEpoch, isInForce } from './epoch.ts';
import type { Journal } from './journal.ts';
import type { RecorderClock, RecorderOptions, RecorderSigner } from './options.ts';
import { BATCH_BYTES_MAX } from './recovery.ts';
import type { Moment, RecordFacts, Scribe } from './scribe.ts';
import { sealFacts } from './seal.ts';
import type { JournalState } from './state.ts';

/** Something that waits for a commit. `write` adds its lines, or none, and what to do once they are durable. */
export interface Work {
  write(batch: Batch, signer: RecorderSigner): void;
  /** It was not made durable and never will be by this process. */
  refuse(error: Error): void;
}

export interface LoopParts {
  readonly options: RecorderOptions;
  readonly state: JournalState;
  readonly journal: Journal;
  readonly clock: LedgerClock;
  readonly readings: RecorderClock;
  readonly scribe: Scribe;
  readonly log_id: string;
  /** After each commit; `rotated` when a segment was sealed in it. */
  readonly committed: (commit: { readonly records: number; readonly rotated: boolean }) => void;
  /** A new epoch key has been delegated, durably. */
  readonly delegated: (keyId: string) => void;
}

interface Commit {
  readonly batch: Batch;
  readonly started_us: number;
  readonly rotated: boolean;
}

/** Largest number of waiting works that one commit takes: keeps the first from waiting for the last. */
export const BATCH_WORKS_MAX = 128;
/** Outcomes signed ahead, while nobody waits; more than this are left for after the next commit. */
const AHEAD_MAX = 64;
/** Outcomes signed for one commit that somebody waits for, once the backlog is reached. */
const RIDING_MAX = 16;
/** Without traffic outcomes are committed after this long. */
const OUTCOME_DELAY_MS = 250;
/** Above this many waiting outcomes commits are made for their sake. */
const OUTCOME_BACKLOG = 1_024;
/** Buckets looked at per commit for entries that time has emptied. */
const SWEEP_BUDGET = 256;

/**
 * Natural batching: a commit takes whatever queued up while the one before was being synced; no timer decides.
 * One commit is under way at a time. The loop is the only code that writes to the journal.
 */
export class CommitLoop {
  readonly #parts: LoopParts;
  readonly #queue: Work[] = [];
  readonly #outcomes: Work[] = [];
  #inFlight: Work[] = [];
  /** Outcomes that were signed and folded while nobody waited; the next commit writes them in front of its own lines. */
  #ahead: { readonly batch: Batch; readonly works: Work[] } | undefined;
  #aheadScheduled = false;
  #signer: RecorderSigner | undefined;
  #scheduled = false;
  #underWay = false;
  readonly #resting: (() => void)[] = [];
  #outcomeTimer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  #commits = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get depth(): number {
    return this.#queue.length;
  }

  get outcomeDepth(): number {
    return this.#outcomes.length + (this.#ahead?.works.length ?? 0);
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
    if (this.#outcomes.length >= OUTCOME_BACKLOG) this.#schedule();
    else this.#tendOutcomes();
  }

  /**
   * Runs `then` at a moment when everything folded is durable: now, or when the commit under way is through. What is
   * signed about the whole log (checkpoints, snapshots) must be read there and nowhere else.
   */
  atRest(then: () => void): void {
    if (this.#underWay || this.#ahead !== undefined) {
      this.#resting.push(then);
      this.#schedule();
    } else then();
  }

  /** Commits everything waiting and then own records, now; only at rest. Throws when that fails. */
  flush(last: readonly RecordFacts[] = []): void {
    while (this.#failure === undefined && this.#queue.length + this.outcomeDepth > 0) this.#commitNow();
    if (last.length > 0) this.#commitOwn(undefined, last);
    clearTimeout(this.#outcomeTimer);
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
    clearTimeout(this.#outcomeTimer);
    const ahead = this.#ahead?.works ?? [];
    for (const work of [...this.#inFlight, ...ahead, ...this.#queue.splice(0), ...this.#outcomes.splice(0)])
      work.refuse(error);
    this.#inFlight = [];
    this.#ahead = undefined;
    this.#underWay = false;
    for (const then of this.#resting.splice(0)) then();
    this.#parts.options.onFatal(error);
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

  /** Outcomes never force a commit while requests come in; they are signed ahead in idle turns, and committed after a while. */
  #tendOutcomes(): void {
    if (this.outcomeDepth === 0) return;
    this.#outcomeTimer ??= setTimeout(() => {
      this.#outcomeTimer = undefined;
      this.#schedule();
    }, OUTCOME_DELAY_MS);
    if (this.#aheadScheduled || this.#outcomes.length === 0) return;
    this.#aheadScheduled = true;
    setImmediate(() => {
      this.#aheadScheduled = false;
      this.#signOneAhead();
    });
  }

  /** One outcome a turn, so that a request that arrives meanwhile waits for one signature at most. */
  #signOneAhead(): void {
    if (this.#failure !== undefined || this.#queue.length > 0 || this.#resting.length > 0) return;
    try {
      if (this.#isRotationDue()) {
        this.#schedule();
        return;
      }
      this.#ahead ??= { batch: this.#newBatch(), works: [] };
      const { batch, works } = this.#ahead;
      if (works.length >= AHEAD_MAX) return;
      this.#take(this.#outcomes, 1, batch, this.#signerFor(batch), works);
      this.#tendOutcomes();
    } catch (error) {
      this.fail(error);
    }
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
    const batch = this.#takeAhead() ?? this.#newBatch();
    this.#fill(batch);
    return { batch, started_us, rotated };
  }

  /** What was signed ahead becomes the front of this commit; what follows is judged at the present moment. */
  #takeAhead(): Batch | undefined {
    if (this.#ahead === undefined) return undefined;
    const { batch, works } = this.#ahead;
    this.#ahead = undefined;
    this.#inFlight.push(...works);
    this.#refresh(batch);
    return batch;
  }

  /** Everything of the commit is on stable storage; nobody heard of it before. */
  #finish({ batch, started_us, rotated }: Commit): void {
    if (this.#failure !== undefined) return;
    batch.answer();
    this.#inFlight = [];
    this.#report(batch, started_us, rotated);
    if (this.#resting.length > 0 && this.#ahead === undefined) {
      for (const then of this.#resting.splice(0)) then();
    }
    if (this.#queue.length > 0 || this.#resting.length > 0) this.#schedule();
    else this.#tendOutcomes();
  }

  #commitOwn(genesis: RecordFacts | undefined, facts: readonly RecordFacts[]): void {
    if (this.#failure !== undefined) return;
    try {
      const batch = this.#newBatch(genesis);
      const signer = this.#signerFor(batch);
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

  #newBatch(genesis?: RecordFacts): Batch {
    const { state, scribe, options } = this.#parts;
    const { moment, wall_jump_ms } = this.#now();
    state.ledger.sweep(moment.now_us, SWEEP_BUDGET);
    const batch = new Batch(state, scribe, moment);
    if (genesis !== undefined) batch.addOwn(genesis, options.keyring.root);
    this.#noteJump(batch, wall_jump_ms);
    return batch;
  }

  #refresh(batch: Batch): void {
    const { moment, wall_jump_ms } = this.#now();
    batch.moment = moment;
    this.#noteJump(batch, wall_jump_ms);
  }

  #now(): { readonly moment: Moment; readonly wall_jump_ms: number | undefined } {
    const { clock, readings } = this.#parts;
    const wall_ms = readings.wallMs();
    const mono_us = readings.monoUs();
    const { now_us, wall_jump_ms } = clock.read(wall_ms, mono_us);
    const ts = new Date(wall_ms).toISOString();
    return { moment: { wall_ms, ts, mono_us, now_us }, wall_jump_ms };
  }

  #noteJump(batch: Batch, wall_jump_ms: number | undefined): void {
    if (wall_jump_ms === undefined) return;
    batch.addOwn({ type: 'lifecycle', lifecycle: 'clock', wall_jump_ms }, this.#signerFor(batch));
  }

  #fill(batch: Batch): void {
    const signer = this.#signerFor(batch);
    this.#take(this.#queue, BATCH_WORKS_MAX, batch, signer, this.#inFlight);
    const behind = this.#outcomes.length >= OUTCOME_BACKLOG || batch.lines.length === 0;
    if (behind) this.#take(this.#outcomes, RIDING_MAX, batch, signer, this.#inFlight);
  }

  /** In the order they came. A batch stops short of the size that recovery takes for one torn write. */
  #take(from: Work[], count: number, batch: Batch, signer: RecorderSigner, taken: Work[]): void {
    for (let i = 0; i < count && batch.bytes + LINE_BYTES_MAX < BATCH_BYTES_MAX; i++) {
      const work = from.shift();
      if (work === undefined) return;
      taken.push(work);
      work.write(batch, signer);
    }
  }

  /** The key in force at the batch's moment; when the last one runs out, a new one is delegated first. */
  #signerFor(batch: Batch): RecorderSigner {
    const { options, state } = this.#parts;
    const last = state.epochs.at(-1);
    const isSame = last !== undefined && last.key_id === this.#signer?.keyId;
    if (this.#signer !== undefined && isSame && isInForce(last, batch.moment.wall_ms)) return this.#signer;
    this.#signer = currentEpoch(state, options.keyring, batch.moment.wall_ms);
    if (this.#signer !== undefined) return this.#signer;
    const fresh = delegateEpoch(batch, state, options.keyring);
    batch.whenDurable(() => this.#parts.delegated(fresh.keyId));
    this.#signer = fresh;
    return fresh;
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
    const batch = this.#takeAhead() ?? this.#newBatch();
    batch.addOwn(sealFacts(state), this.#signerFor(batch));
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
