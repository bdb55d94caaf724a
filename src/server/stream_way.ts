import { encodeRelayTicket, RELAY_TICKET_MS, type RelayTicket } from '../core/relay/relay_ticket.ts';
import type { EgressRequest } from '../core/request/egress_request.ts';
import type { StreamCaps } from '../core/verdict/stream_caps.ts';
import type { WayAnswer } from './codec/answer.ts';
import type { CheckDependencies } from './dependencies.ts';
import type { Judged } from './judging.ts';
import type { Call } from './propose.ts';

/** Which way an allowed WebSocket or gRPC call takes; undefined: that of any other request. */
export function wayAnswer(
  deps: Pick<CheckDependencies, 'mac' | 'clock'>,
  call: Call,
  { identity, verdict: { stream } }: Pick<Judged, 'identity' | 'verdict'>,
  receipt_id: string,
): WayAnswer | undefined {
  if (!call.request.ok || !identity.ok) return undefined;
  const { request } = call.request.value;
  const { protocol } = request;
  if (protocol !== 'websocket' && protocol !== 'grpc') return undefined;
  if (stream === undefined) return protocol === 'websocket' ? { route: 'websocket' } : undefined;
  const route = protocol === 'websocket' ? 'relay_websocket' : 'relay_http';
  const { tenant_id, agent_id } = identity.principal;
  const whose = { receipt_id, owner: `${tenant_id}/${agent_id}` };
  return { route, ticket: ticketOf(deps, request, stream, whose) };
}

function ticketOf(
  deps: Pick<CheckDependencies, 'mac' | 'clock'>,
  { scheme }: EgressRequest,
  caps: StreamCaps,
  whose: Pick<RelayTicket, 'receipt_id' | 'owner'>,
): string {
  if (scheme === 'tcp') throw new Error('invariant: a stream without an HTTP scheme');
  const exp_ms = deps.clock.nowMs() + RELAY_TICKET_MS;
  return encodeRelayTicket({ ...whose, scheme, ...caps, exp_ms }, deps.mac);
}
