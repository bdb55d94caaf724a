import { ANOTHER_HOST, GATEWAY_CLUSTER, HOST_PICKS_MAX } from './gateway_cluster.ts';
import type { EnvoyConfigInput } from './input.ts';
import { extension, type Message, typed } from './typed.ts';

export const AUTHZ_FILTER = 'envoy.filters.http.ext_authz';
/** Keys of the dynamic metadata that the gateway answers with. */
export const STAMP_KEY = 'stamp';
export const RECEIPT_KEY = 'rid';
/** Instead of the stamp, of a request that goes on as far as the reading of its body; and what that needs to know. */
export const HELD_KEY = 'held';
export const PENDING_KEY = 'pending';
const AUTHZ = 'envoy.extensions.filters.http.ext_authz.v3';
/** A denial body larger than this is cut by Envoy. */
const DENIED_BODY_MAX_BYTES = 65_536;

/** The ticket of the tunnel, as it reached the listener inside; absent when the gateway gave none. */
export const TICKET: Message = { key: 'x-cg-tunnel', value: '%FILTER_STATE(cg.tunnel:PLAIN)%' };

/**
 * Asks the gateway before anything else happens; every failure to get an answer is a 503. Its answer may choose the
 * route of a tunnel.
 */
export function authzFilter(input: EnvoyConfigInput, chain: Chain): Message {
  const inTunnel = chain === 'intercepted';
  return extension(AUTHZ_FILTER, `${AUTHZ}.ExtAuthz`, {
    transport_api_version: 'V3',
    grpc_service: {
      envoy_grpc: { cluster_name: GATEWAY_CLUSTER },
      retry_policy: retryPolicy(input),
      timeout: seconds(input.check_timeout_ms),
      initial_metadata: [
        { key: 'x-cg-node', value: input.node_id },
        { key: 'x-cg-epoch', value: input.epoch },
        ...(inTunnel ? [TICKET] : []),
      ],
    },
    failure_mode_allow: false,
    clear_route_cache: true,
    ...(inTunnel || chain === 'opened' ? { include_tls_session: true } : {}),
    status_on_error: { code: 'ServiceUnavailable' },
    validate_mutations: true,
    // Raw headers keep duplicates, which a joined map would hide from the identity check.
    encode_raw_headers: true,
    max_denied_response_body_bytes: DENIED_BODY_MAX_BYTES,
  });
}

/** How a request comes in; also what its access log entries are called. */
export type ListenerMode = 'explicit' | 'base_url' | 'intercepted' | 'transparent';

/**
 * What a chain of filters serves: plain requests of a listener, CONNECT, requests inside a tunnel, requests of TLS that was
 * opened without a tunnel around it, or CONNECT of Envoy's own for a redirected connection.
 */
export type Chain = 'plain' | 'tunnel' | 'intercepted' | 'opened' | 'redirected';

/** Facts of the listener that a client cannot forge. */
export interface ListenerFacts {
  readonly mode: ListenerMode;
  /** How credentials travel to it. A listener that tunnels from several others lead to is told by each of them. */
  readonly transport?: 'loopback' | 'plaintext' | 'tls';
  /** Who is asking by the way that the connection came: `uid:<n>`, `address` for its source address, or `none`. */
  readonly source_identity?: string;
  /** The CONNECT is Envoy's own, and its `x-cg-*` headers are to be believed. */
  readonly inner?: 'true';
}

export function listenerFacts(context_extensions: ListenerFacts): Message {
  return { [AUTHZ_FILTER]: typed(`${AUTHZ}.ExtAuthzPerRoute`, { check_settings: { context_extensions } }) };
}

/** Of the Check time-out; with three tries, the last still ends in time. */
const TRY_SHARE = 0.3;

/**
 * `max_interval` is also the time-out of each try and the base interval defaults to a second: with these values a dead
 * gateway costs a client milliseconds, and a slow one the whole Check time-out. With several gateways a slow or dead
 * one costs a share of it, and the next try goes to another: it carries the same request id, so the recorder gives
 * the first answer again and charges nothing.
 */
function retryPolicy({ authz_sockets, check_timeout_ms }: EnvoyConfigInput): Message {
  const several = authz_sockets.length > 1;
  const try_ms = several ? Math.ceil(check_timeout_ms * TRY_SHARE) : check_timeout_ms;
  return {
    // `reset`: Node closes a connection with too many cancelled Checks; the others on it are asked again, uncharged.
    retry_on: 'unavailable,connect-failure,refused-stream,reset',
    num_retries: several ? 2 : 1,
    retry_back_off: { base_interval: '0.010s', max_interval: seconds(try_ms) },
    ...(several
      ? { retry_host_predicate: [ANOTHER_HOST], host_selection_retry_max_attempts: HOST_PICKS_MAX }
      : {}),
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)}s`;
}
