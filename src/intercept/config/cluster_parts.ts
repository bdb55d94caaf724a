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

/** Without an explicit maximum Envoy speaks TLS 1.2 to upstreams. */
export function upstreamTls(ca_bundle: string): Message {
  return extension(
    'envoy.transport_sockets.tls',
    'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    {
      max_session_keys: 256,
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        validation_context: { trusted_ca: { filename: ca_bundle } },
      },
    },
  );
}
