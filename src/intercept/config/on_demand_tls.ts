import { TLS_PARAMS } from './cluster_parts.ts';
import { SECRETS_CLUSTER } from './gateway_cluster.ts';
import { extension, type Message } from './typed.ts';

/** Asked for when a client names no server; no certificate can be made for it, so the handshake ends at once. */
const NO_NAME = 'no-sni.invalid';
const SELECTORS = 'envoy.extensions.transport_sockets.tls';

/** Terminates TLS with a certificate that the gateway makes for the name the client asks for. */
export function onDemandTls(): Message {
  return extension('envoy.transport_sockets.tls', `${SELECTORS}.v3.DownstreamTlsContext`, {
    // Demanded by the selector: a resumed session would skip it.
    disable_stateless_session_resumption: true,
    disable_stateful_session_resumption: true,
    common_tls_context: {
      tls_params: TLS_PARAMS,
      alpn_protocols: ['h2', 'http/1.1'],
      custom_tls_certificate_selector: extension(
        'envoy.tls.certificate_selectors.on_demand_secret',
        `${SELECTORS}.cert_selectors.on_demand_secret.v3.Config`,
        {
          config_source: secretSource(),
          certificate_mapper: extension(
            'envoy.tls.certificate_mappers.sni',
            `${SELECTORS}.cert_mappers.sni.v3.SNI`,
            { default_value: NO_NAME },
          ),
        },
      ),
    },
  });
}

function secretSource(): Message {
  return {
    resource_api_version: 'V3',
    initial_fetch_timeout: '3s',
    api_config_source: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      grpc_services: [
        {
          envoy_grpc: {
            cluster_name: SECRETS_CLUSTER,
            // By default up to 30 s: so long would new names wait after a restart of the gateway.
            retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '0.5s' } },
          },
        },
      ],
    },
  };
}
