import { isIP } from 'node:net';
import { HTTP_OPTIONS, upstreamTls } from './cluster_parts.ts';
import { AUTHZ_FILTER, RECEIPT_KEY } from './ext_authz.ts';
import type { TracingTarget } from './input.ts';
import { extension, type Message, typed } from './typed.ts';

const CLUSTER = 'cg_otlp';
const EXPORT_TIMEOUT = '1s';
const DEFAULT_PATH = '/v1/traces';

/** Envoy writes these into every span by itself; the literal that comes later takes their place. */
const WITHHELD = ['http.url', 'user_agent', 'peer.address', 'downstream_cluster', 'guid:x-client-trace-id'];

/**
 * Spans of each request, sent to the collector. They name ids, sizes, times and codes, as the access log does: no
 * path, host, header or address. The context goes to the gateway with the Check and to no destination.
 */
export function tracing(target: TracingTarget, node_id: string): Message {
  const provider = extension('envoy.tracers.opentelemetry', 'envoy.config.trace.v3.OpenTelemetryConfig', {
    http_service: {
      http_uri: { uri: exportUrl(target), cluster: CLUSTER, timeout: EXPORT_TIMEOUT },
    },
    service_name: 'clawgress-envoy',
  });
  return {
    provider,
    // A client must not choose to be traced, nor fill the collector.
    client_sampling: { value: 0 },
    random_sampling: { value: target.sample_percent },
    overall_sampling: { value: target.sample_percent },
    max_path_tag_length: 1,
    no_context_propagation: true,
    custom_tags: [
      ...WITHHELD.map((tag) => ({ tag, literal: { value: 'withheld' } })),
      { tag: 'clawgress.node', literal: { value: node_id } },
      {
        tag: 'clawgress.receipt_id',
        metadata: {
          kind: { request: {} },
          metadata_key: { key: AUTHZ_FILTER, path: [{ key: RECEIPT_KEY }] },
          default_value: 'none',
        },
      },
    ],
  };
}

export function collectorCluster(target: TracingTarget, ca_bundle: string): Message {
  const url = new URL(target.otlp_endpoint);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port_value = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return {
    name: CLUSTER,
    type: isIP(host) === 0 ? 'STRICT_DNS' : 'STATIC',
    connect_timeout: EXPORT_TIMEOUT,
    ...(secure ? { transport_socket: upstreamTls(ca_bundle) } : {}),
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: typed(HTTP_OPTIONS, {
        upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true },
        explicit_http_config: { http_protocol_options: {} },
      }),
    },
    load_assignment: {
      cluster_name: CLUSTER,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value } } } }] },
      ],
    },
  };
}

export function exportUrl({ otlp_endpoint }: TracingTarget): string {
  const url = new URL(otlp_endpoint);
  return url.pathname === '/' ? `${url.origin}${DEFAULT_PATH}` : url.href;
}
