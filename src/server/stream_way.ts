import { encodeRelayTicket, RELAY_TICKET_MS } from '../core/relay/relay_ticket.ts';
import type { EgressRequest } from '../core/request/egress_request.ts';
import type { Verdict } from '../core/verdict/proposal.ts';
import type { StreamCaps } from '../core/verdict/stream_caps.ts';
import type { WayAnswer } from './codec/answer.ts';
import type { CheckDependencies } from './dependencies.ts';
import type { Call } from './propose.ts';

/** Which way an allowed WebSocket or gRPC call takes; undefined: that of any other request. */
export function wayAnswer(
  deps: Pick<CheckDependencies, 'mac' | 'clock'>,
  call: Call,
  { stream }: Pick<Verdict, 'stream'>,
  receipt_id: string,
): WayAnswer | undefined {
  if (!call.request.ok) return undefined;
  const { request } = call.request.value;
  const { protocol } = request;
  if (protocol !== 'websocket' && protocol !== 'grpc') return undefined;
  if (stream === undefined) return protocol === 'websocket' ? { route: 'websocket' } : undefined;
  const route = protocol === 'websocket' ? 'relay_websocket' : 'relay_http';
  return { route, ticket: ticketOf(deps, call, request, stream, receipt_id) };
}

function ticketOf(
  deps: Pick<CheckDependencies, 'mac' | 'clock'>,
  { node, epoch }: Call,
  { scheme, host, port }: EgressRequest,
  caps: StreamCaps,
  receipt_id: string,
): string {
  if (scheme === 'tcp') throw new Error('invariant: a stream without an HTTP scheme');
  const exp_ms = deps.clock.nowMs() + RELAY_TICKET_MS;
  return encodeRelayTicket({ receipt_id, scheme, host, port, ...caps, node, epoch, exp_ms }, deps.mac);
}
