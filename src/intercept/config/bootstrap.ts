import { clusters } from './clusters.ts';
import { connectionLimit } from './connection_limit.ts';
import { baseUrlConnection, explicitConnection, type Shared } from './http_connection.ts';
import { interceptListener, opaqueListener } from './inner_listeners.ts';
import type { EnvoyConfigInput, Listen } from './input.ts';
import { refusedRanges } from './refused_ranges.ts';
import { relayOutListener } from './relay_out.ts';
import { dnsCache } from './resolution.ts';
import { transparentListeners } from './transparent_listeners.ts';
import { extension, type Message } from './typed.ts';

export const DOWNSTREAM_CONNECTIONS_MAX = 20_000;
const HEAP_MAX_BYTES = 2_147_483_648;
/** Envoy would keep counters for each name that a certificate was asked for, for ever; and agents choose the names. */
const PER_NAME_STATS = [{ prefix: 'sds.' }, { contains: '.on_demand_secret.ssl.certificate.' }];
/** The end of an inspected request is said to the gateway by half-closing its stream: a cancelled one would look like a client that left. */
const RUNTIME = { 'envoy.reloadable_features.ext_proc_graceful_grpc_close': true };
/** Only our own user may ask the admin interface: it can stop Envoy and shows its configuration. */
const ADMIN_MODE = 0o600;

/** The whole configuration of one Envoy. Pure: equal input, equal output, member order included. Throws on bad CIDRs. */
export function envoyConfig(input: EnvoyConfigInput): Message {
  const refused = refusedRanges(input.allow_cidrs);
  const shared: Shared = { input, refused, cache: dnsCache(refused) };
  return {
    node: { id: input.node_id, cluster: 'clawgress' },
    admin: { address: { pipe: { path: input.admin_socket, mode: ADMIN_MODE } } },
    layered_runtime: { layers: [{ name: 'ours', static_layer: RUNTIME }] },
    overload_manager: overload(),
    stats_config: { stats_matcher: { exclusion_list: { patterns: PER_NAME_STATS } } },
    bootstrap_extensions: [
      extension(
        'envoy.bootstrap.internal_listener',
        'envoy.extensions.bootstrap.internal_listener.v3.InternalListener',
      ),
    ],
    static_resources: {
      listeners: [
        listener('explicit', input.explicit_proxy, explicitConnection(shared)),
        listener('base_url', input.base_url, baseUrlConnection(shared)),
        interceptListener(shared),
        opaqueListener(shared),
        relayOutListener(shared),
        ...transparentListeners(shared),
      ],
      clusters: clusters(input, shared.cache),
    },
  };
}

/** The file Envoy reads; ends with a newline. */
export function renderConfig(config: Message): string {
  return `${JSON.stringify(config, null, 1)}\n`;
}

function listener(name: string, listen: Listen, connection: Message): Message {
  return {
    name,
    address: { socket_address: { address: listen.address, port_value: listen.port } },
    filter_chains: [{ filters: [connectionLimit(name), connection] }],
  };
}

const HEAP = 'envoy.resource_monitors.fixed_heap';

function heapAction(name: string, value: number): Message {
  return { name: `envoy.overload_actions.${name}`, triggers: [{ name: HEAP, threshold: { value } }] };
}

function overload(): Message {
  return {
    refresh_interval: '0.250s',
    resource_monitors: [
      extension(
        'envoy.resource_monitors.global_downstream_max_connections',
        'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
        { max_active_downstream_connections: DOWNSTREAM_CONNECTIONS_MAX },
      ),
      extension(HEAP, 'envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig', {
        max_heap_size_bytes: HEAP_MAX_BYTES,
      }),
    ],
    actions: [
      heapAction('shrink_heap', 0.9),
      heapAction('disable_http_keepalive', 0.92),
      heapAction('stop_accepting_requests', 0.95),
      heapAction('stop_accepting_connections', 0.98),
    ],
  };
}
