import type { IdentityProblem, Principal } from '../identity/principal.ts';
import type { LedgerOp } from '../ledger/operation.ts';
import type { RequestFacts } from '../receipt/decision.ts';
import type { ReasonCode } from './reasons.ts';

/** A judgement before the ledger has spoken. `allow` is constructed in exactly one place (decide.ts). */
export interface Verdict {
  readonly verdict: 'allow' | 'deny';
  readonly reason: ReasonCode;
  readonly rule_id?: string;
  /** What the verdict would have been with shadow rules live; absent when the same. */
  readonly would_be?: {
    readonly verdict: 'allow' | 'deny';
    readonly reason: ReasonCode;
    readonly rule_id?: string;
  };
  /** Ids of `alert` and `log_only` rules that matched; they observe and never grant. */
  readonly observed_by: readonly string[];
  /** The matching rule asked for the normalised path to be sent in place of the raw one. */
  readonly rewrite_path?: true;
}

/** What `policy.stale` makes of a signed policy that has expired or whose key is revoked. */
export type PolicyLapse = 'deny' | 'loud';

/** Everything about a decision that is known before the recorder sees it. */
export interface DecisionDraft {
  readonly receipt_id: string;
  readonly request_id: string;
  readonly envoy_node: string;
  readonly envoy_epoch: string;
  readonly gateway_id: string;
  /** `ip:port` of the client as Envoy saw it. */
  readonly source: string;
  readonly identity?: Principal;
  readonly identity_problem?: IdentityProblem;
  readonly policy_id: string;
  readonly policy_hash: string;
  readonly registry_hash: string;
  readonly request: RequestFacts;
  readonly verdict: 'allow' | 'deny';
  readonly reason: ReasonCode;
  readonly rule_id?: string;
  readonly would_be?: {
    readonly verdict: 'allow' | 'deny';
    readonly reason: ReasonCode;
    readonly rule_id?: string;
  };
  readonly observed_by?: readonly string[];
  /** The signed policy was not vouched for any more: denied for that, or judged all the same by setting. */
  readonly policy_lapse?: PolicyLapse;
  readonly enforcement_mode: 'enforce';
  /** From the decoded Check to the hand-over of the proposal. */
  readonly decision_latency_us: number;
  readonly replayable: boolean;
}

/** What changes in the draft when the ledger refuses one op. */
export interface OpDenial {
  readonly reason: ReasonCode;
  readonly rule_id: string;
}

/** One append request to the recorder. `denials[i]` belongs to `ops[i]`. */
export interface Proposal {
  readonly draft: DecisionDraft;
  readonly ops: readonly LedgerOp[];
  readonly denials: readonly OpDenial[];
  /** Identifies the HTTP request across Check retries: Envoy node and x-request-id. */
  readonly request_key: string;
  /** SHA-256 (hex) over the normalised request and the identity fact; a retry with another digest is denied. */
  readonly request_digest: string;
}

/** The recorder's durable answer: the record is on stable storage before this exists. */
export interface AppendResult {
  readonly receipt_id: string;
  readonly seq: number;
  /** Hex SHA-256 of the journal line (the `prev` of the next record). */
  readonly line_hash: string;
  /** Hex RFC 6962 leaf hash of the journal line. */
  readonly leaf_hash: string;
  readonly verdict: 'allow' | 'deny';
  readonly reason: ReasonCode;
  readonly rule_id?: string;
  /** Present on limit denials. */
  readonly retry_after_ms?: number;
  /** Tightest bucket after this request, for `ratelimit-*` headers; absent without limits. */
  readonly limit?: { readonly limit_id: string; readonly remaining: number; readonly reset_ms: number };
}

export type AppendProblem =
  | 'RECORDER_UNAVAILABLE'
  | 'RECORDER_BUSY'
  | 'RECORDER_DISK_FULL'
  | 'RECORD_TOO_LARGE'
  | 'STALE_SNAPSHOT'
  | 'REQUEST_KEY_REUSED';
