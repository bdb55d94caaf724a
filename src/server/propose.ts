import { hash } from 'node:crypto';
import { encodeBase64 } from '../core/canonical/base64.ts';
import { commit } from '../core/canonical/commitment.ts';
import { encodeJcs } from '../core/canonical/jcs.ts';
import type { IdentityFact } from '../core/identity/principal.ts';
import type { RequestFacts } from '../core/receipt/decision.ts';
import type {
  EgressRequest,
  NormalisedRequest,
  RequestProblem,
  TunnelMode,
} from '../core/request/egress_request.ts';
import { problemFacts, requestFacts } from '../core/request/facts.ts';
import type { Result } from '../core/result.ts';
import type { Judgement } from '../core/verdict/decide.ts';
import type { DecisionDraft, PolicyLapse, Proposal, Verdict } from '../core/verdict/proposal.ts';
import type { DecodedCheck } from './codec/check_request.ts';
import type { CheckDependencies, CheckSpan } from './dependencies.ts';
import type { Snapshot, TunnelOwner } from './ports.ts';
import { type Passage, tunnelOf } from './tunnel.ts';

/** Where the raw query stands in a decision record; part of its commitment. */
export const QUERY_POINTER = 'request/query';

/** One request on its way through the gateway. */
export interface Call {
  readonly check: DecodedCheck;
  readonly request: Result<NormalisedRequest, RequestProblem>;
  /** Exactly of a request inside an intercepted tunnel. */
  readonly passage?: Passage;
  /** Name and life of the Envoy that asks, from the call's metadata. */
  readonly node: string;
  readonly epoch: string;
  readonly receiptId: string;
  readonly startedUs: number;
  readonly span?: CheckSpan | undefined;
  /** Exactly of a request whose body was looked at. */
  readonly seen?: SeenBody;
}

/** A body behind a Check that could not be judged without it. The facts stand in the request itself. */
export interface SeenBody {
  readonly owner: TunnelOwner;
  /** Of the Check. */
  readonly requestDigest: string;
  /** Receipt id of the CONNECT around it. */
  readonly parent?: string;
  /** Hex SHA-256 of the body as it came; absent while it goes on. */
  readonly digest?: string;
  readonly commitments: Pick<RequestFacts, 'body_commitment' | 'repaired_commitment'>;
}

/** What one snapshot makes of a call. */
export interface Judged extends Judgement {
  readonly snapshot: Snapshot;
  readonly identity: IdentityFact;
  readonly lapse: PolicyLapse | undefined;
  /** Undefined: no limit would delay it. */
  readonly delay_max_ms: number | undefined;
}

/** Words a judgement as a proposal to the recorder. */
export function proposalOf(deps: CheckDependencies, call: Call, judged: Judged): Proposal {
  const { snapshot, identity, lapse, verdict, demands, delay_max_ms } = judged;
  const { check } = call;
  const parent = call.seen?.parent ?? tunnelOf(call.passage)?.receipt_id;
  const request = factsOf(deps, call, snapshot, verdict.tunnel);
  return {
    draft: {
      receipt_id: call.receiptId,
      request_id: check.requestId,
      ...(parent === undefined ? {} : { parent_decision: parent }),
      envoy_node: call.node,
      envoy_epoch: call.epoch,
      gateway_id: deps.settings.gatewayId,
      source: check.source,
      ...identityMembers(identity),
      policy_id: snapshot.policy.policy_id,
      policy_hash: snapshot.policy.policy_hash,
      registry_hash: snapshot.registry_hash,
      request,
      ...verdictMembers(verdict),
      ...(lapse === undefined ? {} : { policy_lapse: lapse }),
      enforcement_mode: 'enforce',
      decision_latency_us: Math.round(deps.clock.monoUs() - call.startedUs),
      replayable: isReplayable(call, request),
    },
    ops: demands.map((demand) => demand.op),
    denials: demands.map((demand) => demand.denial),
    request_key: `${call.node}/${check.requestId}`,
    request_digest: requestDigest(call, identity, verdict),
    ...(delay_max_ms === undefined ? {} : { delay_max_ms }),
  };
}

function identityMembers(
  fact: IdentityFact,
): Pick<DecisionDraft, 'identity' | 'identity_problem' | 'degraded'> {
  if (fact.ok) {
    const { principal, degraded } = fact;
    return degraded === undefined ? { identity: principal } : { identity: principal, degraded };
  }
  const known = fact.known_agent === undefined ? {} : { identity: fact.known_agent };
  return { ...known, identity_problem: fact.problem };
}

function verdictMembers(
  verdict: Verdict,
): Pick<
  DecisionDraft,
  'verdict' | 'reason' | 'rule_id' | 'stream' | 'response' | 'judged_ms' | 'would_be' | 'observed_by'
> {
  return {
    verdict: verdict.verdict,
    reason: verdict.reason,
    ...(verdict.rule_id === undefined ? {} : { rule_id: verdict.rule_id }),
    ...(verdict.stream === undefined ? {} : { stream: verdict.stream }),
    ...(verdict.response === undefined ? {} : { response: verdict.response }),
    ...(verdict.judged_ms === undefined ? {} : { judged_ms: verdict.judged_ms }),
    ...(verdict.would_be === undefined ? {} : { would_be: verdict.would_be }),
    ...(verdict.observed_by.length === 0 ? {} : { observed_by: verdict.observed_by }),
  };
}

function factsOf(
  deps: CheckDependencies,
  call: Call,
  snapshot: Snapshot,
  tunnel: TunnelMode | undefined,
): RequestFacts {
  if (!call.request.ok) return problemFacts(call.check.raw, call.request.problem);
  const { request } = call.request.value;
  const { query_names } = snapshot.policy;
  return {
    ...requestFacts(request, query_names, queryCommitment(deps, call, request), tunnel),
    ...call.seen?.commitments,
  };
}

function queryCommitment(deps: CheckDependencies, call: Call, request: EgressRequest): string | undefined {
  if (request.query === undefined) return undefined;
  const salt = deps.salt(call.receiptId, QUERY_POINTER);
  const value = Buffer.from(request.query, 'latin1');
  return encodeBase64(commit(sha256, salt, call.receiptId, QUERY_POINTER, value));
}

/** Replay needs the path, except where the verdict is reached without it. */
function isReplayable(call: Call, facts: RequestFacts): boolean {
  if (!call.request.ok || facts.credential_forwarded === true) return true;
  return (call.request.value.request.path === undefined) === (facts.path === undefined);
}

/**
 * Hex SHA-256 of what the client asked and who it is. A repeated Check yields the same digest, whatever policy is in
 * force by then; the query is inside, so only the recorder's HMAC of this value is ever written. Only what became of
 * a tunnel is inside as well: the recorder's first answer does not say it, and must not open another kind. The same goes for what is asked of an answer.
 */
function requestDigest(
  { check, passage, seen }: Call,
  identity: IdentityFact,
  { tunnel: opens, stream, response }: Pick<Verdict, 'tunnel' | 'stream' | 'response'>,
): string {
  if (seen !== undefined) {
    const body = seen.digest === undefined ? {} : { body: seen.digest };
    const asked = { request: seen.requestDigest, ...body, ...(response === undefined ? {} : { response }) };
    return hash('sha256', encodeJcs(asked), 'hex');
  }
  const { mode, method, scheme, authority, path, transparent } = check.raw;
  const parent = tunnelOf(passage);
  const who = identity.ok ? identity.principal.binding : identity.problem;
  const facts = {
    ...{ mode, method, scheme, authority, path, source: check.source, who },
    ...(opens === undefined ? {} : { opens }),
    ...(stream === undefined ? {} : { stream }),
    ...(parent === undefined ? {} : { parent: parent.receipt_id }),
    ...(transparent === undefined ? {} : { transparent }),
    ...(check.sni === undefined ? {} : { sni: check.sni }),
  };
  return hash('sha256', encodeJcs(facts), 'hex');
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
