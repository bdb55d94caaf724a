import type { RequestDemands, ResponseDemands } from '../contract/demands.ts';
import type { Principal } from '../identity/principal.ts';
import type { LedgerOp } from '../ledger/operation.ts';
import type { EgressRequest, TunnelMode } from '../request/egress_request.ts';
import type { OpDenial } from '../verdict/proposal.ts';
import type { StreamCaps } from '../verdict/stream_caps.ts';
import type { QuotaAsk } from './quotas.ts';

/** The immutable plan of one policy document with its ancestors. Built by `compile`, only ever read. */
export interface CompiledPolicy {
  readonly policy_id: string;
  /** `sha256:<hex>` over the canonical bytes. */
  readonly policy_hash: string;
  /** JCS bytes of the document, or of the set when there are several: what is archived, exported and compiled again. */
  readonly canonical: Uint8Array;
  /** Hash of the shadow document, judged beside this policy; the `shadow` of an evaluation is then its verdict. */
  readonly shadow_hash?: string;
  /** Verdicts can change with time alone, so a receipt has to say at which moment it was judged. */
  readonly time_dependent?: true;
  /** The schema that a demand calls by this hash: of the document, its ancestors and the shadow document. */
  schemaOf(schema_hash: string): PolicySchema | undefined;
  /** Query parameter names that any rule mentions, sorted. */
  readonly query_names: readonly string[];
  /** What the rules say at a moment (milliseconds since 1970). Pure. Without a moment no exception holds. */
  evaluate(request: EgressRequest, principal: Principal, atMs?: number): PolicyEvaluation;
  /**
   * Ledger operations for an allowed request, in document order, with the denial each one stands for. Pure.
   * `tunnel`: what an allowed CONNECT opens.
   */
  limits(request: EgressRequest, principal: Principal, tunnel?: TunnelMode): readonly LimitDemand[];
  /** The limits that count some request of this agent, with what tells how much is left of each. Pure; bounded. */
  quotas(principal: Principal): readonly QuotaAsk[];
  /** Whether some limit that may count this request has to know its body: it counts tokens or money, or asks what the call is. */
  limitsRead(request: EgressRequest, principal: Principal): boolean;
  /** The denial of a budget that refuses a request because nobody can count it or knows its price. Its body is known. Pure. */
  refusal(request: EgressRequest, principal: Principal): BudgetRefusal | undefined;
  /**
   * Whether a tunnel to this canonical host (IPv6 without brackets) could be intercepted, whoever asks and on whatever
   * port. Asked for every SNI: the cost grows with the labels of the name, not with the rules. An address only if listed.
   */
  mayIntercept(host: string): boolean;
  /**
   * Whether some request to this canonical name could be allowed, whoever asks: for a resolver that answers for no
   * other name. Costs what `mayIntercept` costs. Never true for an address.
   */
  mayReach(host: string): boolean;
}

export interface PolicySchema {
  readonly draft: '2020-12' | 'draft-07';
  /** Canonical JSON text, its draft in `$schema` unless it is true or false. */
  readonly text: string;
}

export interface BudgetRefusal extends OpDenial {
  readonly reason: 'AI_UNREADABLE' | 'PRICE_UNKNOWN';
}

export interface LimitDemand {
  readonly op: LedgerOp;
  readonly denial: OpDenial;
}

export interface PolicyEvaluation {
  readonly live: RuleOutcome;
  /** With shadow rules taken as live, or what the shadow document says; `live` itself when nothing differs. */
  readonly shadow: RuleOutcome;
  /** Ids of matching `alert` and `log_only` rules. */
  readonly observed_by: readonly string[];
}

export interface RuleOutcome {
  readonly verdict: 'allow' | 'deny';
  readonly reason:
    | 'POLICY_ALLOW'
    | 'POLICY_DENY'
    | 'POLICY_NO_MATCH'
    | 'POLICY_CEILING'
    | 'TUNNEL_OPAQUE'
    | 'PATH_AMBIGUOUS'
    | 'OVERRIDE_HEADER'
    | 'UPGRADE_NOT_ALLOWED'
    | 'AI_UNREADABLE'
    | 'PRICE_UNKNOWN'
    | 'BODY_INVALID'
    | 'BODY_TOO_LARGE'
    | 'BODY_TYPE_REFUSED'
    | 'SCHEMA_INVALID'
    | 'RECORD_TOO_LARGE';
  readonly rule_id?: string;
  /** On an allow: forward the normalised path (`rewrite`) or the raw bytes although they are ambiguous (`raw`). */
  readonly path?: 'rewrite' | 'raw';
  /** Exactly on an allowed CONNECT: the strictest tunnel that every layer allows. */
  readonly tunnel?: TunnelMode;
  /** On an allowed WebSocket or gRPC call: what all matching allow rules of all layers ask for together. */
  readonly stream?: StreamCaps;
  /**
   * The body decides, or has to honour something, and nobody has looked (`EgressRequest.body` is absent), or its facts were
   * found for other demands: what is asked of it. The outcome is then the best that can come of it: a denial is final, an
   * allow stands only once the body is known.
   */
  readonly inspect?: RequestDemands;
  /** On an allow that is final: what is asked of the answer. */
  readonly response?: ResponseDemands;
}

/** The moment at which no exception holds any more: what is assumed when nobody says what time it is. */
export const NO_MOMENT = Number.POSITIVE_INFINITY;

/** One mistake in a document. Lines and columns start at 1. */
export interface PolicyProblem {
  readonly severity: 'error' | 'warning';
  /** Stable code, for instance `UNKNOWN_KEY`, `HOST_INVALID`, `RULE_UNREACHABLE`. */
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** JSON pointer into the document. */
  readonly pointer: string;
  /** One sentence: what was found. */
  readonly message: string;
  /** What is allowed, or what to do. */
  readonly hint: string;
}
