import type { RequestDemands } from '../../core/contract/demands.ts';
import type { Proposal } from '../../core/verdict/proposal.ts';
import {
  type Appended,
  demandsOf,
  type Held,
  isHeld,
  isStale,
  type Judged,
  judgeAndRecord,
} from '../judging.ts';
import type { Snapshot } from '../ports.ts';
import type { Call } from '../propose.ts';
import type { Seat } from '../sleepers.ts';
import { callOf, type LookedAt, seenBody } from './body_call.ts';
import type { InspectDependencies } from './dependencies.ts';
import type { PendingTicket } from './pending_ticket.ts';

/** How often one body is looked at: each policy may ask for something else. */
const LOOKS_MAX = 4;

/** Looks at a body with these demands; `undefined` when nobody has time to. */
export type Look = (demands: RequestDemands, snapshot: Snapshot) => Promise<LookedAt | undefined>;

/** What was recorded of a request whose body was looked at. */
export interface Settled {
  readonly call: Call;
  readonly proposal: Proposal;
  readonly appended: Appended;
  /** Absent where the gateway itself had to deny. */
  readonly judged?: Judged;
  readonly looked?: LookedAt;
  readonly snapshot: Snapshot;
}

/**
 * Looks, judges under the policy and the principal of that moment, and records; again while the policy asks for more. Facts do
 * not say what was asked: they are judged by the policy that they were found for, and by no other.
 */
export async function judgeBody(
  deps: InspectDependencies,
  ticket: PendingTicket,
  startedUs: number,
  look: Look,
  seat: Seat,
): Promise<Settled> {
  let asked: Asked = { demands: ticket.demands, policy_hash: ticket.draft.policy_hash };
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const snapshot = deps.snapshot();
    asked = await askedNow(deps, ticket, asked, snapshot);
    const looked = await look(asked.demands, snapshot);
    if (looked === undefined) break;
    const now = deps.snapshot();
    if (now.policy.policy_hash !== asked.policy_hash) continue;
    const call = callOf(ticket, startedUs, seenBody(deps, ticket, looked), looked.facts);
    const judged = await judgeAndRecord({ ...judging(deps), snapshot: () => now }, call, seat);
    if (isStale(judged) && deps.snapshot().policy.policy_hash !== asked.policy_hash) continue;
    if (!isHeld(judged)) {
      if (looked.replacement !== undefined) deps.metrics.repaired?.();
      return { call, looked, judged, ...judged };
    }
    // What could not be told so often is denied as what nobody has looked at.
    if (looks === LOOKS_MAX) return await recordHeld(deps, call, judged, judged.proposal);
    asked = { ...asked, demands: judged.held };
  }
  return await recordBusy(deps, ticket, startedUs, seat);
}

/** Of whom a body was asked what. */
interface Asked {
  readonly demands: RequestDemands;
  readonly policy_hash: string;
}

/** The policy may have changed while the body came, as slowly as its sender liked. */
async function askedNow(
  deps: InspectDependencies,
  ticket: PendingTicket,
  asked: Asked,
  snapshot: Snapshot,
): Promise<Asked> {
  const { policy_hash } = snapshot.policy;
  if (policy_hash === asked.policy_hash) return asked;
  const unseen = callOf(ticket, deps.clock.monoUs(), seenBody(deps, ticket, {}));
  return { policy_hash, demands: (await demandsOf(deps, unseen, snapshot)) ?? asked.demands };
}

/** There is no room, or nobody to look: denied for that, unless by now the body has no say. */
export async function recordBusy(
  deps: InspectDependencies,
  ticket: PendingTicket,
  startedUs: number,
  seat: Seat,
): Promise<Settled> {
  const call = callOf(ticket, startedUs, seenBody(deps, ticket, {}));
  for (let times = 1; ; times++) {
    const judged = await judgeAndRecord(judging(deps), call, seat);
    if (!isHeld(judged)) return { call, judged, ...judged };
    const { proposal } = judged;
    const busy = { ...proposal, draft: { ...proposal.draft, reason: 'INSPECT_BUSY' as const } };
    const settled = await recordHeld(deps, call, judged, busy);
    const isStale = !settled.appended.ok && settled.appended.problem === 'STALE_SNAPSHOT';
    if (!isStale || times === LOOKS_MAX) return settled;
  }
}

/** The body never came: what the Check would have said without it is recorded, under the policy of then. */
export async function recordLate(
  { recorder, settings }: Pick<InspectDependencies, 'recorder' | 'settings'>,
  ticket: PendingTicket,
): Promise<Appended> {
  return await recorder.append(lateProposal(ticket, settings.gatewayId));
}

/**
 * Repeated for the same request, it is the same. Whoever records it puts its own name to it, as `recordedBy`: the Check may
 * have been answered by another gateway, in whose name a recorder takes nothing from this one.
 */
export function lateProposal({ draft, request_digest }: PendingTicket, recordedBy?: string): Proposal {
  const request_key = `${draft.envoy_node}/${draft.request_id}`;
  const signed = recordedBy === undefined ? draft : { ...draft, gateway_id: recordedBy };
  return { draft: signed, ops: [], denials: [], request_key, request_digest, late: true };
}

async function recordHeld(
  deps: InspectDependencies,
  call: Call,
  { snapshot }: Held,
  proposal: Proposal,
): Promise<Settled> {
  return { call, proposal, snapshot, appended: await deps.recorder.append(proposal) };
}

/** Of what was looked at, other numbers are kept than of Checks. */
function judging(deps: InspectDependencies): Parameters<typeof judgeAndRecord>[0] {
  return { ...deps, metrics: { ...deps.metrics, checked: () => {} } };
}
