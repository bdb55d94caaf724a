import { BREAKERS } from './cluster_parts.ts';
import { INTERCEPT_LISTENER, OPAQUE_LISTENER } from './tunnel.ts';
import { extension, type Message } from './typed.ts';

/** The listeners inside, as destinations of a tunnel. The transport carries the facts of the tunnel across. */
export function innerClusters(): Message[] {
  return [INTERCEPT_LISTENER, OPAQUE_LISTENER].map((name) => ({
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    circuit_breakers: BREAKERS,
    transport_socket: extension(
      'envoy.transport_sockets.internal_upstream',
      'envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport',
      {
        transport_socket: extension(
          'envoy.transport_sockets.raw_buffer',
          'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer',
        ),
      },
    ),
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { envoy_internal_address: { server_listener_name: name } } } },
          ],
        },
      ],
    },
  }));
}
