import { connection, httpFilters, routes, type Shared } from './http_connection.ts';
import type { TransparentListen } from './transparent_input.ts';
import { noTunnelRoutes, tunnelRoutes } from './tunnel.ts';
import { extension, type Message } from './typed.ts';
import { requestRoutes } from './upgrade_routes.ts';

/** Plain requests of a redirected connection. They go out to the host that was judged, not to the address they came for. */
export function redirectedPlain(shared: Shared, { by, identity }: TransparentListen): Message {
  const transport = transportBy(by);
  return connection(shared, 'transparent', {
    scheme_header_transformation: { scheme_to_overwrite: 'http' },
    route_config: routes({ mode: 'transparent', transport, source_identity: identity }, [
      ...noTunnelRoutes(),
      ...requestRoutes('plain', shared.input.stamp),
    ]),
  });
}

/** Requests inside TLS that the listener itself has opened, because only they can tell who is asking. */
export function redirectedOpened(shared: Shared, { identity }: TransparentListen): Message {
  return connection(shared, 'transparent', {
    scheme_header_transformation: { scheme_to_overwrite: 'https' },
    http_filters: httpFilters(shared, 'opened'),
    route_config: routes({ mode: 'transparent', transport: 'tls', source_identity: identity }, [
      ...noTunnelRoutes(),
      ...requestRoutes('tls', shared.input.stamp),
    ]),
  });
}

/**
 * CONNECTs that Envoy itself sends for redirected connections. No client reaches this listener, so nothing is stripped:
 * the headers are the facts of the connection.
 */
export function redirectedTunnels(shared: Shared): Message {
  return connection(shared, 'transparent', {
    early_header_mutation_extensions: [],
    upgrade_configs: [{ upgrade_type: 'CONNECT', filters: httpFilters(shared, 'redirected') }],
    route_config: routes({ mode: 'transparent', inner: 'true' }, [
      ...tunnelRoutes(),
      // Never sent by Envoy; without it such a request would skip the Check.
      { name: 'no_request', match: { prefix: '/' }, direct_response: { status: 403 } },
    ]),
  });
}

/** How credentials travel to the listener. */
export function transportBy(by: TransparentListen['by']): 'loopback' | 'plaintext' {
  return by === 'redirect' ? 'loopback' : 'plaintext';
}

const FACTS = 'envoy.filters.listener.original_dst';

/**
 * Carries the client's address, and the one it asked for, to the next listener inside and no further. For all the way they
 * would also choose upstream connections, and none would ever be used twice.
 */
export function redirectedFacts(): Message {
  const address = (object_key: string, inline_string: string): Message => ({
    ...{ object_key, shared_with_upstream: 'ONCE' },
    format_string: { text_format_source: { inline_string } },
  });
  return extension('cg.redirected', 'envoy.extensions.filters.network.set_filter_state.v3.Config', {
    on_new_connection: [
      address(`${FACTS}.remote_ip`, '%DOWNSTREAM_REMOTE_ADDRESS%'),
      address(`${FACTS}.local_ip`, '%DOWNSTREAM_LOCAL_ADDRESS%'),
    ],
  });
}
