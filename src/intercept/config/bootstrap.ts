import { clusters } from './clusters.ts';
import { baseUrlConnection, explicitConnection, type Shared } from './http_connection.ts';
import type { EnvoyConfigInput, Listen } from './input.ts';
import { refusedRanges } from './refused_ranges.ts';
import { dnsCache } from './resolution.ts';
import { extension, type Message } from './typed.ts';

const DOWNSTREAM_CONNECTIONS_MAX = 20_000;
const HEAP_MAX_BYTES = 2_147_483_648;
/** Only our own user may ask the admin interface: it can stop Envoy and shows its configuration. */
const ADMIN_MODE = 0o600;

/** The whole configuration of one Envoy. Pure: equal input, equal output, member order included. Throws on bad CIDRs. */
export function envoyConfig(input: EnvoyConfigInput): Message {
  const refused = refusedRanges(input.allow_cidrs);
  const shared: Shared = { input, refused, cache: dnsCache(refused) };
  return {
    node: { id: input.node_id, cluster: 'clawgress' },
    admin: { address: { pipe: { path: input.admin_socket, mode: ADMIN_MODE } } },
    overload_manager: overload(),
    static_resources: {
      listeners: [
        listener('explicit', input.explicit_proxy, explicitConnection(shared)),
        listener('base_url', input.base_url, baseUrlConnection(shared)),
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
    filter_chains: [{ filters: [connection] }],
  };
}

function overload(): Message {
  const heap = 'envoy.resource_monitors.fixed_heap';
  return {
    refresh_interval: '0.250s',
    resource_monitors: [
      extension(
        'envoy.resource_monitors.global_downstream_max_connections',
        'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
        { max_active_downstream_connections: DOWNSTREAM_CONNECTIONS_MAX },
      ),
      extension(heap, 'envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig', {
        max_heap_size_bytes: HEAP_MAX_BYTES,
      }),
    ],
    actions: [
      { name: 'envoy.overload_actions.shrink_heap', triggers: [{ name: heap, threshold: { value: 0.9 } }] },
      {
        name: 'envoy.overload_actions.stop_accepting_requests',
        triggers: [{ name: heap, threshold: { value: 0.95 } }],
      },
    ],
  };
}
