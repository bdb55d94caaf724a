import { inspectGuards } from './guards.ts';
import { INSPECTING } from './inspection.ts';
import { RELAY_CLUSTER, RELAY_H2_CLUSTER } from './relay_clusters.ts';
import { addTicket } from './relay_ticket.ts';
import { ADDRESS_CHECKED_ELSEWHERE } from './tunnel.ts';
import type { Message } from './typed.ts';

/** Of the gateway's answer: which way an allowed request takes. The ingress strip keeps clients from saying it. */
const WAY_HEADER = 'x-cg-route';
/** Name of the route that a WebSocket handshake ends on for which the gateway chose no way. */
export const UNCHOSEN_ROUTE = 'no_upgrade';
export const RELAY_ROUTE = 'relay';
export const INSPECT_ROUTE = 'inspect';

/** Kept while the gateway reads it: 16 MiB, and what it may add to them. A larger body is answered 413. */
const INSPECTED_BODY_MAX_BYTES = 16_777_216 + 65_536;

/** Like any stream; a relay ends its own earlier when policy says so. */
const UPGRADED_MAX = '3600s';
const UPGRADED_IDLE = '900s';

/** The one upgrade that connection managers open. The way in is asked by the same filters as any request. */
export const WEBSOCKET: Message = { upgrade_type: 'websocket' };
/**
 * `Upgrade: CONNECT` would otherwise be an upgrade of the type that the listener opens for tunnels: after a 101 of the
 * destination, unjudged requests would travel inside the judged one.
 */
const NO_CONNECT: Message = { upgrade_type: 'CONNECT', enabled: false };
export const ONLY_WEBSOCKET: readonly Message[] = [NO_CONNECT];
export const NO_UPGRADE: readonly Message[] = [NO_CONNECT, { upgrade_type: 'websocket', enabled: false }];

const chosen = (exact: string): Message => ({ name: WAY_HEADER, string_match: { exact } });
export const HANDSHAKE: Message = {
  name: 'upgrade',
  string_match: { exact: 'websocket', ignore_case: true },
};
const GRPC: Message = { prefix: '/', grpc: {} };

/**
 * Routes of requests that leave as plain HTTP or over verified TLS, to be put last. The first look at them is before the
 * Check, when nothing is chosen yet; a handshake then has to find a route that lets it be asked for.
 */
export function requestRoutes(out: 'plain' | 'tls', stamp: string): Message[] {
  return [
    upgraded('websocket', 'websocket', out === 'plain' ? 'dfp_plain' : 'dfp_tls_h1'),
    relayed(upgraded(RELAY_ROUTE, 'relay_websocket', RELAY_CLUSTER)),
    relayed({
      name: RELAY_ROUTE,
      match: { prefix: '/', headers: [chosen('relay_http')] },
      route: { cluster: RELAY_H2_CLUSTER, timeout: '0s', upgrade_configs: NO_UPGRADE },
    }),
    { name: UNCHOSEN_ROUTE, match: { prefix: '/', headers: [HANDSHAKE] }, direct_response: { status: 403 } },
    // Behind the handshakes: none is ever inspected.
    ...(out === 'plain' ? [inspected({ ...GRPC, headers: [chosen('inspect')] }, 'dfp_plain_h2', stamp)] : []),
    inspected({ prefix: '/', headers: [chosen('inspect')] }, `dfp_${out}`, stamp),
    // A way that is not one of these: without this route a request whose bytes were to be counted would go out uncounted.
    {
      name: 'no_way',
      match: { prefix: '/', headers: [{ name: WAY_HEADER, present_match: true }] },
      direct_response: { status: 403 },
    },
    // gRPC is HTTP/2 whether TLS chooses it or not; any other plain request goes out as HTTP/1.1.
    ...(out === 'plain' ? [plain(out, GRPC, 'dfp_plain_h2')] : []),
    plain(out, { prefix: '/' }, `dfp_${out}`),
  ];
}

function upgraded(name: string, way: string, cluster: string): Message {
  return {
    name,
    match: { prefix: '/', headers: [chosen(way), HANDSHAKE] },
    route: {
      cluster,
      timeout: '0s',
      idle_timeout: UPGRADED_IDLE,
      max_stream_duration: { max_stream_duration: UPGRADED_MAX },
      upgrade_configs: ONLY_WEBSOCKET,
    },
  };
}

function relayed(route: Message): Message {
  return { ...route, ...addTicket(), typed_per_filter_config: ADDRESS_CHECKED_ELSEWHERE };
}

function inspected(match: Message, cluster: string, stamp: string): Message {
  return {
    ...plain(INSPECT_ROUTE, match, cluster),
    request_body_buffer_limit: INSPECTED_BODY_MAX_BYTES,
    typed_per_filter_config: { ...inspectGuards(stamp), ...INSPECTING },
  };
}

function plain(name: string, match: Message, cluster: string): Message {
  return { name, match, route: { cluster, timeout: '0s', upgrade_configs: NO_UPGRADE } };
}
