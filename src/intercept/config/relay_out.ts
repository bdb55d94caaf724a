import { relayOutLog } from './access_log_format.ts';
import { connectionLimit } from './connection_limit.ts';
import { relayStampGuard } from './guards.ts';
import { connection, type Shared, sendingFilters } from './http_connection.ts';
import { localReplies } from './local_replies.ts';
import { RELAY_END_STATE, RELAY_PREFIX, RELAY_RECEIPT_STATE } from './relay_ticket.ts';
import { ADDRESS_CHECKED_ELSEWHERE } from './tunnel.ts';
import { extension, type Message } from './typed.ts';
import { HANDSHAKE, NO_UPGRADE, ONLY_WEBSOCKET } from './upgrade_routes.ts';

export const RELAY_OUT_LISTENER = 'relay_out';
const END_ROUTE = 'relay_end';
const END_PATH = '/_relay_end';
/** Only our own user: whoever may speak here is a relay, if it knows the stamp. */
const SOCKET_MODE = 0o600;

/** The second hop of what goes through a relay: nothing is judged here, and everything else is as for any request. */
export function relayOutListener(shared: Shared): Message {
  return {
    name: RELAY_OUT_LISTENER,
    address: { pipe: { path: shared.input.relay_out_socket, mode: SOCKET_MODE } },
    filter_chains: [{ filters: [connectionLimit(RELAY_OUT_LISTENER), relayOutConnection(shared)] }],
  };
}

function relayOutConnection(shared: Shared): Message {
  // The request has its span already, at the listener that it came to.
  const { tracing: _, ...input } = shared.input;
  return connection({ ...shared, input }, RELAY_OUT_LISTENER, {
    // What a relay says is not stripped before it was read, and its request keeps the id under which it was judged.
    early_header_mutation_extensions: [],
    preserve_external_request_id: true,
    // A relay reads everything until the end; without an end it could not tell that there is nothing more.
    delayed_close_timeout: '0s',
    scheme_header_transformation: { match_upstream: true },
    local_reply_config: localReplies({
      receipt: `%FILTER_STATE(${RELAY_RECEIPT_STATE}:PLAIN)%`,
      untouched: [`d.startsWith('direct_response') && xds.route_name == '${END_ROUTE}'`],
    }),
    access_log: [relayOutLog(input.access_log)],
    http_filters: [relayStampGuard(input.stamp), relayClaims(), ...sendingFilters(shared)],
    route_config: {
      name: RELAY_OUT_LISTENER,
      virtual_hosts: [{ name: RELAY_OUT_LISTENER, domains: ['*'], routes: relayOutRoutes() }],
    },
  });
}

/** Behind the guard, so that nobody else's claims are logged; before the strip, which takes them away. */
function relayClaims(): Message {
  const kept = (object_key: string, header: string): Message => ({
    object_key,
    factory_key: 'envoy.string',
    skip_if_empty: true,
    format_string: {
      omit_empty_values: true,
      text_format_source: { inline_string: `%REQ(${RELAY_PREFIX}${header})%` },
    },
  });
  return extension('cg.relay_claims', 'envoy.extensions.filters.http.set_filter_state.v3.Config', {
    on_request_headers: [kept(RELAY_RECEIPT_STATE, 'receipt'), kept(RELAY_END_STATE, 'end')],
  });
}

/** What leaves has a scheme; the report of a relay has none, so that no path of a destination is taken for it. */
function relayOutRoutes(): Message[] {
  return [
    out('http', true, 'dfp_plain'),
    out('http', false, 'dfp_plain_h2'),
    out('https', true, 'dfp_tls_h1'),
    out('https', false, 'dfp_tls'),
    {
      name: END_ROUTE,
      match: { path: END_PATH, headers: [{ name: `${RELAY_PREFIX}end`, present_match: true }] },
      direct_response: { status: 204 },
      typed_per_filter_config: ADDRESS_CHECKED_ELSEWHERE,
    },
    // Without a route a request would be answered 404, as if something had been looked for.
    { name: 'no_way', match: { prefix: '/' }, direct_response: { status: 403 } },
  ];
}

function out(exact: 'http' | 'https', handshake: boolean, cluster: string): Message {
  const scheme: Message = { name: `${RELAY_PREFIX}scheme`, string_match: { exact } };
  return {
    name: RELAY_OUT_LISTENER,
    match: { prefix: '/', headers: [scheme, ...(handshake ? [HANDSHAKE] : [])] },
    route: { cluster, timeout: '0s', upgrade_configs: handshake ? ONLY_WEBSOCKET : NO_UPGRADE },
  };
}
