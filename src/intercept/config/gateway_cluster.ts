import { BREAKERS, HTTP_OPTIONS } from './cluster_parts.ts';
import { extension, type Message, typed } from './typed.ts';

export const GATEWAY_CLUSTER = 'cg_authz';
/** The same processes, asked for certificates over connections of their own: many names must not hold up a Check. */
export const SECRETS_CLUSTER = 'cg_sds';
/** The same processes once more: bodies of 16 MiB must not hold up a Check either. */
export const INSPECTION_CLUSTER = 'cg_inspection';
/** What may be under way from a gateway: one replaced body, and several of them. */
const BODY_WINDOW_BYTES = 16_777_216;
const BODIES_WINDOW_BYTES = 67_108_864;
const PROBE = '0.5s';
const PROBE_TIMEOUT = '1s';
/**
 * Failed probes until a gateway is left out. More than one: with a panic threshold of 0, a moment in which a busy host
 * answers no probe in time would be an outage. Until then tries elsewhere cover for the dead one.
 */
const PROBES_FAILED = 3;

/**
 * The gateway processes. With several, a dead one is found by gRPC health checks, one that breaks off Checks is left
 * out for a moment, and when none is left the answer is "no" at once: the panic threshold of 0 keeps Envoy from
 * asking hosts that it knows to be dead.
 */
export function gatewayCluster(
  name: typeof GATEWAY_CLUSTER | typeof SECRETS_CLUSTER | typeof INSPECTION_CLUSTER,
  sockets: readonly string[],
): Message {
  const http2_protocol_options = {
    max_concurrent_streams: 1000,
    connection_keepalive: { interval: '5s', timeout: '2s' },
    ...(name === INSPECTION_CLUSTER
      ? {
          initial_stream_window_size: BODY_WINDOW_BYTES,
          initial_connection_window_size: BODIES_WINDOW_BYTES,
        }
      : {}),
  };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    circuit_breakers: BREAKERS,
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: typed(HTTP_OPTIONS, { explicit_http_config: { http2_protocol_options } }),
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: sockets.map(endpoint) }],
    },
    ...(sockets.length > 1 ? choiceAmongSeveral({ grpc_health_check: {} }) : {}),
  };
}

function endpoint(path: string): Message {
  return { endpoint: { address: { pipe: { path } } } };
}

/** Picks until one is found that was not asked yet; more than there can be gateways. */
export const HOST_PICKS_MAX = 10;
export const ANOTHER_HOST: Message = extension(
  'envoy.retry_host_predicates.previous_hosts',
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
);

/** `probe` is the kind of health check. */
export function choiceAmongSeveral(probe: Message): Message {
  return {
    // Not by least requests: a gateway that fails at once always has the fewest, and would be asked first.
    lb_policy: 'ROUND_ROBIN',
    // By default the second change within a second waits for its end; with two gateways that is the one that counts.
    common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: '0s' },
    health_checks: [
      {
        timeout: PROBE_TIMEOUT,
        interval: PROBE,
        // Without traffic the default is a minute; a gateway that comes back would be found that late.
        no_traffic_interval: PROBE,
        unhealthy_interval: PROBE,
        unhealthy_threshold: PROBES_FAILED,
        healthy_threshold: 1,
        ...probe,
      },
    ],
    // A tie-breaker between two health checks. Never more than half: one client that aborts by the thousand must not
    // be able to take all gateways out.
    outlier_detection: {
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: 3,
      enforcing_consecutive_local_origin_failure: 100,
      enforcing_consecutive_5xx: 0,
      enforcing_consecutive_gateway_failure: 0,
      enforcing_success_rate: 0,
      enforcing_local_origin_success_rate: 0,
      interval: PROBE,
      base_ejection_time: '2s',
      max_ejection_time: '5s',
      max_ejection_percent: 50,
    },
  };
}
