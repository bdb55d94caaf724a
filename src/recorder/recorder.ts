import type { LedgerClock } from '../core/ledger/clock.ts';
import { assertGcraOp } from '../core/ledger/gcra.ts';
import type { LedgerOp } from '../core/ledger/operation.ts';
import { RECORD_CAPS } from '../core/receipt/common_fields.ts';
import type {
  BundleRef,
  LifecycleFacts,
  OutcomeFacts,
  OutcomeRecord,
  PolicyRecord,
} from '../core/receipt/records.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { AppendProblem, AppendResult, FoldedDenial, Proposal } from '../core/verdict/proposal.ts';
import { storeArtifact } from './artifacts.ts';
import type { Batch } from './batch.ts';
import type { Checkpoint } from './checkpointer.ts';
import type { CommitLoop } from './commit_loop.ts';
import { DiskSpace, freeBytesOf } from './disk_space.ts';
import { FoldedDenials } from './folded_denials.ts';
import { type AnsweredHead, missingHead, refuseFor } from './heads_live.ts';
import { answerBefore, judge, type RequestMark, requestMark } from './judge.ts';
import { acceptClock, heldBack } from './ledger_clock.ts';
import { reportNearLimits } from './near_limits.ts';
import { type RecorderClock, RecorderError, type RecorderOptions, type RecorderSigner } from './options.ts';
import { repeated } from './repeated.ts';
import type { RecordFacts } from './scribe.ts';
import type { JournalState } from './state.ts';
import type { Upkeep } from './upkeep.ts';

/** Outcomes that may wait for a commit. */
export const CLOSURES_MAX = 65_536;
const SWEEP_CHUNK = 1_024;

/** How one allowed request ended. Same shape as the gateway's port asks for. */
export interface OutcomeNotice {
  readonly receipt_id?: string;
  readonly request_id: string;
  readonly facts: OutcomeFacts;
  readonly source: OutcomeRecord['source'];
}

export interface PolicyFacts {
  readonly policy_id: string;
  readonly policy_hash: string;
  /** JCS bytes of the document; must hash to `policy_hash`. */
  readonly canonical: Uint8Array;
  readonly registry_hash: string;
  /** Canonical registry document, when it is to be kept as an artifact; must hash to `registry_hash`. */
  readonly registry?: Uint8Array;
  readonly trust: PolicyRecord['trust'];
  /** With `signed`: which bundle, and who signed it. */
  readonly bundle?: BundleRef;
  /** Called in the commit itself, before anything judged under the older hashes is sent back: swap the snapshot here. */
  readonly activate?: () => void;
}

export interface RecorderStatus {
  readonly phase: 'running' | 'failed' | 'stopped';
  readonly log_id: string;
  /** `<issuer>/<log_id>`: the origin line and key name of checkpoints. */
  readonly origin: string;
  readonly head_seq: number;
  readonly head_hash: string;
  readonly tree_size: number;
  readonly segment: string;
  readonly decisions: number;
  readonly open_decisions: number;
  readonly buckets: number;
  readonly queue_depth: number;
  readonly waiting_outcomes: number;
  readonly commits: number;
  readonly epoch_key_id: string;
  /** The wall clock is this far ahead of the ledger clock, and is not believed; absent when they agree. */
  readonly clock_held_back_ms?: number;
  readonly disk_free_bytes: number;
  /** Decisions are refused with RECORDER_DISK_FULL; everything else is recorded. */
  readonly disk_full: boolean;
  /** Why sealed segments are not packed or removed at the moment. */
  readonly storage_problem?: string;
  readonly policy_hash?: string;
  readonly registry_hash?: string;
  /** The signed bundle of the highest version that the journal names. */
  readonly signed_policy?: BundleRef;
  readonly checkpoint?: { readonly size: number; readonly root: string };
}

export interface RecorderParts {
  readonly options: RecorderOptions;
  readonly state: JournalState;
  readonly loop: CommitLoop;
  readonly upkeep: Upkeep;
  readonly log_id: string;
  readonly segment: () => string;
  readonly clock: LedgerClock;
  readonly readings: RecorderClock;
  /** Gives up the journal and its lock. */
  readonly release: () => void;
}

/** The only writer of evidence and counters; the append contract stands on `RecorderPort`. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #folded: FoldedDenials;
  readonly #space: DiskSpace;
  #stopped = false;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#folded = new FoldedDenials(parts.options, () => this.#writeFolded());
    const { layout, settings, freeBytes } = parts.options;
    const readFree = freeBytes ?? (() => freeBytesOf(layout.journal_dir));
    this.#space = new DiskSpace(settings.min_free_bytes, readFree, parts.readings);
  }

  /** Resolves only when the decision is on stable storage, or with why there is none. Rejects on an operation out of bounds. */
  append(proposal: Proposal): Promise<Result<AppendResult, AppendProblem | FoldedDenial>> {
    const { options, loop } = this.#parts;
    if (this.#stopped) return Promise.resolve(fail('RECORDER_UNAVAILABLE'));
    if (loop.depth >= options.settings.queue_max) return Promise.resolve(fail('RECORDER_BUSY'));
    return new Promise((resolve) => {
      assertOps(proposal.ops);
      const mark = requestMark(options.keyring, proposal);
      loop.enqueue({
        write: (batch, signer) => {
          const answer = this.#decide(proposal, mark, batch, signer);
          batch.whenDurable(() => resolve(answer));
        },
        refuse: () => resolve(fail('RECORDER_UNAVAILABLE')),
      });
    });
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
          const misfit = this.#addOutcome(notice, batch, signer);
          if (misfit === undefined) batch.whenDurable(resolve);
          else reject(misfit);
        },
        refuse: reject,
      });
    });
  }

  /** Closes as `unknown` what an ended Envoy epoch left open, once its log is drained. Returns how many that were. */
  async sweep(envoy_epoch: string): Promise<number> {
    return await this.#closeUnknown((open) => open.envoy_epoch === envoy_epoch);
  }

  /** Stores the documents, then records that they are live; proposals judged under others are sent back from then on. */
  async recordPolicy(facts: PolicyFacts): Promise<void> {
    const { options, state } = this.#parts;
    const { policy_id, policy_hash, registry_hash, trust, bundle } = facts;
    storeArtifact(options.layout.artifacts_dir, policy_hash, facts.canonical);
    if (facts.registry !== undefined)
      storeArtifact(options.layout.artifacts_dir, registry_hash, facts.registry);
    const live = state.policy;
    const isSamePolicy =
      live?.policy_hash === policy_hash &&
      live.policy_id === policy_id &&
      live.bundle?.digest === bundle?.digest;
    if (isSamePolicy && live.registry_hash === registry_hash) return facts.activate?.();
    const record: RecordFacts = isSamePolicy
      ? { type: 'control', control: 'registry', registry_hash, policy_hash }
      : {
          ...{ type: 'policy', policy_id, policy_hash, registry_hash, trust },
          ...(bundle === undefined ? {} : { bundle }),
        };
    await this.#record(record, facts.activate);
  }

  /** Requests that Envoy saw and that never got a decision. */
  async recordGap(gap: Omit<Extract<LifecycleFacts, { lifecycle: 'gap' }>, 'lifecycle'>): Promise<void> {
    // One that comes again over a lost connection has been counted.
    if (gap.offset !== undefined && gap.offset <= this.gapPosition(gap.log_file_id)) return;
    await this.#record({ type: 'lifecycle', lifecycle: 'gap', ...gap });
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

  status(): RecorderStatus {
    const { options, state, loop, upkeep, log_id, segment } = this.#parts;
    const checkpoint = upkeep.lastCheckpoint;
    return {
      phase: loop.failure !== undefined ? 'failed' : this.#stopped ? 'stopped' : 'running',
      log_id,
      origin: `${options.issuer}/${log_id}`,
      head_seq: state.head_seq,
      head_hash: state.head_hash,
      tree_size: state.tree.size,
      segment: segment(),
      decisions: state.decisions,
      open_decisions: state.ledger.openCount,
      buckets: state.ledger.bucketCount,
      queue_depth: loop.depth,
      waiting_outcomes: loop.outcomeDepth,
      commits: loop.commits,
      epoch_key_id: state.epochs.at(-1)?.key_id ?? '',
      ...heldBack(this.#parts),
      disk_free_bytes: this.#space.free,
      disk_full: this.#space.isFull,
      ...(upkeep.storageProblem === undefined ? {} : { storage_problem: upkeep.storageProblem }),
      ...(state.policy === undefined
        ? {}
        : { policy_hash: state.policy.policy_hash, registry_hash: state.policy.registry_hash }),
      ...(state.signedPolicy === undefined ? {} : { signed_policy: state.signedPolicy }),
      ...(checkpoint === undefined ? {} : { checkpoint: { size: checkpoint.size, root: checkpoint.root } }),
    };
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
      loop.flush([...this.#folded.take(), { type: 'lifecycle', lifecycle: 'stop', clean: true }]);
      await upkeep.finish();
    } finally {
      upkeep.cancel();
      release();
    }
  }

  #decide(
    proposal: Proposal,
    mark: RequestMark,
    batch: Batch,
    signer: RecorderSigner,
  ): Result<AppendResult, AppendProblem | FoldedDenial> {
    const { options, state } = this.#parts;
    const { now_us } = batch.moment;
    const known = answerBefore(state, proposal, mark, now_us);
    if (known !== undefined) return repeated(options.layout.journal_dir, proposal, known);
    // Each attempt has an id of its own: one that names an open decision would take it over.
    if (state.ledger.findOpen(proposal.draft.receipt_id, '') !== undefined) return fail('REQUEST_KEY_REUSED');
    if (this.#space.isFull) return fail('RECORDER_DISK_FULL');
    const again = this.#folded.answerBefore(mark, now_us);
    if (again !== undefined) return again;
    const context = { engine: options.engine, hmac_key_id: options.keyring.hmacKeyId };
    const { facts, limit } = judge(state, proposal, mark, context, now_us);
    const folded = this.#folded.fold(facts, mark, batch.moment);
    if (folded !== undefined) return fail(folded);
    const added = batch.add(facts, signer, limit);
    if (added.ok && added.value !== undefined) {
      batch.whenDurable(() => reportNearLimits(options, facts));
      return ok(added.value);
    }
    options.log.error({ at: added.ok ? '' : added.problem.at }, 'a decision does not fit the record');
    return fail('RECORD_TOO_LARGE');
  }

  /** Its counts are taken when the batch is built; until then they grow. */
  #writeFolded(): void {
    this.#parts.loop.enqueue({
      write: (batch, signer) => {
        for (const facts of this.#folded.take()) batch.addOwn(facts, signer);
      },
      refuse: () => undefined,
    });
  }

  /** A second outcome of one decision is nobody's: nothing is written. */
  #addOutcome(notice: OutcomeNotice, batch: Batch, signer: RecorderSigner): Error | undefined {
    const { state } = this.#parts;
    const open = state.ledger.findOpen(notice.receipt_id, notice.request_id);
    if (open === undefined) return undefined;
    const streams = state.streams.links(open);
    const { facts, source } = notice;
    const added = batch.add(
      { type: 'outcome', decision_ref: open.receipt_id, streams, source, ...facts },
      signer,
    );
    return added.ok
      ? undefined
      : new RecorderError(`the outcome does not fit the record at ${added.problem.at}`);
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

  async #closeUnknown(
    isMeant: (open: { envoy_epoch: string; ledger_ms: number }) => boolean,
  ): Promise<number> {
    const meant = [...this.#parts.state.ledger.openDecisions()].filter(isMeant);
    const facts = { state: 'unknown', bytes_in: 0, bytes_out: 0, latency_ms: 0 } as const;
    for (let i = 0; i < meant.length; i += SWEEP_CHUNK) {
      const chunk = meant.slice(i, i + SWEEP_CHUNK);
      await Promise.all(
        chunk.map(({ receipt_id, request_id }) =>
          this.close({ receipt_id, request_id, facts, source: { kind: 'sweeper' } }),
        ),
      );
    }
    return meant.length;
  }
}

/** As many as the record can carry, each within the bounds that keep the arithmetic exact. */
function assertOps(ops: readonly LedgerOp[]): void {
  if (ops.length > RECORD_CAPS.buckets)
    throw new RangeError(`${ops.length} ledger operations in one proposal`);
  for (const op of ops) assertGcraOp(op);
}
