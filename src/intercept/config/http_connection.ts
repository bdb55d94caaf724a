import { accessLog } from './access_log_format.ts';
import type { Cidr } from './cidr.ts';
import { tracing } from './collector.ts';
import {
  authzFilter,
  type Chain,
  type ListenerFacts,
  type ListenerMode,
  listenerFacts,
  TICKET,
} from './ext_authz.ts';
import { floodGuard } from './flood_guard.ts';
import { addressGuard, secondGuard, stampGuard } from './guards.ts';
import { egressStrip, ingressStrip, responseStrip } from './headers.ts';
import { type EnvoyConfigInput, transportOf } from './input.ts';
import { inspectFilter, NOT_INSPECTED } from './inspection.ts';
import { localReplies } from './local_replies.ts';
import { resolveFilter } from './resolution.ts';
import { noTunnelRoutes, tunnelFacts, tunnelRoutes } from './tunnel.ts';
import { extension, type Message } from './typed.ts';
import { requestRoutes, WEBSOCKET } from './upgrade_routes.ts';

/**
 * Any stream that is no tunnel, from its headers to its last byte. Below the 65 minutes after which the recorder takes an open allow
 * for lost: a longer one would be closed as `unknown` while it still runs, and its real end would count for nothing.
 */
const REQUEST_MAX = '3600s';
const IDLE = '900s';

export interface Shared {
  readonly input: EnvoyConfigInput;
  readonly cache: Message;
  readonly refused: readonly Cidr[];
}

/**
 * The order is the security argument: hold back floods, ask, prove the answer, read the body and prove that, resolve, check the
 * address, strip, send. A CONNECT has no body.
 */
export function httpFilters(shared: Shared, chain: Chain): Message[] {
  const { input } = shared;
  const tunnel = chain === 'tunnel' || chain === 'redirected';
  return [
    ...(input.flood_guard === undefined ? [] : [floodGuard(input.flood_guard)]),
    authzFilter(input, chain),
    stampGuard(input.stamp),
    ...(tunnel
      ? [tunnelFacts(chain)]
      : [inspectFilter(input, chain === 'intercepted' ? [TICKET] : []), secondGuard(input.stamp)]),
    ...sendingFilters(shared),
  ];
}

/** What stands behind each guard: resolve, check the address, strip, send. */
export function sendingFilters({ cache, refused }: Shared): Message[] {
  return [
    resolveFilter(cache),
    addressGuard(refused),
    egressStrip(),
    extension('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {
      suppress_envoy_headers: true,
      upstream_http_filters: responseStrip(),
    }),
  ];
}

/** Plain requests in absolute form go out as plain HTTP; CONNECT opens a tunnel. */
export function explicitConnection(shared: Shared): Message {
  const { input } = shared;
  return connection(shared, 'explicit', {
    scheme_header_transformation: { scheme_to_overwrite: 'http' },
    // Python's http.client opens tunnels with `CONNECT … HTTP/1.0` up to 3.11, and requests and pip with it.
    http_protocol_options: { accept_http_10: true },
    upgrade_configs: [{ upgrade_type: 'CONNECT', filters: httpFilters(shared, 'tunnel') }, WEBSOCKET],
    route_config: routes({ mode: 'explicit', transport: transportOf(input.explicit_proxy) }, [
      ...tunnelRoutes(),
      ...requestRoutes('plain', input.stamp),
    ]),
  });
}

/** Everything leaves over verified TLS. */
export function baseUrlConnection(shared: Shared): Message {
  return connection(shared, 'base_url', {
    scheme_header_transformation: { scheme_to_overwrite: 'https' },
    route_config: routes({ mode: 'base_url', transport: transportOf(shared.input.base_url) }, [
      ...noTunnelRoutes(),
      ...requestRoutes('tls', shared.input.stamp),
    ]),
  });
}

/** Requests inside an opened tunnel: in over TLS, out over verified TLS. */
export function interceptedConnection(shared: Shared): Message {
  return connection(shared, 'intercepted', {
    scheme_header_transformation: { scheme_to_overwrite: 'https' },
    route_config: routes({ mode: 'intercepted', transport: 'tls' }, [
      ...noTunnelRoutes(),
      ...requestRoutes('tls', shared.input.stamp),
    ]),
  });
}

export function connection(shared: Shared, listener: ListenerMode | 'relay_out', members: Message): Message {
  const { input } = shared;
  return extension(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: listener,
      codec_type: 'AUTO',
      use_remote_address: true,
      skip_xff_append: true,
      server_header_transformation: 'PASS_THROUGH',
      request_headers_timeout: '15s',
      stream_idle_timeout: IDLE,
      common_http_protocol_options: {
        idle_timeout: IDLE,
        // Of every route that names no bound of its own.
        max_stream_duration: REQUEST_MAX,
        headers_with_underscores_action: 'REJECT_REQUEST',
      },
      http2_protocol_options: {
        max_concurrent_streams: 256,
        initial_stream_window_size: 65_536,
        initial_connection_window_size: 1_048_576,
      },
      // The judged path must be the forwarded path, byte for byte.
      normalize_path: false,
      merge_slashes: false,
      path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
      early_header_mutation_extensions: [ingressStrip()],
      local_reply_config: localReplies(),
      access_log: [accessLog(input.access_log, listener)],
      ...(input.tracing === undefined ? {} : { tracing: tracing(input.tracing, input.node_id) }),
      upgrade_configs: [WEBSOCKET],
      http_filters: httpFilters(shared, listener === 'intercepted' ? 'intercepted' : 'plain'),
      ...members,
    },
  );
}

export function routes(facts: ListenerFacts, list: Message[]): Message {
  const name = facts.mode;
  return {
    name,
    virtual_hosts: [
      {
        name,
        domains: ['*'],
        typed_per_filter_config: { ...listenerFacts(facts), ...NOT_INSPECTED },
        routes: list,
      },
    ],
  };
}
