import { extension, type Message } from './typed.ts';

/** Less than Envoy takes in all: a flood of connections on one listener leaves the others reachable. */
const LISTENER_CONNECTIONS_MAX = 15_000;

export function connectionLimit(listener: string): Message {
  return extension(
    'envoy.filters.network.connection_limit',
    'envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit',
    { stat_prefix: listener, max_connections: LISTENER_CONNECTIONS_MAX },
  );
}
