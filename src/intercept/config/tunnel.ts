import { AUTHZ_FILTER, RECEIPT_KEY, STAMP_KEY } from './ext_authz.ts';
import { extension, type Message, typed } from './typed.ts';

/** The listeners inside Envoy, and the clusters of the same names that lead to them. */
export const INTERCEPT_LISTENER = 'intercept_in';
export const OPAQUE_LISTENER = 'opaque_in';
export const TRANSPARENT_LISTENER = 'transparent_in';

/** Header of the gateway's answer that opens a tunnel. The ingress strip keeps clients from saying it. */
const MODE_HEADER = 'x-cg-tunnel-mode';

/** An opaque tunnel lives at most this long: a revoked agent must not keep one open. */
export const OPAQUE_MAX = '900s';
/** An intercepted one may live longer, because each request inside is judged on its own. */
export const INTERCEPTED_MAX = '3600s';
/** A tunnel in which no byte moves ends, whatever is inside. */
export const TUNNEL_IDLE = '900s';

/** Names under which the facts of a tunnel cross to a listener inside. */
const TICKET_STATE = 'cg.tunnel';
export const RECEIPT_STATE = 'cg.receipt';
export const STAMP_STATE = 'cg.stamp';
export const HOST_STATE = 'cg.host';
const PORT_STATE = 'cg.port';
/** Where the listener inside finds the client's address. */
const CLIENT_STATE = 'envoy.filters.listener.original_dst.remote_ip';

/**
 * After the stamp guard of a CONNECT: hands what the gateway said to the next connection, and to no later one. What the
 * gateway did not say is not set, and the listener inside then refuses.
 */
export function tunnelFacts(chain: 'tunnel' | 'redirected'): Message {
  const said = (key: string): string => `%DYNAMIC_METADATA(${AUTHZ_FILTER}:${key})%`;
  return extension('cg.tunnel_facts', 'envoy.extensions.filters.http.set_filter_state.v3.Config', {
    on_request_headers: [
      ...[
        state(TICKET_STATE, said('tunnel'), OWN_CONNECTION),
        state(RECEIPT_STATE, said(RECEIPT_KEY), OWN_CONNECTION),
        state(STAMP_STATE, said(STAMP_KEY), TEXT),
        state(HOST_STATE, said('host'), TEXT),
        state(PORT_STATE, said('port'), TEXT),
        // Of a redirected connection it has crossed once, and what a connection has cannot be set for a request.
        ...(chain === 'tunnel' ? [state(CLIENT_STATE, '%DOWNSTREAM_REMOTE_ADDRESS%')] : []),
      ].map((one) => ({ ...one, shared_with_upstream: 'ONCE' })),
    ],
  });
}

/**
 * In the listener inside: the judged host and port as what is resolved and dialled. Not on the CONNECT, where the same
 * names would take the place of its authority for every tunnel.
 */
export function dialTarget(): Message {
  return extension('cg.dial_target', 'envoy.extensions.filters.network.set_filter_state.v3.Config', {
    on_new_connection: [
      state('envoy.upstream.dynamic_host', `%FILTER_STATE(${HOST_STATE}:PLAIN)%`),
      state('envoy.upstream.dynamic_port', `%FILTER_STATE(${PORT_STATE}:PLAIN)%`),
    ],
  });
}

const TEXT: Message = { factory_key: 'envoy.string' };
/**
 * Text that counts when Envoy chooses a connection to the listener inside. By plain text all of them are alike, and one
 * that was begun for a CONNECT whose client left might serve the next, with another agent's ticket. Receipt ids are unique.
 */
const OWN_CONNECTION: Message = { factory_key: 'envoy.hashable_string' };

/** What is empty is not set. Without a factory the key itself says what is read out of the text. */
function state(object_key: string, inline_string: string, factory: Message = {}): Message {
  return {
    object_key,
    ...factory,
    skip_if_empty: true,
    format_string: { omit_empty_values: true, text_format_source: { inline_string } },
  };
}

/** In this order: the three ways that the gateway can choose, and no way for a CONNECT that it did not choose for. */
export function tunnelRoutes(): Message[] {
  return [
    noUpgradedTunnel(),
    tunnelRoute('intercept', 'intercept', INTERCEPT_LISTENER, INTERCEPTED_MAX),
    tunnelRoute('tunnel', 'passthrough', OPAQUE_LISTENER, OPAQUE_MAX),
    tunnelRoute('tunnel_raw', 'raw', 'dfp_tcp', OPAQUE_MAX),
    noTunnel(),
  ];
}

function tunnelRoute(name: string, exact: string, cluster: string, max_stream_duration: string): Message {
  return {
    name,
    match: { connect_matcher: {}, headers: [{ name: MODE_HEADER, string_match: { exact } }] },
    route: {
      cluster,
      timeout: '0s',
      idle_timeout: TUNNEL_IDLE,
      max_stream_duration: { max_stream_duration },
      upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }],
    },
    ...(cluster === 'dfp_tcp' ? {} : { typed_per_filter_config: ADDRESS_CHECKED_ELSEWHERE }),
  };
}

/** Nothing is resolved for a connection to a listener inside or to a relay; the way out from there has its own guard. */
export const ADDRESS_CHECKED_ELSEWHERE: Message = {
  'cg.ipdeny': typed('envoy.extensions.filters.http.rbac.v3.RBACPerRoute'),
};

/**
 * CONNECT where no tunnel is open. A request without a route would skip the Check and be stopped by the stamp guard
 * alone, as if something were broken; with this one Envoy asks, and refuses in so many words.
 */
export function noTunnelRoutes(): Message[] {
  return [noUpgradedTunnel(), noTunnel()];
}

function noTunnel(): Message {
  return { name: 'no_tunnel', match: { connect_matcher: {} }, direct_response: { status: 403 } };
}

/**
 * CONNECT with an upgrade would be served by the filters of the upgrade, not by those of a tunnel. Refused before it is
 * asked for: only a route that leads somewhere can do so, and this one leads to a cluster that a client cannot name.
 */
function noUpgradedTunnel(): Message {
  return {
    name: 'no_tunnel',
    match: { connect_matcher: {}, headers: [{ name: 'upgrade', present_match: true }] },
    route: {
      cluster_header: 'x-cg-nowhere',
      upgrade_configs: ['CONNECT', 'websocket'].map((upgrade_type) => ({ upgrade_type, enabled: false })),
    },
  };
}
