import type { Degradation, IdentityFact, Principal } from '../core/identity/principal.ts';
import type { SourceIdentity } from '../core/identity/source.ts';
import type { CompiledPolicy } from '../core/policy/compiled.ts';
import type { InspectionFinding } from '../core/receipt/inspection_facts.ts';
import type { OutcomeFacts, OutcomeRecord } from '../core/receipt/records.ts';
import type { RawRequest } from '../core/request/egress_request.ts';
import type { Result } from '../core/result.ts';
import type {
  AppendProblem,
  AppendResult,
  FoldedDenial,
  PolicyLapse,
  Proposal,
} from '../core/verdict/proposal.ts';

/** One immutable view of policy and registry; a request sees exactly one. */
export interface Snapshot {
  readonly policy: CompiledPolicy;
  /** Whether a signed policy is still vouched for at this wall time; absent for a local one. */
  readonly policyLapse?: (now_ms: number) => PolicyLapse | undefined;
  readonly registry_hash: string;
  /** Reads and judges the credentials of one request. Never throws. Synchronous for API keys. */
  authenticate(input: AuthInput): IdentityFact | Promise<IdentityFact>;
  /**
   * Who asks inside an intercepted tunnel: its owner as the registry knows it now. Never throws. Synchronous unless a
   * token comes along.
   */
  resume(input: ResumeInput): IdentityFact | Promise<IdentityFact>;
}

export interface ResumeInput {
  readonly owner: TunnelOwner;
  /** Where the client is: an IP address. */
  readonly address: string;
  /** Of the inner request: a run label, and perhaps a credential that must be the owner's. */
  readonly headers: RawRequest['headers'];
  /** Wall clock, milliseconds since the epoch. */
  readonly now_ms: number;
}

/** Whose tunnel it is: what the requests inside are held to. Nothing but who and how is taken over from the CONNECT. */
export interface TunnelOwner
  extends Pick<Principal, 'tenant_id' | 'agent_id' | 'binding' | 'credential_transport' | 'run'> {
  /** What went unchecked about the owner when the tunnel was opened. */
  readonly degraded?: readonly Degradation[];
}

export interface AuthInput {
  readonly mode: RawRequest['mode'];
  readonly headers: RawRequest['headers'];
  /** Listener facts: whether the client spoke TLS or came over loopback. */
  readonly transport: 'loopback' | 'tls' | 'plaintext';
  /** Who connects, where the listener vouches for it. */
  readonly source?: SourceIdentity;
  /** Wall clock, milliseconds since the epoch. */
  readonly now_ms: number;
}

/**
 * The only writer of evidence and counters.
 *
 * MUST validate, sign, apply, write, sync, answer, in this order; answer only when the line is on stable storage;
 * keep order; on any write or sync failure fail the whole batch and everything queued, and exit.
 * MUST NOT acknowledge early, drop, reorder, rewrite, continue after a gap, or retry a sync.
 * The same `request_key` and digest within twice the Check time-out returns the first result, uncharged.
 */
export interface RecorderPort {
  append(proposal: Proposal): Promise<Result<AppendResult, AppendProblem | FoldedDenial>>;
  /** Outcomes ride the next commit and never force one; resolves when durable. Unknown or closed decisions are ignored. */
  close(closure: Closure): Promise<void>;
  /**
   * What was found in an answer or a streamed body. Marks ride like outcomes; an end forces a commit, behind the marks
   * that were handed in before it. Resolves when durable. A repeated record is not written again, one of an unknown
   * decision is ignored. Rejects when it can not be recorded: what waits for it must not go on then.
   */
  inspect(notice: InspectionNotice): Promise<void>;
}

export interface InspectionNotice {
  /** Of the allow. */
  readonly receipt_id: string;
  readonly facts: InspectionFinding;
  /** The last of its part: exactly where `facts.state` is not `mark`. */
  readonly is_end: boolean;
}

export interface Closure {
  /** Either id finds the decision; the log may lack the receipt id when the client left during the Check. */
  readonly receipt_id?: string;
  readonly request_id: string;
  readonly facts: OutcomeFacts;
  readonly source: OutcomeRecord['source'];
}
