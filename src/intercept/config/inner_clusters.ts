import { BREAKERS, HTTP_OPTIONS } from './cluster_parts.ts';
import type { EnvoyConfigInput } from './input.ts';
import { INTERCEPT_LISTENER, OPAQUE_LISTENER, TRANSPARENT_LISTENER } from './tunnel.ts';
import { extension, type Message, typed } from './typed.ts';

/** The listeners inside, as destinations of a tunnel. The transport carries the facts of the tunnel across. */
export function innerClusters({ transparent }: EnvoyConfigInput): Message[] {
  return [
    ...[INTERCEPT_LISTENER, OPAQUE_LISTENER].map((name) => innerCluster(name)),
    ...(transparent.length === 0 ? [] : [innerCluster(TRANSPARENT_LISTENER, ONE_CONNECT)]),
  ];
}

/** Bytes under way to a client that does not read. */
const WINDOW_BYTES = 65_536;
/**
 * A connection of its own for each CONNECT, and nothing left over for a later one. HTTP/2, because HTTP/1.1 cannot end one
 * side: whoever says its last word first would lose the answer to it.
 */
const ONE_CONNECT: Message = {
  typed_extension_protocol_options: {
    [HTTP_OPTIONS]: typed(HTTP_OPTIONS, {
      common_http_protocol_options: { max_requests_per_connection: 1 },
      explicit_http_config: {
        http2_protocol_options: {
          initial_stream_window_size: WINDOW_BYTES,
          initial_connection_window_size: WINDOW_BYTES,
        },
      },
    }),
  },
};

function innerCluster(name: string, members: Message = {}): Message {
  return {
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
    ...members,
  };
}
