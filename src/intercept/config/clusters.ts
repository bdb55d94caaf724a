import type { EnvoyConfigInput } from './input.ts';
import { extension, type Message, typed } from './typed.ts';

/** Envoy's own default, 1,024 for everything, would be the first limit that agents meet. */
const BREAKERS: Message = {
  thresholds: [
    {
      max_connections: 20_000,
      max_pending_requests: 20_000,
      max_requests: 20_000,
      max_retries: 64,
      track_remaining: true,
    },
  ],
};
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
/** Below the 60 s at which most servers close idle connections: reusing one as it closes fails a request. */
const UPSTREAM_IDLE = '30s';

export function clusters(input: EnvoyConfigInput, cache: Message): Message[] {
  return [
    authzCluster(input.authz_socket),
    forward('dfp_plain', cache, protocol({ explicit_http_config: { http_protocol_options: {} } })),
    forward('dfp_tcp', cache),
    forward('dfp_tls', cache, {
      transport_socket: upstreamTls(input.ca_bundle),
      ...protocol({ auto_config: { http_protocol_options: {}, http2_protocol_options: {} } }),
    }),
  ];
}

function authzCluster(socket: string): Message {
  const http2_protocol_options = {
    max_concurrent_streams: 1000,
    connection_keepalive: { interval: '5s', timeout: '2s' },
  };
  return {
    name: 'cg_authz',
    type: 'STATIC',
    connect_timeout: '1s',
    circuit_breakers: BREAKERS,
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: typed(HTTP_OPTIONS, { explicit_http_config: { http2_protocol_options } }),
    },
    load_assignment: {
      cluster_name: 'cg_authz',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
    },
  };
}

function forward(name: string, cache: Message, members: Message = {}): Message {
  return {
    name,
    lb_policy: 'CLUSTER_PROVIDED',
    connect_timeout: '5s',
    circuit_breakers: BREAKERS,
    cluster_type: extension(
      'envoy.clusters.dynamic_forward_proxy',
      'envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig',
      { dns_cache_config: cache },
    ),
    ...members,
  };
}

/** Server name and certificate check follow the authority that was judged, also after a rewrite. */
function protocol(version: Message): Message {
  const options = {
    common_http_protocol_options: { idle_timeout: UPSTREAM_IDLE },
    upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true },
    ...version,
  };
  return { typed_extension_protocol_options: { [HTTP_OPTIONS]: typed(HTTP_OPTIONS, options) } };
}

/** Without an explicit maximum Envoy speaks TLS 1.2 to upstreams. */
function upstreamTls(ca_bundle: string): Message {
  return extension(
    'envoy.transport_sockets.tls',
    'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    {
      max_session_keys: 256,
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        validation_context: { trusted_ca: { filename: ca_bundle } },
      },
    },
  );
}
