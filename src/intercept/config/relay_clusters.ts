import { BREAKERS, HTTP_OPTIONS } from './cluster_parts.ts';
import { choiceAmongSeveral } from './gateway_cluster.ts';
import type { EnvoyConfigInput } from './input.ts';
import { type Message, typed } from './typed.ts';

/** The gateways' relays: upgrades over HTTP/1.1, calls over HTTP/2. */
export const RELAY_CLUSTER = 'cg_relay';
export const RELAY_H2_CLUSTER = 'cg_relay_h2';

type Sockets = Pick<EnvoyConfigInput, 'relay_sockets' | 'relay_h2_sockets'>;

export function relayClusters({ relay_sockets, relay_h2_sockets }: Sockets): Message[] {
  return [
    relays(RELAY_CLUSTER, relay_sockets, { http_protocol_options: {} }),
    relays(RELAY_H2_CLUSTER, relay_h2_sockets, { http2_protocol_options: {} }),
  ];
}

function relays(name: string, sockets: readonly string[], explicit_http_config: Message): Message {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    circuit_breakers: BREAKERS,
    typed_extension_protocol_options: { [HTTP_OPTIONS]: typed(HTTP_OPTIONS, { explicit_http_config }) },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: sockets.map((path) => ({ endpoint: { address: { pipe: { path } } } })) }],
    },
    // Whether somebody listens: a relay lives and dies with its gateway.
    ...(sockets.length > 1 ? choiceAmongSeveral({ tcp_health_check: {} }) : {}),
  };
}
