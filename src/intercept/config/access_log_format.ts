import { AUTHZ_FILTER, type ListenerMode, RECEIPT_KEY } from './ext_authz.ts';
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

/**
 * One JSON line per stream. Ids, codes, sizes and times only: no path, header or host name, because the log is not
 * signed, not redacted and lives on the same disk.
 */
export function accessLog(path: string, listener: ListenerMode | 'relay_out'): Message {
  return fileLog(path, {
    listener,
    route: '%ROUTE_NAME%',
    receipt_id: `%DYNAMIC_METADATA(${AUTHZ_FILTER}:${RECEIPT_KEY})%`,
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
 * `details` says why the connection ended, and `sni` is the one name the log holds: without it nobody could tell what a
 * tunnel that was closed for its name had asked for.
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

function fileLog(path: string, json_format: Message): Message {
  return extension('envoy.access_loggers.file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path,
    log_format: { json_format },
  });
}
