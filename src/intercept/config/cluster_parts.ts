import { extension, type Message } from './typed.ts';

/** Envoy's own default, 1,024 for everything, would be the first limit that agents meet. */
export const BREAKERS: Message = {
  thresholds: [
    {
      max_connections: 20_000,
      max_pending_requests: 20_000,
      max_requests: 20_000,
      max_retries: 64,
      track_remaining: true,
    },
  ],
};
export const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
/** TLS versions of both sides. Without an explicit maximum Envoy speaks 1.2 to upstreams. */
export const TLS_PARAMS: Message = {
  tls_minimum_protocol_version: 'TLSv1_2',
  tls_maximum_protocol_version: 'TLSv1_3',
};

export function upstreamTls(ca_bundle: string): Message {
  return extension(
    'envoy.transport_sockets.tls',
    'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    {
      max_session_keys: 256,
      common_tls_context: {
        tls_params: TLS_PARAMS,
        validation_context: { trusted_ca: { filename: ca_bundle } },
      },
    },
  );
}
