import type { RequestDemands } from '../core/contract/demands.ts';
import type { IdentityFact } from '../core/identity/principal.ts';
import type { LimitDemand } from '../core/policy/compiled.ts';
import { ok } from '../core/result.ts';
import { decide } from '../core/verdict/decide.ts';
import type { Proposal, Verdict } from '../core/verdict/proposal.ts';
import type { CheckDependencies } from './dependencies.ts';
import type { Snapshot, TunnelOwner } from './ports.ts';
import { type Call, proposalOf } from './propose.ts';
import type { Seat } from './sleepers.ts';

const US_PER_MS = 1_000;
/** How often one call is judged at most: each change of policy or registry meanwhile sends it back. */
const JUDGEMENTS_MAX = 4;

export type Appended = Awaited<ReturnType<CheckDependencies['recorder']['append']>>;

export interface Judged {
  readonly identity: IdentityFact;
  readonly verdict: Verdict;
  readonly proposal: Proposal;
  readonly appended: Appended;
  readonly snapshot: Snapshot;
}

/** The body has a say that it has not had yet: nothing is recorded. */
export interface Held {
  readonly held: RequestDemands;
  readonly identity: IdentityFact & { readonly ok: true };
  /** What is to be recorded if nobody ever looks: the denial BODY_NOT_COMPLETED. */
  readonly proposal: Proposal;
  /** Judged under it. */
  readonly snapshot: Snapshot;
}

/** What a snapshot asks of a body that nobody has looked at; undefined: it has no say. Nothing is recorded. */
export async function demandsOf(
  deps: Pick<CheckDependencies, 'clock'>,
  call: Call,
  snapshot: Snapshot,
): Promise<RequestDemands | undefined> {
  const now_ms = deps.clock.nowMs();
  const identity = await whoAsks(snapshot, call, now_ms);
  const request = call.request.ok ? ok(call.request.value.request) : call.request;
  const lapse = snapshot.policyLapse?.(now_ms);
  return decide(snapshot.policy, identity, request, { lapse, atMs: now_ms }).inspect;
}

/** Judges and records; again under the call's own id when the recorder knows a newer policy, for then nothing was recorded. */
export async function judgeAndRecord(
  deps: CheckDependencies,
  call: Call,
  seat: Seat,
): Promise<Judged | Held> {
  let judged = await judgeOnce(deps, call, seat);
  for (let times = 1; isStale(judged) && times < JUDGEMENTS_MAX && hasTime(deps, call); times++)
    judged = await judgeOnce(deps, call, seat);
  return judged;
}

/** Under ONE snapshot. The answer exists only after the record is on stable storage. */
async function judgeOnce(deps: CheckDependencies, call: Call, seat: Seat): Promise<Judged | Held> {
  const snapshot = deps.snapshot();
  const now_ms = deps.clock.nowMs();
  const identity = await whoAsks(snapshot, call, now_ms);
  const request = call.request.ok ? ok(call.request.value.request) : call.request;
  const lapse = snapshot.policyLapse?.(now_ms);
  const judgement = decide(snapshot.policy, identity, request, { lapse, atMs: now_ms });
  const { verdict, demands, inspect } = judgement;
  if (inspect !== undefined && identity.ok && isReadable(call)) {
    const proposal = proposalOf(deps, call, {
      ...judgement,
      snapshot,
      identity,
      lapse,
      delay_max_ms: undefined,
    });
    return { held: inspect, identity, proposal, snapshot };
  }
  const delay_max_ms = bearableDelay(deps, call, seat, identity, demands);
  const proposal = proposalOf(deps, call, { snapshot, identity, lapse, verdict, demands, delay_max_ms });
  if (identity.ok) for (const what of identity.degraded ?? []) deps.metrics.degraded?.(what);
  const recorded = call.span?.recording();
  const appended = await deps.recorder.append(proposal);
  recorded?.();
  return { identity, verdict, proposal, appended, snapshot };
}

/** Inside a tunnel its owner, read again; without a valid ticket nobody, whatever credential came along. */
function whoAsks(
  snapshot: Snapshot,
  { check, passage, seen }: Call,
  now_ms: number,
): IdentityFact | Promise<IdentityFact> {
  const { raw, transport, identity: source, source: client } = check;
  const { mode, headers } = raw;
  const resume = (owner: TunnelOwner) =>
    snapshot.resume({ owner, address: client.slice(0, client.lastIndexOf(':')), headers, now_ms });
  if (seen !== undefined) return resume(seen.owner);
  if (mode !== 'intercepted')
    return snapshot.authenticate({ mode, headers, transport, now_ms, ...(source && { source }) });
  if (passage?.ok === true) return resume(passage.value);
  if (passage?.over === undefined) return { ok: false, problem: 'IDENTITY_MISSING' };
  const owner = resume(passage.over);
  return owner instanceof Promise ? owner.then(isOver) : isOver(owner);
}

/** The tunnel has ended; whose it was is known all the same. */
function isOver(owner: IdentityFact): IdentityFact {
  const known_agent = owner.ok ? owner.principal : owner.known_agent;
  return { ok: false, problem: 'IDENTITY_EXPIRED', ...(known_agent && { known_agent }) };
}

/** Nobody reads what upgraded requests and gRPC calls carry: where it decides, the denial stands. */
function isReadable({ request }: Call): boolean {
  return request.ok && request.value.request.protocol === 'http';
}

/** The recorder knows a newer policy. */
export function isStale(judged: Judged | Held): boolean {
  return !isHeld(judged) && !judged.appended.ok && judged.appended.problem === 'STALE_SNAPSHOT';
}

export function isHeld(judged: Judged | Held): judged is Held {
  return 'held' in judged;
}

/** Envoy still waits. */
function hasTime(deps: CheckDependencies, { startedUs }: Call): boolean {
  return (deps.clock.monoUs() - startedUs) / US_PER_MS < deps.settings.checkTimeoutMs;
}

/** How long the answer could be held back; a place to wait in is taken before the slot is asked for. */
function bearableDelay(
  deps: CheckDependencies,
  call: Call,
  seat: Seat,
  identity: IdentityFact,
  demands: readonly LimitDemand[],
): number | undefined {
  if (!identity.ok || !demands.some(({ op }) => op.mode === 'throttle')) return undefined;
  const { tenant_id, agent_id } = identity.principal;
  const elapsedMs = (deps.clock.monoUs() - call.startedUs) / US_PER_MS;
  return seat.bearableMs(`${tenant_id}/${agent_id}`, deps.settings.checkTimeoutMs - elapsedMs);
}
