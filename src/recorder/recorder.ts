import { assertOp } from '../core/ledger/op_bounds.ts';
import type { LedgerOp } from '../core/ledger/operation.ts';
import type { QuotaState } from '../core/ledger/quota.ts';
import type { ReceiptAsk, ToldReceipt } from '../core/receipt/recent_receipts.ts';
import type { BypassProbeFacts, LifecycleFacts } from '../core/receipt/records.ts';
import { fail } from '../core/result.ts';
import type { Proposal } from '../core/verdict/proposal.ts';
import { storeArtifact } from './artifacts.ts';
import type { Checkpoint } from './checkpointer.ts';
import { type Decided, Deciding } from './deciding.ts';
import { DiskSpace, freeBytesOf } from './disk_space.ts';
import { type AnsweredHead, missingHead, refuseFor } from './heads_live.ts';
import { Inspecting } from './inspecting.ts';
import { acceptClock } from './ledger_clock.ts';
import { changeTo } from './live_policy.ts';
import type { InspectionNotice, OutcomeNotice, PolicyFacts } from './notices.ts';
import { RecorderError } from './options.ts';
import { addOutcome, closeUnknown } from './outcomes.ts';
import type { RecorderParts } from './parts.ts';
import type { RecordFacts } from './scribe.ts';
import { type RecorderStatus, statusOf } from './status.ts';

/** Outcomes that may wait for a commit. */
export const CLOSURES_MAX = 65_536;

/** The only writer of evidence and counters; the append contract stands on `RecorderPort`. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #deciding: Deciding;
  readonly #inspecting: Inspecting;
  readonly #space: DiskSpace;
  #stopped = false;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    const { layout, settings, freeBytes } = parts.options;
    const readFree = freeBytes ?? (() => freeBytesOf(layout.journal_dir));
    this.#space = new DiskSpace(
      settings.min_free_bytes,
      readFree,
      parts.readings,
      () => parts.journal.written,
    );
    this.#deciding = new Deciding(parts, this.#space);
    this.#inspecting = new Inspecting(parts);
  }

  /** Resolves only when the decision is on stable storage, or with why there is none. Rejects on an operation out of bounds. */
  append(proposal: Proposal): Promise<Decided> {
    const { options, loop } = this.#parts;
    if (this.#stopped) return Promise.resolve(fail('RECORDER_UNAVAILABLE'));
    if (loop.depth >= options.settings.queue_max) return Promise.resolve(fail('RECORDER_BUSY'));
    return new Promise((resolve) => loop.enqueue(this.#deciding.workOf(proposal, resolve)));
  }

  /** Resolves when the outcome is durable, at once when no open decision is meant. Rejects when it cannot be recorded. */
  close(notice: OutcomeNotice): Promise<void> {
    const { state, loop } = this.#parts;
    if (this.#stopped) return Promise.reject(new RecorderError('the recorder is stopped'));
    if (state.ledger.findOpen(notice.receipt_id, notice.request_id) === undefined) return Promise.resolve();
    if (loop.outcomeDepth >= CLOSURES_MAX) return Promise.reject(new RecorderError('too many outcomes wait'));
    return new Promise((resolve, reject) => {
      loop.enqueueOutcome({
        write: (batch, signer) => {
          const misfit = addOutcome(state, notice, batch, signer);
          if (misfit === undefined) batch.whenDurable(resolve);
          else reject(misfit);
        },
        refuse: reject,
      });
    });
  }

  /** Resolves when what was found is durable, or stands already, or when nobody asked for it. Rejects when it cannot be recorded. */
  inspect(notice: InspectionNotice): Promise<void> {
    if (this.#stopped) return Promise.reject(new RecorderError('the recorder is stopped'));
    return this.#inspecting.record(notice);
  }

  /** Closes as `unknown` what an ended Envoy epoch left open, once its log is drained. Returns how many that were. */
  async sweep(envoy_epoch: string): Promise<number> {
    const closed = await this.#closeUnknown((open) => open.envoy_epoch === envoy_epoch);
    // Outcomes folded ahead are not open any more and not durable yet; whoever asked forgets the log on our word.
    await this.#durable();
    return closed;
  }

  /** Stores the documents, then records that they are live; proposals judged under others are sent back from then on. */
  async recordPolicy(facts: PolicyFacts): Promise<void> {
    const { options, state } = this.#parts;
    const { artifacts_dir } = options.layout;
    storeArtifact(artifacts_dir, facts.policy_hash, facts.canonical);
    if (facts.registry !== undefined) storeArtifact(artifacts_dir, facts.registry_hash, facts.registry);
    const record = changeTo(facts, state.policy);
    if (record === undefined) {
      await this.#durable();
      return facts.activate?.();
    }
    await this.#record(record, facts.activate);
  }

  /** Requests that Envoy saw and that never got a decision. */
  async recordGap(gap: Omit<Extract<LifecycleFacts, { lifecycle: 'gap' }>, 'lifecycle'>): Promise<void> {
    // One that comes again over a lost connection has been counted.
    if (gap.offset !== undefined && gap.offset <= this.gapPosition(gap.log_file_id)) return this.#durable();
    await this.#record({ type: 'lifecycle', lifecycle: 'gap', ...gap });
  }

  /** What somebody in an agent's environment found who tried to get around the gateway. */
  async recordBypassProbe(facts: BypassProbeFacts): Promise<void> {
    await this.#record({ type: 'lifecycle', ...facts });
  }

  /** Says that we are alive, and gives up on allows from before a ledger time. */
  async heartbeat(expired_ms: number): Promise<void> {
    const { state } = this.#parts;
    const { decisions, ledger } = state;
    await this.#record({
      type: 'lifecycle',
      lifecycle: 'heartbeat',
      decisions,
      pending_outcomes: ledger.openCount,
    });
    await this.#closeUnknown((open) => open.ledger_ms < expired_ms);
  }

  /** A signed tree head over everything durable now; on disk before it is returned. */
  async checkpoint(): Promise<Checkpoint> {
    return await this.#parts.upkeep.checkpoint();
  }

  /** The run of Envoy that an open decision belongs to; undefined when none is meant. */
  openEpoch({
    receipt_id,
    request_id,
  }: Pick<OutcomeNotice, 'receipt_id' | 'request_id'>): string | undefined {
    return this.#parts.state.ledger.findOpen(receipt_id, request_id)?.envoy_epoch;
  }

  /** The run of Envoy that a decision belongs to whose inspections are still taken; undefined when none is meant. */
  inspectedEpoch(receiptId: string): string | undefined {
    return this.#parts.state.inspections.epochOf(receiptId);
  }

  /** Whether a decision stands behind a request whose log line names none. */
  decided(requestId: string): boolean {
    return this.#parts.state.ledger.isDecided(requestId);
  }

  /** Up to where the gaps of an Envoy log are recorded; 0: none are. */
  gapPosition(fileId: string): number {
    return this.#parts.state.gapPosition(fileId) ?? 0;
  }

  /** Where to go on reading an Envoy log: the end of the last line that an outcome came from; 0 at its start. */
  logPosition(fileId: string): number {
    return this.#parts.state.logPosition(fileId) ?? 0;
  }

  /** How much is left of each limit now. Without effect. */
  quota(ops: readonly LedgerOp[]): readonly QuotaState[] {
    const { clock, readings, state } = this.#parts;
    ops.forEach(assertOp);
    // Reading the clock would swallow a jump that has to be recorded.
    const now_us = clock.peek(readings.monoUs());
    return ops.map((op) => state.ledger.quota(op, now_us));
  }

  /** What an agent is told about a receipt of its own; undefined: it has none of this id among its newest. */
  why(ask: ReceiptAsk): ToldReceipt | undefined {
    return this.#parts.state.recent.find(ask);
  }

  /** The run of Envoy that asked for one of the newest decisions. */
  receiptEpoch(receiptId: string): string | undefined {
    return this.#parts.state.recent.epochOf(receiptId);
  }

  status(): RecorderStatus {
    return statusOf(this.#parts, this.#space, this.#stopped);
  }

  /** An operator vouches for the wall clock: the ledger clock moves forward to it, on record. Resolves with by how much. */
  async acceptClock(): Promise<number> {
    return await acceptClock(this.#parts);
  }

  /** Whether the journal holds what a gateway was once answered with. */
  async knows(head: AnsweredHead): Promise<boolean> {
    return (await missingHead(this.#parts, head)) === undefined;
  }

  /** A gateway that is believed was answered with what the journal lacks: fails, and no recorder starts before an operator has settled it. */
  async rolledBack(head: AnsweredHead): Promise<void> {
    await refuseFor(this.#parts, head);
  }

  /** Writes what waits, then `stop`, a checkpoint and a ledger snapshot. Afterwards appends are refused. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const { loop, upkeep, release } = this.#parts;
    try {
      // Before the stop record: it must be the last one.
      await upkeep.rest();
      await new Promise<void>((resolve) => loop.atRest(resolve));
      loop.flush();
      loop.flush([...this.#deciding.takeFolded(), { type: 'lifecycle', lifecycle: 'stop', clean: true }]);
      await upkeep.finish();
    } finally {
      upkeep.cancel();
      release();
    }
  }

  #record(facts: RecordFacts, whenDurable?: () => void): Promise<void> {
    if (this.#stopped) return Promise.reject(new RecorderError('the recorder is stopped'));
    return new Promise((resolve, reject) => {
      this.#parts.loop.enqueue({
        write: (batch, signer) => {
          const added = batch.add(facts, signer);
          if (!added.ok) return reject(new RecorderError(`the record does not fit at ${added.problem.at}`));
          batch.whenDurable(() => {
            whenDurable?.();
            resolve();
          });
        },
        refuse: reject,
      });
    });
  }

  /** Everything folded by now is on stable storage. */
  #durable(): Promise<void> {
    const { loop } = this.#parts;
    return new Promise((resolve, reject) => {
      loop.atRest(() => (loop.failure === undefined ? resolve() : reject(loop.failure)));
    });
  }

  #closeUnknown(isMeant: Parameters<typeof closeUnknown>[1]): Promise<number> {
    return closeUnknown(this.#parts.state, isMeant, (notice) => this.close(notice));
  }
}
