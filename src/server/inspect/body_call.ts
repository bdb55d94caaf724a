import { hash } from 'node:crypto';
import { encodeBase64 } from '../../core/canonical/base64.ts';
import { commit } from '../../core/canonical/commitment.ts';
import type { BodyFacts } from '../../core/contract/body_facts.ts';
import { ok } from '../../core/result.ts';
import type { Call, SeenBody } from '../propose.ts';
import type { InspectDependencies } from './dependencies.ts';
import type { PendingTicket } from './pending_ticket.ts';
import type { RequestFinding } from './ports.ts';

/** Where bodies stand in a decision record; part of their commitments. */
export const BODY_POINTER = 'request/body';
export const REPAIRED_POINTER = 'request/body/repaired';

/** A body as far as it was looked at. */
export interface LookedAt {
  readonly facts: BodyFacts;
  /** As it came; absent while it goes on, and where nobody waited for it. */
  readonly body?: Uint8Array;
  readonly replacement?: RequestFinding['replacement'];
  readonly rpc_id?: RequestFinding['rpc_id'];
}

/** The request of a ticket on its way through the same judgement as any Check. Without a look: as the Check saw it. */
export function callOf(ticket: PendingTicket, startedUs: number, seen: SeenBody, facts?: BodyFacts): Call {
  const { draft, mode } = ticket;
  const request = facts === undefined ? ticket.request : { ...ticket.request, body: facts };
  const { method = '', host, path = '', scheme } = request;
  return {
    check: {
      // What was judged by it stands in the request; what comes by now went through the same listener.
      raw: { mode, method, authority: host, path, scheme, headers: [] },
      requestId: draft.request_id,
      source: draft.source,
      transport: ticket.owner.credential_transport,
    },
    request: ok({ request }),
    node: draft.envoy_node,
    epoch: draft.envoy_epoch,
    receiptId: draft.receipt_id,
    startedUs,
    seen,
  };
}

/** What a receipt and a repeated request are told of the bytes. */
export function seenBody(
  deps: Pick<InspectDependencies, 'salt'>,
  ticket: PendingTicket,
  { body, replacement }: Partial<LookedAt>,
): SeenBody {
  const { receipt_id, parent_decision } = ticket.draft;
  const of = (pointer: string, value: Uint8Array) =>
    encodeBase64(commit(sha256, deps.salt(receipt_id, pointer), receipt_id, pointer, value));
  return {
    owner: ticket.owner,
    requestDigest: ticket.request_digest,
    ...(parent_decision === undefined ? {} : { parent: parent_decision }),
    ...(body === undefined ? {} : { digest: hash('sha256', body, 'hex') }),
    commitments: {
      ...(body === undefined ? {} : { body_commitment: of(BODY_POINTER, body) }),
      ...(replacement === undefined ? {} : { repaired_commitment: of(REPAIRED_POINTER, replacement) }),
    },
  };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
