import { handshakeLog, opaqueLog } from './access_log_format.ts';
import { connectionLimit } from './connection_limit.ts';
import { interceptedConnection, type Shared } from './http_connection.ts';
import { onDemandTls } from './on_demand_tls.ts';
import { sniGuard } from './sni_guard.ts';
import { dialTarget, INTERCEPT_LISTENER, OPAQUE_LISTENER, OPAQUE_MAX, TUNNEL_IDLE } from './tunnel.ts';
import { extension, type Message } from './typed.ts';

/** What the first bytes of a tunnel may take; then a tunnel that says nothing is closed. */
const FIRST_BYTES = '15s';
/** The only bound on a handshake that waits for a certificate. */
const HANDSHAKE = '5s';
/** Bytes kept until the destination is connected; a ClientHello is smaller than a quarter of it. */
const EARLY_BYTES_MAX = 65_536;
/** Whatever else starts a connection has no chain, and is closed. */
const TLS_ALONE: Message = { transport_protocol: 'tls' };

/** Opens TLS, and judges each request inside on its own. */
export function interceptListener(shared: Shared): Message {
  return {
    ...inner(INTERCEPT_LISTENER),
    access_log: [handshakeLog(shared.input.access_log)],
    filter_chains: [
      {
        filter_chain_match: TLS_ALONE,
        transport_socket_connect_timeout: HANDSHAKE,
        transport_socket: onDemandTls(),
        filters: [connectionLimit(INTERCEPT_LISTENER), interceptedConnection(shared)],
      },
    ],
  };
}

/** Passes TLS on unopened, to the name that was judged and to no other. */
export function opaqueListener({ input, cache }: Shared): Message {
  return {
    ...inner(OPAQUE_LISTENER),
    // Of the listener, because a connection that finds no chain is written down nowhere else.
    access_log: [opaqueLog(input.access_log)],
    filter_chains: [
      {
        filter_chain_match: TLS_ALONE,
        filters: [
          connectionLimit(OPAQUE_LISTENER),
          sniGuard(input.stamp),
          dialTarget(),
          resolveTarget(cache),
          passOn(),
        ],
      },
    ],
  };
}

function inner(name: string): Message {
  return {
    name,
    internal_listener: {},
    listener_filters: [
      // Gives the connection the client's own address back.
      extension(
        'envoy.filters.listener.original_dst',
        'envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
      ),
      extension(
        'envoy.filters.listener.tls_inspector',
        'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
      ),
    ],
    listener_filters_timeout: FIRST_BYTES,
  };
}

/**
 * Resolves the judged host. It does so when the connection begins, before the guard has seen the first data: were it to
 * take the server name instead, a client could ask our resolver for any name.
 */
function resolveTarget(cache: Message): Message {
  return extension(
    'envoy.filters.network.sni_dynamic_forward_proxy',
    'envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig',
    // Never used: host and port come together, and without the host the guard refuses.
    { dns_cache_config: cache, port_value: 443 },
  );
}

/** Dials on the first data only: by default a connection is made before any filter has decided. */
function passOn(): Message {
  return extension(
    'envoy.filters.network.tcp_proxy',
    'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    {
      stat_prefix: 'opaque',
      cluster: 'dfp_tcp',
      upstream_connect_mode: 'ON_DOWNSTREAM_DATA',
      max_early_data_bytes: EARLY_BYTES_MAX,
      idle_timeout: TUNNEL_IDLE,
      max_downstream_connection_duration: OPAQUE_MAX,
    },
  );
}
