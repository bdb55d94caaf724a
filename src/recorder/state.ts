import { toHex } from '../core/canonical/hex.ts';
import { IncrementalTree, leafHash, type TreeState } from '../core/chain/merkle.ts';
import { DecidedRequests } from '../core/ledger/decided_requests.ts';
import { Ledger, type LedgerOptions, type LedgerSnapshot } from '../core/ledger/ledger.ts';
import { type StreamCounts, type StreamHead, StreamHeads } from '../core/ledger/stream_heads.ts';
import { RecentReceipts } from '../core/receipt/recent_receipts.ts';
import type {
  BundleRef,
  DecisionRecord,
  JournalRecord,
  LifecycleRecord,
  OutcomeRecord,
} from '../core/receipt/records.ts';
import type { AppendResult } from '../core/verdict/proposal.ts';
import { type AwaitedInspection, AwaitedInspections } from './awaited_inspections.ts';
import { sha256 } from './hashing.ts';
import type { EpochKey } from './options.ts';

export interface LivePolicy {
  readonly policy_id: string;
  readonly policy_hash: string;
  readonly registry_hash: string;
  readonly bundle?: BundleRef;
}

/** Facts of the genesis record that every later step needs. */
export interface LogIdentity {
  readonly log_id: string;
  readonly issuer: string;
  readonly since: string;
  readonly root_key_id: string;
  readonly root_spki_b64: string;
  readonly log_key_id: string;
  /** The log that this one replaced, when that is known; absent unless it began with a restore. */
  readonly replaced?: { readonly log_id?: string };
}

/** The segment that is being written. */
export interface SegmentState {
  readonly first_seq: number;
  /** Wall time of its first record. */
  readonly opened_ms: number;
  readonly counts: StreamCounts;
  sealed: boolean;
}

export interface StateSnapshot {
  readonly head_seq: number;
  readonly head_hash: string;
  readonly last_ledger_ms: number;
  readonly clean: boolean;
  readonly decisions: number;
  readonly identity: LogIdentity;
  readonly tree: TreeState;
  readonly ledger: LedgerSnapshot;
  readonly streams: readonly StreamHead[];
  readonly epochs: readonly EpochKey[];
  readonly policy?: LivePolicy;
  readonly signed_policy?: BundleRef;
  readonly positions: readonly (readonly [string, number])[];
  readonly gap_positions?: readonly (readonly [string, number])[];
  readonly segment: SegmentState;
  /** Last record that retention was allowed to remove; absent when there is none. */
  readonly retired_through?: number;
  /** Absent in older snapshots, like the next one. */
  readonly inspections?: readonly AwaitedInspection[];
  /** Ids of the last decisions. */
  readonly receipts?: readonly string[];
}

/** Envoy log files whose reading position is remembered; the oldest are forgotten first. */
export const LOG_POSITIONS_MAX = 1_024;
const FIRST_PREV = '0'.repeat(64);

/** Everything that the journal says, folded. One code path for records just written and for records read at start. */
export class JournalState {
  head_seq = -1;
  head_hash = FIRST_PREV;
  last_ledger_ms: number | undefined;
  /** The last record is a `stop`. */
  clean = false;
  decisions = 0;
  identity: LogIdentity | undefined;
  policy: LivePolicy | undefined;
  /** The bundle of the highest version in force so far: an older one must not come back, whatever else is lost. */
  signedPolicy: BundleRef | undefined;
  segment: SegmentState | undefined;
  /** Last record that retention was allowed to remove; -1 when there is none. */
  retired_through = -1;
  readonly tree: IncrementalTree;
  readonly ledger: Ledger;
  readonly streams: StreamHeads;
  /** No part of a snapshot: read again from the end of the journal. */
  recent = new RecentReceipts();
  readonly epochs: EpochKey[];
  readonly inspections: AwaitedInspections;
  readonly #receipts = new DecidedRequests();
  readonly #positions: Map<string, number>;
  readonly #gap_positions: Map<string, number>;

  constructor(ledgerOptions: LedgerOptions, from?: StateSnapshot) {
    this.tree = new IncrementalTree(sha256, from?.tree);
    this.ledger = new Ledger(ledgerOptions, from?.ledger);
    this.streams = new StreamHeads(from?.streams);
    this.epochs = [...(from?.epochs ?? [])];
    this.inspections = new AwaitedInspections(from?.inspections);
    for (const receipt_id of from?.receipts ?? []) this.#receipts.add(receipt_id);
    this.#positions = new Map(from?.positions);
    this.#gap_positions = new Map(from?.gap_positions);
    if (from === undefined) return;
    this.head_seq = from.head_seq;
    this.head_hash = from.head_hash;
    this.last_ledger_ms = from.last_ledger_ms;
    this.clean = from.clean;
    this.decisions = from.decisions;
    this.identity = from.identity;
    this.policy = from.policy;
    this.signedPolicy = from.signed_policy;
    this.segment = structuredClone(from.segment);
    this.retired_through = from.retired_through ?? -1;
  }

  /** Behind the last line of an Envoy log whose gaps are recorded. */
  gapPosition(fileId: string): number | undefined {
    return this.#gap_positions.get(fileId);
  }

  /** Whether a decision with this id is among the last ones. */
  hasReceipt(receipt_id: string): boolean {
    return this.#receipts.has(receipt_id);
  }

  logPosition(fileId: string): number | undefined {
    return this.#positions.get(fileId);
  }

  /** Applies the record of one line. Returns the decision's answer when it is one. */
  fold(
    record: JournalRecord,
    line: Uint8Array,
    line_hash: string,
    limit?: AppendResult['limit'],
  ): AppendResult | undefined {
    const leaf = leafHash(sha256, line);
    this.tree.append(leaf);
    this.#foldSegment(record);
    this.inspections.fold(record);
    this.head_seq = record.seq;
    this.head_hash = line_hash;
    this.last_ledger_ms = record.ledger_ms;
    this.recent.fold(record);
    this.clean = record.type === 'lifecycle' && record.lifecycle === 'stop';
    switch (record.type) {
      case 'decision':
        return this.#foldDecision(record, resultOf(record, line_hash, toHex(leaf), limit));
      case 'outcome':
        this.#foldOutcome(record);
        break;
      case 'inspection':
        this.ledger.foldInspection(record);
        this.streams.fold(record.streams, this.head_hash);
        break;
      case 'policy':
        this.policy = pickPolicy(record.policy_id, record, record.bundle);
        this.#foldBundle(record.bundle);
        break;
      case 'control':
        this.policy = pickPolicy(this.policy?.policy_id ?? '', record, this.policy?.bundle);
        break;
      case 'lifecycle':
        this.#foldLifecycle(record);
        break;
    }
    return undefined;
  }

  snapshot(now_us: number): StateSnapshot {
    if (this.identity === undefined || this.segment === undefined)
      throw new Error('a snapshot of an empty journal');
    return {
      head_seq: this.head_seq,
      head_hash: this.head_hash,
      last_ledger_ms: this.last_ledger_ms ?? 0,
      clean: this.clean,
      decisions: this.decisions,
      identity: this.identity,
      tree: this.tree.state(),
      ledger: this.ledger.snapshot(now_us),
      streams: this.streams.sorted(),
      epochs: [...this.epochs],
      ...(this.policy === undefined ? {} : { policy: this.policy }),
      ...(this.signedPolicy === undefined ? {} : { signed_policy: this.signedPolicy }),
      positions: [...this.#positions],
      gap_positions: [...this.#gap_positions],
      segment: structuredClone(this.segment),
      inspections: this.inspections.all(),
      receipts: this.#receipts.all(),
      ...(this.retired_through < 0 ? {} : { retired_through: this.retired_through }),
    };
  }

  #foldBundle(bundle: BundleRef | undefined): void {
    if (bundle !== undefined && bundle.version >= (this.signedPolicy?.version ?? 0))
      this.signedPolicy = bundle;
  }

  #foldDecision(record: DecisionRecord, result: AppendResult): AppendResult {
    this.decisions++;
    this.#receipts.add(record.receipt_id);
    this.ledger.foldDecision(record, result);
    this.streams.fold(record.streams, this.head_hash, record.verdict);
    return result;
  }

  #foldOutcome(record: OutcomeRecord): void {
    this.ledger.foldOutcome(record.decision_ref, record.state, record.ledger_ms * 1_000);
    this.streams.fold(record.streams, this.head_hash, 'outcome');
    const { log_file_id, offset } = record.source;
    if (log_file_id === undefined || offset === undefined) return;
    advance(this.#positions, log_file_id, offset);
  }

  #foldLifecycle(record: LifecycleRecord): void {
    if (record.lifecycle === 'gap' && record.offset !== undefined)
      advance(this.#gap_positions, record.log_file_id, record.offset);
    if (record.lifecycle === 'genesis') {
      this.identity = {
        log_id: record.log_id,
        issuer: record.issuer,
        since: record.ts,
        root_key_id: record.root_key.key_id,
        root_spki_b64: record.root_key.spki_b64,
        log_key_id: record.log_key.key_id,
      };
    }
    if (record.lifecycle === 'retention')
      this.retired_through = Math.max(this.retired_through, record.last_seq);
    if (record.lifecycle === 'restore') {
      this.ledger.exhaust(record.ledger_ms * 1_000);
      const { previous_log_id: log_id } = record;
      if (this.identity !== undefined)
        this.identity = { ...this.identity, replaced: log_id === undefined ? {} : { log_id } };
    }
    if (record.lifecycle !== 'key_delegation') return;
    const { key_id, spki_b64 } = record.key;
    this.epochs.push({ key_id, spki_b64, valid_from: record.ts, valid_until: record.not_after });
  }

  #foldSegment(record: JournalRecord): void {
    if (this.segment === undefined || this.segment.sealed) {
      const counts = { allow: 0, deny: 0, outcome: 0 };
      this.segment = { first_seq: record.seq, opened_ms: Date.parse(record.ts), counts, sealed: false };
    }
    this.segment.sealed = record.type === 'seal';
    if (record.type === 'decision') this.segment.counts[record.verdict]++;
    if (record.type === 'outcome') this.segment.counts.outcome++;
  }
}

function advance(positions: Map<string, number>, file: string, offset: number): void {
  positions.set(file, Math.max(offset, positions.get(file) ?? 0));
  const [oldest] = positions.keys();
  if (positions.size > LOG_POSITIONS_MAX && oldest !== undefined) positions.delete(oldest);
}

function pickPolicy(
  policy_id: string,
  { policy_hash, registry_hash }: { policy_hash: string; registry_hash: string },
  bundle: BundleRef | undefined,
): LivePolicy {
  return { policy_id, policy_hash, registry_hash, ...(bundle === undefined ? {} : { bundle }) };
}

function resultOf(
  record: DecisionRecord,
  line_hash: string,
  leaf_hash: string,
  limit: AppendResult['limit'],
): AppendResult {
  const { receipt_id, seq, verdict, reason } = record;
  const result: Mutable<AppendResult> = { receipt_id, seq, line_hash, leaf_hash, verdict, reason };
  if (record.rule_id !== undefined) result.rule_id = record.rule_id;
  if (record.retry_after_ms !== undefined) result.retry_after_ms = record.retry_after_ms;
  if (record.delay_ms !== undefined) result.delay_ms = record.delay_ms;
  if (limit !== undefined) result.limit = limit;
  return result;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
