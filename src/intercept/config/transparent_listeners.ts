import { OPENED_CHAIN, unaskedHandshakeLog } from './access_log_format.ts';
import { connectionLimit } from './connection_limit.ts';
import type { Shared } from './http_connection.ts';
import { onDemandTls } from './on_demand_tls.ts';
import {
  redirectedFacts,
  redirectedOpened,
  redirectedPlain,
  redirectedTunnels,
  transportBy,
} from './transparent_connections.ts';
import type { TransparentListen } from './transparent_input.ts';
import { INTERCEPTED_MAX, TRANSPARENT_LISTENER, TUNNEL_IDLE } from './tunnel.ts';
import { extension, type Message } from './typed.ts';

/**
 * Until a connection is taken for one whose server speaks first. Each of those waits that long, and whoever needs longer
 * for the beginning of a greeting is judged as unknown bytes, which is the stricter way.
 */
const FIRST_BYTES = '3s';
const HANDSHAKE = '5s';
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

export function transparentListeners(shared: Shared): Message[] {
  const { transparent } = shared.input;
  return transparent.length === 0
    ? []
    : [...transparent.map((listen) => redirected(shared, listen)), tunnelsListener(shared)];
}

function redirected(shared: Shared, listen: TransparentListen): Message {
  const own = shared.input.without_ipv6 === true ? LOOPBACKS.slice(0, 1) : LOOPBACKS;
  const [address, ...more] = own.map((one) => ({
    socket_address: { address: one, port_value: listen.port },
  }));
  return {
    name: listen.name,
    address,
    additional_addresses: more.map((one) => ({ address: one })),
    ...(listen.by === 'tproxy' ? { transparent: true } : {}),
    ...(listen.identity === 'none' ? { access_log: [unaskedHandshakeLog(shared.input.access_log)] } : {}),
    listener_filters: LISTENER_FILTERS,
    listener_filters_timeout: FIRST_BYTES,
    continue_on_listener_filters_timeout: true,
    filter_chains: [plainChain(shared, listen), tlsChain(shared, listen)],
    // Whatever it is: to be allowed by its address alone, or closed.
    default_filter_chain: {
      filters: [connectionLimit(listen.name), redirectedFacts(), tunnelled(listen, 'other')],
    },
  };
}

const inspector = (name: string, message: string): Message =>
  extension(`envoy.filters.listener.${name}`, `envoy.extensions.filters.listener.${name}.v3.${message}`);
const LISTENER_FILTERS = [
  inspector('original_dst', 'OriginalDst'),
  inspector('tls_inspector', 'TlsInspector'),
  inspector('http_inspector', 'HttpInspector'),
];

/** `h2c` is what a client says that knows of HTTP/2 beforehand. */
function plainChain(shared: Shared, listen: TransparentListen): Message {
  return {
    filter_chain_match: {
      transport_protocol: 'raw_buffer',
      application_protocols: ['http/1.0', 'http/1.1', 'h2c'],
    },
    filters: [connectionLimit(listen.name), redirectedPlain(shared, listen)],
  };
}

/** Where nobody is known before a request, TLS is opened at once; else the gateway chooses as for a CONNECT. */
function tlsChain(shared: Shared, listen: TransparentListen): Message {
  const filter_chain_match = { transport_protocol: 'tls' };
  if (listen.identity !== 'none')
    return {
      filter_chain_match,
      filters: [connectionLimit(listen.name), redirectedFacts(), tunnelled(listen, 'tls')],
    };
  return {
    name: OPENED_CHAIN,
    filter_chain_match,
    transport_socket_connect_timeout: HANDSHAKE,
    transport_socket: onDemandTls(),
    filters: [connectionLimit(listen.name), redirectedOpened(shared, listen)],
  };
}

const AUTHORITY = {
  tls: '%REQUESTED_SERVER_NAME%:%DOWNSTREAM_LOCAL_PORT%',
  other: '%DOWNSTREAM_LOCAL_ADDRESS%',
} as const;

/**
 * Asks for a way on by a CONNECT to the listener inside, where it is judged, opened and logged as if a client had sent it.
 * Nothing else leads on: when that CONNECT is refused, the connection is closed.
 */
function tunnelled({ by, identity }: TransparentListen, carries: keyof typeof AUTHORITY): Message {
  const header = (key: string, value: string): Message => ({
    header: { key, value },
    append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
  });
  return extension(
    'envoy.filters.network.tcp_proxy',
    'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    {
      stat_prefix: 'transparent',
      cluster: TRANSPARENT_LISTENER,
      tunneling_config: {
        hostname: AUTHORITY[carries],
        headers_to_add: [
          header('x-cg-source-identity', identity),
          header('x-cg-transport', transportBy(by)),
          header('x-cg-carries', carries),
        ],
      },
      idle_timeout: TUNNEL_IDLE,
      max_downstream_connection_duration: INTERCEPTED_MAX,
    },
  );
}

/** Judges the CONNECTs of all redirected connections. */
function tunnelsListener(shared: Shared): Message {
  return {
    name: TRANSPARENT_LISTENER,
    internal_listener: {},
    listener_filters: [inspector('original_dst', 'OriginalDst')],
    filter_chains: [
      {
        filters: [connectionLimit(TRANSPARENT_LISTENER), redirectedFacts(), redirectedTunnels(shared)],
      },
    ],
  };
}
