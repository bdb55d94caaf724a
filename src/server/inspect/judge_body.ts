import type { RequestDemands } from '../../core/contract/demands.ts';
import type { Proposal } from '../../core/verdict/proposal.ts';
import { type Appended, type Held, isHeld, type Judged, judgeAndRecord } from '../judging.ts';
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

/** Looks, judges under the policy and the principal of that moment, and records; again while the policy asks for more. */
export async function judgeBody(
  deps: InspectDependencies,
  ticket: PendingTicket,
  startedUs: number,
  look: Look,
  seat: Seat,
): Promise<Settled> {
  let { demands } = ticket;
  let snapshot = deps.snapshot();
  for (let looks = 1; ; looks++) {
    const looked = await look(demands, snapshot);
    if (looked === undefined) return await recordBusy(deps, ticket, startedUs, seat);
    if (looked.replacement !== undefined) deps.metrics.repaired?.();
    const call = callOf(ticket, startedUs, seenBody(deps, ticket, looked), looked.facts);
    const judged = await judgeAndRecord(judging(deps), call, seat);
    if (!isHeld(judged)) return { call, looked, judged, ...judged };
    // What four policies in a row could not be told is denied as what nobody has looked at.
    if (looks === LOOKS_MAX) return await recordHeld(deps, call, judged, judged.proposal);
    demands = judged.held;
    snapshot = judged.snapshot;
  }
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
