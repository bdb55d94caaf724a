import type { EnvoyConfigInput } from '../../../../src/intercept/config/input.ts';

/** Inputs of the committed configurations under `envoy/`. */
const LOCAL: EnvoyConfigInput = {
  node_id: 'clawgress-1',
  epoch: '000001-00000000',
  stamp: 'replace-with-the-stamp',
  authz_sockets: ['/run/clawgress/authz.sock'],
  relay_sockets: ['/run/clawgress/relay.sock'],
  relay_h2_sockets: ['/run/clawgress/relay-h2.sock'],
  relay_out_socket: '/run/clawgress/relay-out.sock',
  admin_socket: '/run/clawgress/envoy-admin.sock',
  access_log: '/var/lib/clawgress/envoy/000001-00000000/access.log',
  explicit_proxy: { address: '127.0.0.1', port: 3128 },
  base_url: { address: '127.0.0.1', port: 8088 },
  transparent: [],
  allow_cidrs: [],
  ca_bundle: '/etc/ssl/certs/ca-certificates.crt',
  check_timeout_ms: 1000,
  flood_guard: { requests_per_second: 2000, burst: 4000 },
};

export const GOLDEN: Readonly<Record<string, EnvoyConfigInput>> = {
  local: LOCAL,
  demo: { ...LOCAL, allow_cidrs: ['127.83.1.2/32'], ca_bundle: '/var/lib/clawgress/ca/bundle.pem' },
  network: {
    ...LOCAL,
    explicit_proxy: { address: '0.0.0.0', port: 3128 },
    base_url: { address: '::', port: 8088 },
    allow_cidrs: ['10.20.0.0/16', 'fd00:20::/32'],
    check_timeout_ms: 250,
  },
  fleet: {
    ...LOCAL,
    authz_sockets: ['authz', 'authz-2', 'authz-3'].map((name) => `/run/clawgress/${name}.sock`),
    relay_sockets: ['relay', 'relay-2', 'relay-3'].map((name) => `/run/clawgress/${name}.sock`),
    relay_h2_sockets: ['relay-h2', 'relay-h2-2', 'relay-h2-3'].map((name) => `/run/clawgress/${name}.sock`),
    tracing: { otlp_endpoint: 'http://127.0.0.1:4318', sample_percent: 100 },
  },
  transparent: {
    ...LOCAL,
    transparent: [
      { name: 'transparent_uid_2001', port: 15011, by: 'redirect', identity: 'uid:2001' },
      { name: 'transparent_tproxy', port: 15002, by: 'tproxy', identity: 'none' },
    ],
  },
};
