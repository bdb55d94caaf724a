import type { ResponseDemands } from '../contract/demands.ts';
import type { Degradation, IdentityProblem, Principal } from '../identity/principal.ts';
import type { LedgerOp } from '../ledger/operation.ts';
import type { RequestFacts } from '../receipt/decision.ts';
import type { TunnelMode } from '../request/egress_request.ts';
import type { ReasonCode } from './reasons.ts';
import type { StreamCaps } from './stream_caps.ts';

/** The verdict with shadow rules live, or, when `policy_hash` is there, the one of that shadow document. */
export interface WouldBe {
  readonly verdict: 'allow' | 'deny';
  readonly reason: ReasonCode;
  readonly rule_id?: string;
  readonly policy_hash?: string;
}

/** A judgement before the ledger has spoken. `allow` is constructed in exactly one place (decide.ts). */
export interface Verdict {
  readonly verdict: 'allow' | 'deny';
  readonly reason: ReasonCode;
  readonly rule_id?: string;
  /** Milliseconds since 1970 by the gateway's clock; present when the policy's verdicts can change with time. */
  readonly judged_ms?: number;
  /** What another policy would have said; absent when the same. */
  readonly would_be?: WouldBe;
  /** Ids of `alert` and `log_only` rules that matched; they observe and never grant. */
  readonly observed_by: readonly string[];
  /** The matching rule asked for the normalised path to be sent in place of the raw one. */
  readonly rewrite_path?: true;
  /** Exactly on an allowed CONNECT. */
  readonly tunnel?: TunnelMode;
  /** On an allowed WebSocket or gRPC call whose rules ask for something. */
  readonly stream?: StreamCaps;
  /** On an allow whose rules ask something of the answer. */
  readonly response?: ResponseDemands;
}

/** What `policy.stale` makes of a signed policy that has expired or whose key is revoked. */
export type PolicyLapse = 'deny' | 'loud';

/** Everything about a decision that is known before the recorder sees it. */
export interface DecisionDraft {
  readonly receipt_id: string;
  readonly request_id: string;
  /** Receipt id of the CONNECT, for a request inside an intercepted tunnel. */
  readonly parent_decision?: string;
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
  /** Of the verdict. */
  readonly stream?: StreamCaps;
  readonly response?: ResponseDemands;
  readonly judged_ms?: number;
  readonly would_be?: WouldBe;
  readonly observed_by?: readonly string[];
  /** The signed policy was not vouched for any more: denied for that, or judged all the same by setting. */
  readonly policy_lapse?: PolicyLapse;
  /** Checks that were passed over because the environment's `fail_mode` is open. */
  readonly degraded?: readonly Degradation[];
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
  /** How long the gateway could hold this answer back now; absent or 0: `throttle` limits refuse. */
  readonly delay_max_ms?: number;
  /**
   * The body of a held request never came, and whoever held it is gone: closed after the fact, under the policy of then.
   * Only a denial BODY_NOT_COMPLETED without operations may say so.
   */
  readonly late?: true;
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
  /** On an allow: hold the answer back this long, its slot is reserved for then. */
  readonly delay_ms?: number;
  /** Tightest bucket after this request, for `ratelimit-*` headers; absent without limits. */
  readonly limit?: { readonly limit_id: string; readonly remaining: number; readonly reset_ms: number };
}

/**
 * A denial that was counted in an `aggregate` record to come instead of written by itself, because too many of its
 * kind came at once. There is no receipt. An allow is never folded.
 */
export interface FoldedDenial {
  readonly folded: true;
  readonly reason: ReasonCode;
  readonly rule_id?: string;
  readonly retry_after_ms?: number;
}

export type AppendProblem =
  | 'RECORDER_UNAVAILABLE'
  | 'RECORDER_BUSY'
  | 'RECORDER_DISK_FULL'
  | 'RECORD_TOO_LARGE'
  | 'STALE_SNAPSHOT'
  | 'REQUEST_KEY_REUSED';
