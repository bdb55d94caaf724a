import { AUTHZ_FILTER, RECEIPT_KEY } from './ext_authz.ts';
import { extension, type Message } from './typed.ts';

/**
 * One JSON line per stream. Ids, codes, sizes and times only: no path, header or host name, because the log is not
 * signed, not redacted and lives on the same disk.
 */
export function accessLog(path: string, listener: 'explicit' | 'base_url'): Message {
  return extension('envoy.access_loggers.file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path,
    log_format: {
      json_format: {
        listener,
        route: '%ROUTE_NAME%',
        receipt_id: `%DYNAMIC_METADATA(${AUTHZ_FILTER}:${RECEIPT_KEY})%`,
        request_id: '%REQ(X-REQUEST-ID)%',
        stream_id: '%STREAM_ID%',
        start_ms: '%START_TIME(%s%3f)%',
        protocol: '%PROTOCOL%',
        code: '%RESPONSE_CODE%',
        flags: '%RESPONSE_FLAGS%',
        details: '%RESPONSE_CODE_DETAILS%',
        bytes_in: '%BYTES_RECEIVED%',
        bytes_out: '%BYTES_SENT%',
        duration_ms: '%DURATION%',
        upstream_ms: '%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%',
        upstream: '%UPSTREAM_REMOTE_ADDRESS%',
        attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
      },
    },
  });
}
