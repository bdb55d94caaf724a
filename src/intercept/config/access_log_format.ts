import { AUTHZ_FILTER, type ListenerMode, PENDING_KEY, RECEIPT_KEY } from './ext_authz.ts';
import { INSPECTED } from './inspection.ts';
import { RELAY_END_STATE, RELAY_RECEIPT_STATE } from './relay_ticket.ts';
import { RECEIPT_STATE } from './tunnel.ts';
import { extension, type Message } from './typed.ts';

/** Of every entry, whatever it is about. */
const ANY_STREAM: Message = {
  request_id: '%REQ(X-REQUEST-ID)%',
  stream_id: '%STREAM_ID%',
  start_ms: '%START_TIME(%s%3f)%',
  protocol: '%PROTOCOL%',
  code: '%RESPONSE_CODE%',
  flags: '%RESPONSE_FLAGS%',
};
const SIZES_AND_TIMES: Message = {
  bytes_in: '%BYTES_RECEIVED%',
  bytes_out: '%BYTES_SENT%',
  duration_ms: '%DURATION%',
  upstream_ms: '%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%',
  upstream: '%UPSTREAM_REMOTE_ADDRESS%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
};

const said = (filter: string, key: string): string => `metadata.filter_metadata['${filter}']['${key}']`;
/**
 * Sealed: what is needed to record a request that never came as far as its decision. Being longer than all the rest, it is left
 * out where the decision is known: what cannot be looked up is `null`.
 */
const IS_INSPECTED = `'${INSPECTED}' in metadata.filter_metadata && '${RECEIPT_KEY}' in metadata.filter_metadata['${INSPECTED}']`;
const PENDING = `%CEL(${IS_INSPECTED} ? ${said('none', 'none')} : ${said(AUTHZ_FILTER, PENDING_KEY)})%`;

/**
 * One JSON line per stream. Ids, codes, sizes and times only: no path, header or host name, because the log is not
 * signed, not redacted and lives on the same disk.
 */
export function accessLog(path: string, listener: ListenerMode | 'relay_out'): Message {
  return fileLog(path, {
    listener,
    route: '%ROUTE_NAME%',
    receipt_id: `%DYNAMIC_METADATA(${AUTHZ_FILTER}:${RECEIPT_KEY})%`,
    pending: PENDING,
    inspected: `%DYNAMIC_METADATA(${INSPECTED}:${RECEIPT_KEY})%`,
    ...ANY_STREAM,
    details: '%RESPONSE_CODE_DETAILS%',
    ...SIZES_AND_TIMES,
  });
}

/**
 * One JSON line per stream that a relay sent on, beside the entry of the request it belongs to: what the destination did,
 * and in a line of its own what the relay counted.
 */
export function relayOutLog(path: string): Message {
  return fileLog(path, {
    listener: 'relay_out',
    route: '%ROUTE_NAME%',
    receipt_id: `%FILTER_STATE(${RELAY_RECEIPT_STATE}:PLAIN)%`,
    relay_end: `%FILTER_STATE(${RELAY_END_STATE}:PLAIN)%`,
    ...ANY_STREAM,
    details: '%RESPONSE_CODE_DETAILS%',
    ...SIZES_AND_TIMES,
  });
}

/**
 * One JSON line per connection of an opaque tunnel, beside the entry of its CONNECT. `receipt_id` is that of the CONNECT,
 * `details` says why the connection ended, and `sni` is the one kind of name that the log holds: without it nobody could
 * tell what a tunnel that was closed for its name had asked for.
 */
export function opaqueLog(path: string): Message {
  return fileLog(path, {
    listener: 'opaque',
    receipt_id: `%FILTER_STATE(${RECEIPT_STATE}:PLAIN)%`,
    ...ANY_STREAM,
    details: '%CONNECTION_TERMINATION_DETAILS%',
    sni: '%REQUESTED_SERVER_NAME%',
    ...SIZES_AND_TIMES,
  });
}

/** What tells how far TLS came: whether it was begun, a certificate was sent, and both sides agreed. */
const HANDSHAKE: Message = {
  details: '%CONNECTION_TERMINATION_DETAILS%',
  tls: '%DOWNSTREAM_TLS_VERSION%',
  tls_cipher: '%DOWNSTREAM_TLS_CIPHER%',
  tls_agreed_ms: '%DOWNSTREAM_HANDSHAKE_DURATION%',
  tls_failure: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%',
  // At most 255 bytes: what is longer is no name to the TLS library.
  sni: '%REQUESTED_SERVER_NAME%',
};

/**
 * One JSON line per connection inside an intercepted tunnel, beside the entries of its CONNECT and of the requests in it.
 * A handshake that fails is written down nowhere else.
 */
export function handshakeLog(path: string): Message {
  return fileLog(path, {
    listener: 'handshake',
    receipt_id: `%FILTER_STATE(${RECEIPT_STATE}:PLAIN)%`,
    ...ANY_STREAM,
    ...HANDSHAKE,
    ...SIZES_AND_TIMES,
  });
}

/** The filter chain of a listener that opens TLS before anybody is known. */
export const OPENED_CHAIN = 'opened';

/**
 * The same of connections whose TLS a listener opens by itself, only of those on which nothing was ever asked: each request
 * has its own entry. There is no id, because there was no Check.
 */
export function unaskedHandshakeLog(path: string): Message {
  const { request_id: _, stream_id: __, ...stream } = ANY_STREAM;
  const expression = `xds.filter_chain_name == '${OPENED_CHAIN}' && !has(request.protocol)`;
  const filter = extension('cel', 'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter', {
    expression,
  });
  return {
    ...fileLog(path, { listener: 'unasked_handshake', ...stream, ...HANDSHAKE, ...SIZES_AND_TIMES }),
    filter: { extension_filter: filter },
  };
}

function fileLog(path: string, json_format: Message): Message {
  return extension('envoy.access_loggers.file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path,
    log_format: { json_format },
  });
}
