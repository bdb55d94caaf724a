import type { Server } from 'node:http';

/**
 * Node closes idle connections after five seconds, maybe just when Envoy sends the next request on one: that would be answered
 * 502, and mean nothing.
 */
export function keptOpen<S extends Pick<Server, 'keepAliveTimeout'>>(server: S): S {
  server.keepAliveTimeout = 600_000;
  return server;
}
