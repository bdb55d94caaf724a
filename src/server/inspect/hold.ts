import type { Principal } from '../../core/identity/principal.ts';
import { encodeHeldCheck } from '../codec/check_response.ts';
import { strippedHeaders } from '../codec/stripped.ts';
import type { CheckDependencies } from '../dependencies.ts';
import type { Held } from '../judging.ts';
import type { TunnelOwner } from '../ports.ts';
import type { Call } from '../propose.ts';
import { encodeUnrecorded } from '../reply.ts';
import { PENDING_MS, type PendingTicket, sealPending } from './pending_ticket.ts';

/** The answer to a Check that cannot be judged without the body. Where it is too long to be carried, a denial. */
export function encodeHeld(deps: CheckDependencies, call: Call, held: Held): Uint8Array {
  if (!call.request.ok) throw new Error('invariant: the body of a request without canonical form decides');
  const { raw } = call.check;
  const { request, rewrite = {} } = call.request.value;
  const ticket: PendingTicket = {
    draft: held.proposal.draft,
    request_digest: held.proposal.request_digest,
    exp_ms: endOf(held.identity, deps.clock.nowMs()),
    ...{ mode: raw.mode, request, demands: held.held },
    owner: ownerOf(held.identity),
  };
  const pending = sealPending(ticket, deps.mac);
  if (pending === undefined) return encodeUnrecorded(call, 'RECORD_TOO_LARGE');
  return encodeHeldCheck({
    ...{ stamp: deps.settings.stamp, pending, rewrite },
    strip: strippedHeaders(raw.headers),
  });
}

function ownerOf({ principal, degraded }: Held['identity']): TunnelOwner {
  const { tenant_id, agent_id, binding, credential_transport, run }: Principal = principal;
  return {
    ...{ tenant_id, agent_id, binding, credential_transport },
    ...(run === undefined ? {} : { run }),
    ...(degraded === undefined ? {} : { degraded }),
  };
}

/** A token that ends sooner ends the wait for the body with it. */
function endOf(
  { expires_ms = Number.POSITIVE_INFINITY }: { readonly expires_ms?: number },
  now_ms: number,
): number {
  return Math.floor(Math.min(now_ms + PENDING_MS, expires_ms));
}
