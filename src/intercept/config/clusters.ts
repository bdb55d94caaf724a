import { BREAKERS, HTTP_OPTIONS, upstreamTls } from './cluster_parts.ts';
import { collectorCluster } from './collector.ts';
import { GATEWAY_CLUSTER, gatewayCluster, INSPECTION_CLUSTER, SECRETS_CLUSTER } from './gateway_cluster.ts';
import { innerClusters } from './inner_clusters.ts';
import type { EnvoyConfigInput } from './input.ts';
import { relayClusters } from './relay_clusters.ts';
import { extension, type Message, typed } from './typed.ts';

/** Below the 60 s at which most servers close idle connections: reusing one as it closes fails a request. */
const UPSTREAM_IDLE = '30s';

export function clusters(input: EnvoyConfigInput, cache: Message): Message[] {
  return [
    gatewayCluster(GATEWAY_CLUSTER, input.authz_sockets),
    gatewayCluster(SECRETS_CLUSTER, input.authz_sockets),
    gatewayCluster(INSPECTION_CLUSTER, input.authz_sockets),
    ...innerClusters(input),
    forward('dfp_plain', cache, protocol({ explicit_http_config: { http_protocol_options: {} } })),
    // gRPC without TLS: HTTP/2 with prior knowledge.
    forward('dfp_plain_h2', cache, protocol({ explicit_http_config: { http2_protocol_options: {} } })),
    forward('dfp_tcp', cache),
    forward('dfp_tls', cache, {
      transport_socket: upstreamTls(input.ca_bundle),
      ...protocol({ auto_config: { http_protocol_options: {}, http2_protocol_options: {} } }),
    }),
    // Upgrades: a destination that chooses HTTP/2 would refuse them.
    forward('dfp_tls_h1', cache, {
      transport_socket: upstreamTls(input.ca_bundle),
      ...protocol({ explicit_http_config: { http_protocol_options: {} } }),
    }),
    ...relayClusters(input),
    ...(input.tracing === undefined ? [] : [collectorCluster(input.tracing, input.ca_bundle)]),
  ];
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
