import type { BudgetState } from '../ledger/budget_operation.ts';
import type { BucketState } from '../ledger/operation.ts';
import type { FramesSeen } from '../relay/relay_end.ts';
import type { DecisionDraft } from '../verdict/proposal.ts';
import type { ReasonCode } from '../verdict/reasons.ts';
import type { InspectionFacts } from './inspection_facts.ts';
import type { OutcomeCause } from './outcome_cause.ts';

/** Members that every journal record carries. Bodies are RFC 8785 JSON; every number is an integer within +-(2^53-1). */
export interface RecordCommon {
  readonly v: 0;
  readonly log_id: string;
  readonly type: RecordType;
  readonly issuer: string;
  /** Equals the line's `keyid`: hex SHA-256 of the signing key's SPKI DER. */
  readonly key_id: string;
  readonly seq: number;
  /** Hex SHA-256 of the previous line without its newline; 64 zeros first. */
  readonly prev: string;
  /** `YYYY-MM-DDTHH:MM:SS.sssZ`, the time of judgement. */
  readonly ts: string;
  readonly mono_us: number;
  readonly boot_id: string;
  readonly process_id: number;
  readonly ledger_ms: number;
}

export type RecordType = 'decision' | 'outcome' | 'inspection' | 'policy' | 'control' | 'seal' | 'lifecycle';

/** One link of a tenant's, agent's or run's own chain. `id` is the tenant id, the agent id, or `agent/label` for a run. */
export interface StreamLink {
  readonly kind: 'tenant' | 'agent' | 'run';
  readonly id: string;
  readonly seq: number;
  readonly prev: string;
}

export interface Engine {
  readonly version: string;
  /** `sha256:<hex>` over the built code. */
  readonly build_digest: string;
  /** Version of the decision semantics; replay refuses another. */
  readonly semantics: number;
}

/** A receipt: one judged request, merged with what the ledger said. */
export interface DecisionRecord extends RecordCommon, DecisionDraft {
  readonly type: 'decision';
  readonly streams: readonly StreamLink[];
  readonly engine: Engine;
  /** Hex HMAC over (envoy node, request id): joins Check retries. */
  readonly request_key: string;
  /** Hex HMAC over the request digest. */
  readonly request_digest: string;
  /** Names the key of all HMAC members of this record; a third party cannot check those. */
  readonly hmac_key_id: string;
  readonly rate_limit_bucket_state?: readonly BucketState[];
  readonly budget_state?: readonly BudgetState[];
  readonly retry_after_ms?: number;
  /** The answer was held back this long for the slot that a `throttle` limit reserved. */
  readonly delay_ms?: number;
  /** The longest wait that the gateway could bear; on requests that a `throttle` limit counts. */
  readonly delay_max_ms?: number;
}

export type OutcomeState = 'completed' | 'client_abort' | 'upstream_error' | 'not_sent' | 'unknown';

export interface OutcomeFacts {
  readonly state: OutcomeState;
  /** HTTP status the client saw; absent when none was sent. */
  readonly status?: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly latency_ms: number;
  readonly upstream_latency_ms?: number;
  /** Envoy response flags, `-` left out. */
  readonly flags?: string;
  readonly details?: string;
  readonly upstream_address?: string;
  readonly attempts?: number;
  /** Why we broke off what had been opened. */
  readonly cause?: OutcomeCause;
  /** What the relay saw of a WebSocket whose frames are inspected. */
  readonly frames?: FramesSeen;
}

export interface OutcomeRecord extends RecordCommon, OutcomeFacts {
  readonly type: 'outcome';
  readonly streams: readonly StreamLink[];
  /** receipt_id of the decision. */
  readonly decision_ref: string;
  readonly source: {
    readonly kind: 'live' | 'reconciled' | 'sweeper';
    readonly log_file_id?: string;
    /** Byte offset of the end of the log line in that file. */
    readonly offset?: number;
  };
}

/**
 * What was found in an answer, or in a body that went on while it was read. The first record of a part whose state is
 * not `mark` is its end: none of that part follows.
 */
export interface InspectionRecord extends RecordCommon, InspectionFacts {
  readonly type: 'inspection';
  readonly streams: readonly StreamLink[];
  /** receipt_id of the decision. */
  readonly decision_ref: string;
}

/** A policy (and registry) became live. Its bytes are an artifact on disk, synced before this record. */
export interface PolicyRecord extends RecordCommon {
  readonly type: 'policy';
  readonly policy_id: string;
  readonly policy_hash: string;
  readonly registry_hash: string;
  readonly trust: 'local' | 'signed';
  /** With `signed`: which bundle, and who signed it. */
  readonly bundle?: BundleRef;
}

export interface BundleRef {
  readonly version: number;
  /** `sha256:<hex>` of the bundle file. */
  readonly digest: string;
  /** The policy key. */
  readonly key_id: string;
  /** `ts` form. */
  readonly valid_until: string;
}

export interface ControlRecord extends RecordCommon {
  readonly type: 'control';
  readonly control: 'registry';
  readonly registry_hash: string;
  readonly policy_hash: string;
}

export interface SealRecord extends RecordCommon {
  readonly type: 'seal';
  /** First sequence number of the sealed segment. */
  readonly first_seq: number;
  /** Hex root of the RFC 6962 tree over JCS lines of (kind, id, last seq, last hash, counts), sorted. */
  readonly streams_root: string;
  readonly stream_count: number;
  readonly counts: { readonly allow: number; readonly deny: number; readonly outcome: number };
}

export interface PublicKeyRef {
  readonly key_id: string;
  readonly algorithm: 'ed25519';
  /** Standard base64 of the SPKI DER. */
  readonly spki_b64: string;
}

export type LifecycleRecord = RecordCommon & { readonly type: 'lifecycle' } & LifecycleFacts;

export type LifecycleFacts =
  | {
      readonly lifecycle: 'genesis';
      readonly suite: 'ed25519-sha256-1';
      readonly root_key: PublicKeyRef;
      readonly log_key: PublicKeyRef;
      readonly tenant_mode: 'single' | 'multi';
      readonly isolation: 'same_uid' | 'uid' | 'netns' | 'pod';
      readonly capture: 'voluntary' | 'enforced';
    }
  | {
      /** Signed by the root key. */
      readonly lifecycle: 'key_delegation';
      readonly key: PublicKeyRef;
      readonly purpose: 'receipt';
      readonly first_seq: number;
      /** `ts` form; at most 24 h ahead. */
      readonly not_after: string;
    }
  | { readonly lifecycle: 'start'; readonly engine: Engine }
  | { readonly lifecycle: 'stop'; readonly clean: true }
  | { readonly lifecycle: 'heartbeat'; readonly decisions: number; readonly pending_outcomes: number }
  | {
      readonly lifecycle: 'recovery';
      /** Bytes cut from the torn tail and where they are kept, 0 when nothing was torn. */
      readonly cut_bytes: number;
      readonly cut_digest?: string;
      /** Allowed decisions that have no outcome yet. */
      readonly open_decisions: number;
      /** Denials that were folded in this span before the end and not yet written are counted nowhere. */
      readonly aggregate_window_ms?: number;
    }
  | {
      /** The wall clock moved by this much against the monotonic clock or, at a start, is this far ahead of the ledger clock. */
      readonly lifecycle: 'clock';
      readonly wall_jump_ms: number;
      /** An operator accepted the wall clock: the ledger clock moved forward by `wall_jump_ms`. */
      readonly accepted?: true;
    }
  | RestoreFacts
  | {
      /** Why the process before this one could not go on writing; recorded by the start that rebuilt from disk. */
      readonly lifecycle: 'storage_failure';
      readonly cause: 'disk_full' | 'write_failed' | 'sync_failed' | 'size_mismatch' | 'other';
      /** For instance `ENOSPC`. */
      readonly errno?: string;
      readonly failed_ts: string;
    }
  | {
      /** A sealed segment that is removed after this record is durable. */
      readonly lifecycle: 'retention';
      readonly because: 'age' | 'size';
      readonly segment: string;
      readonly first_seq: number;
      readonly last_seq: number;
      /** Of the file that is removed. */
      readonly digest: string;
      readonly bytes: number;
    }
  | {
      /** Requests that Envoy saw and that never got a decision, by cause. */
      readonly lifecycle: 'gap';
      readonly log_file_id: string;
      readonly from_ts: string;
      readonly to_ts: string;
      readonly counts: readonly { readonly cause: string; readonly count: number }[];
      /** Byte offset behind the last line counted: every gap of this file up to there is in this or an earlier record. */
      readonly offset?: number;
    }
  | AggregateFacts
  | BypassProbeFacts;

/** What a run of `doctor --bypass` in an agent's environment found. The agent's user wrote the report. */
export interface BypassProbeFacts {
  readonly lifecycle: 'bypass_probe';
  readonly nonce: string;
  /** Of the report as it was handed in, in RFC 8785 form. */
  readonly report_digest: string;
  readonly probed_ts: string;
  readonly held: number;
  readonly leaked: number;
  readonly not_tested: number;
  /** Probes that leaked, those that only the target's log proves included. */
  readonly leaks: readonly string[];
  /** Arrivals of this run in the log of the target; absent when no log was handed in. */
  readonly arrivals?: number;
}

/** Repeated denials that were counted instead of written one by one. */
export interface AggregateFacts {
  readonly lifecycle: 'aggregate';
  readonly from_ts: string;
  readonly to_ts: string;
  readonly counts: readonly DenialCount[];
}

/** Denials of one reason: of one agent, or from one source address, or of all others when neither is named. */
export interface DenialCount {
  readonly reason: ReasonCode;
  readonly count: number;
  readonly tenant_id?: string;
  readonly agent_id?: string;
  /** Client address without its port. */
  readonly source?: string;
}

/** Where somebody heard of records that the journal does not hold. */
export type HeadSource = 'heads_file' | 'checkpoint' | 'ledger_snapshot' | 'access_log' | 'gateway';

/** First own record of a log that replaces one whose disk was rolled back. */
export interface RestoreFacts {
  readonly lifecycle: 'restore';
  /** Of the log that ended; absent when nothing of it is left and nobody knows. */
  readonly previous_log_id?: string;
  /** The last record of it that is still held; absent when there is none. */
  readonly previous_seq?: number;
  readonly previous_hash?: string;
  /** What was known elsewhere; empty when the operator alone says that the disk was rolled back. */
  readonly known_elsewhere: readonly {
    readonly source: HeadSource;
    /** Records that the log had, at least. */
    readonly records?: number;
    /** Hex tree root over that many records. */
    readonly root?: string;
    /** Hex hash of the last of them. */
    readonly line_hash?: string;
    /** A receipt that was handed out. */
    readonly receipt_id?: string;
  }[];
  /** Nothing that may be used once survives: request keys and approvals of the previous log are void. */
  readonly single_use: 'voided';
  /** Every limit starts exhausted and refills at its own rate. */
  readonly limits: 'exhausted';
}

export type JournalRecord =
  | DecisionRecord
  | OutcomeRecord
  | InspectionRecord
  | PolicyRecord
  | ControlRecord
  | SealRecord
  | LifecycleRecord;
