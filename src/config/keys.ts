import * as kind from './kinds.ts';

/** One key of `clawgress.yaml`. The table below is the only list; documentation and variables follow from it. */
export interface KeySpec {
  readonly key: string;
  readonly kind: kind.Kind;
  /** Undefined: derived from other settings, or absent. */
  readonly fallback?: unknown;
}

const ID = kind.matching(/^[a-z0-9._-]{1,64}$/, '1 to 64 of a-z 0-9 . _ -');
const CIDRS_MAX = 256;
const ENVIRONMENTS_MAX = 64;
const SHA256 = kind.matching(/^[0-9a-f]{64}$/, '64 hex digits in lower case, as sha256sum prints them');
const OTLP_URL = kind.matching(
  /^https?:\/\/(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[1-9]\d{0,4})?(?:\/[A-Za-z0-9._~/-]{0,255})?$/,
  'an http: or https: URL without user information and query, for instance http://127.0.0.1:4318',
);
/** Half of the streams that a gateway serves: Envoy keeps one open for each. */
const LEAVES_MAX = 4_000;
const PERMITTED_MAX = 64;
const DNS_NAME = kind.matching(
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  'a host name in lower case',
);
const GATEWAYS_MAX = 8;
const PEERS_MAX = 56;
/** Short enough for `<name>-<n>` to be an id. */
const PEER_NAME = kind.matching(/^[a-z0-9][a-z0-9.-]{0,61}$/, '1 to 62 of a-z 0-9 . -');
const PEER_HOST = kind.matching(/^[A-Za-z0-9.:-]{1,253}$/, 'a host name or an address');

const AGENTS_MAX = 256;
const ID_TEXT = kind.matching(/^\d{1,10}(-\d{1,10})?$/, 'an id such as 2001 or a range such as 2001-2010');
const ID_RANGE: kind.Kind = {
  ...ID_TEXT,
  accept: (value) => ID_TEXT.accept(typeof value === 'number' ? String(value) : value),
};
const INTERFACE = kind.matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'the exact name of a network interface');
const ALLOWED_PLACE = kind.matching(
  /^(tcp|udp):\S{4,64}:\d{1,5}$/,
  'protocol, address and port such as tcp:10.1.2.3:5432 or udp:[fd00::53]:53',
);
const UID_LISTENERS_MAX = 64;
const UID_LISTENER = kind.matching(/^\d{1,10}=\d{1,5}$/, 'a user id and its port such as 2001=15011');

export const KEYS: readonly KeySpec[] = [
  { key: 'state_dir', kind: kind.path, fallback: '.clawgress' },
  { key: 'sockets_dir', kind: kind.path },
  { key: 'issuer', kind: ID, fallback: 'clawgress.local' },
  { key: 'explicit_proxy.address', kind: kind.ip, fallback: '127.0.0.1' },
  { key: 'explicit_proxy.port', kind: kind.port, fallback: 3128 },
  { key: 'explicit_proxy.allow_plaintext', kind: kind.flag, fallback: false },
  { key: 'base_url.address', kind: kind.ip, fallback: '127.0.0.1' },
  { key: 'base_url.port', kind: kind.port, fallback: 8088 },
  { key: 'base_url.allow_plaintext', kind: kind.flag, fallback: false },
  { key: 'metrics.address', kind: kind.ip, fallback: '127.0.0.1' },
  { key: 'metrics.port', kind: kind.port, fallback: 9464 },
  { key: 'policy.file', kind: kind.path },
  { key: 'policy.trust', kind: kind.oneOf('local', 'signed'), fallback: 'local' },
  { key: 'policy.bundle', kind: kind.path },
  { key: 'policy.keys', kind: kind.path },
  { key: 'policy.stale', kind: kind.oneOf('deny', 'loud'), fallback: 'deny' },
  { key: 'policy.shadow_file', kind: kind.path },
  { key: 'registry_file', kind: kind.path },
  { key: 'fail_mode.open_environments', kind: kind.listOf(ID, ENVIRONMENTS_MAX), fallback: [] },
  { key: 'gateways', kind: kind.integer(1, GATEWAYS_MAX), fallback: 1 },
  { key: 'gateway_name', kind: PEER_NAME, fallback: 'gateway' },
  {
    key: 'recorder.segment_max_bytes',
    kind: kind.integer(1_048_576, 4_294_967_296),
    fallback: 134_217_728,
  },
  { key: 'recorder.segment_max_age_s', kind: kind.integer(60, 604_800), fallback: 86_400 },
  { key: 'recorder.checkpoint_interval_ms', kind: kind.integer(100, 600_000), fallback: 10_000 },
  { key: 'recorder.checkpoint_every', kind: kind.integer(1, 1_000_000), fallback: 1_000 },
  { key: 'recorder.heartbeat_s', kind: kind.integer(1, 86_400), fallback: 60 },
  { key: 'recorder.queue_max', kind: kind.integer(1, 1_000_000), fallback: 8_192 },
  { key: 'recorder.limit_keys_max', kind: kind.integer(1, 10_000_000), fallback: 100_000 },
  { key: 'recorder.denials_per_second', kind: kind.integer(1, 1_000_000), fallback: 2_000 },
  { key: 'recorder.compress_segments', kind: kind.flag, fallback: true },
  { key: 'recorder.retention_days', kind: kind.integer(0, 36_500), fallback: 0 },
  { key: 'recorder.journal_max_bytes', kind: kind.integer(0, 1_125_899_906_842_624), fallback: 0 },
  { key: 'recorder.min_free_bytes', kind: kind.integer(0, 1_099_511_627_776), fallback: 67_108_864 },
  { key: 'recorder.allow_unsafe_storage', kind: kind.flag, fallback: false },
  { key: 'recorder.heads_file', kind: kind.path },
  { key: 'recorder.listen.address', kind: kind.ip },
  { key: 'recorder.listen.port', kind: kind.port, fallback: 9_465 },
  { key: 'recorder.listen.cert', kind: kind.path },
  { key: 'recorder.listen.key', kind: kind.path },
  { key: 'recorder.listen.client_ca', kind: kind.path },
  { key: 'recorder.listen.client_names', kind: kind.listOf(PEER_NAME, PEERS_MAX), fallback: [] },
  { key: 'recorder.remote.host', kind: PEER_HOST },
  { key: 'recorder.remote.port', kind: kind.port, fallback: 9_465 },
  { key: 'recorder.remote.ca', kind: kind.path },
  { key: 'recorder.remote.cert', kind: kind.path },
  { key: 'recorder.remote.key', kind: kind.path },
  { key: 'recorder.remote.server_name', kind: PEER_HOST },
  { key: 'envoy.bin', kind: kind.path },
  { key: 'envoy.concurrency', kind: kind.integer(1, 256), fallback: 1 },
  { key: 'envoy.node_id', kind: ID, fallback: 'envoy-1' },
  { key: 'flood_guard.enabled', kind: kind.flag, fallback: true },
  { key: 'flood_guard.requests_per_second', kind: kind.integer(1, 1_000_000), fallback: 2_000 },
  { key: 'flood_guard.burst', kind: kind.integer(1, 1_000_000), fallback: 4_000 },
  { key: 'interception_host.agent_uids', kind: kind.listOf(ID_RANGE, AGENTS_MAX), fallback: [] },
  { key: 'interception_host.agent_gids', kind: kind.listOf(ID_RANGE, AGENTS_MAX), fallback: [] },
  { key: 'interception_host.agent_interfaces', kind: kind.listOf(INTERFACE, AGENTS_MAX), fallback: [] },
  { key: 'interception_host.agent_cidrs', kind: kind.listOf(kind.cidr, AGENTS_MAX), fallback: [] },
  { key: 'interception_host.allow', kind: kind.listOf(ALLOWED_PLACE, AGENTS_MAX), fallback: [] },
  { key: 'interception_host.gateway_uid', kind: kind.integer(0, 4_294_967_294) },
  { key: 'interception_host.log_denied', kind: kind.flag, fallback: false },
  { key: 'transparent.redirect_port', kind: kind.port },
  { key: 'transparent.uid_listeners', kind: kind.listOf(UID_LISTENER, UID_LISTENERS_MAX), fallback: [] },
  { key: 'transparent.tproxy_port', kind: kind.port },
  { key: 'transparent.tproxy_identity', kind: kind.oneOf('source', 'header'), fallback: 'source' },
  { key: 'resolver.address', kind: kind.ip, fallback: '127.0.0.1' },
  { key: 'resolver.port', kind: kind.port },
  { key: 'resolver.ipv4_block', kind: kind.cidr, fallback: '198.18.0.0/15' },
  { key: 'resolver.ipv6_block', kind: kind.cidr, fallback: 'fd63:6761::/64' },
  { key: 'tracing.otlp_endpoint', kind: OTLP_URL },
  { key: 'tracing.sample_percent', kind: kind.integer(1, 100), fallback: 100 },
  { key: 'upstream.allow_cidrs', kind: kind.listOf(kind.cidr, CIDRS_MAX), fallback: [] },
  { key: 'upstream.ca_bundle', kind: kind.path },
  { key: 'interception.leaf_cache_max', kind: kind.integer(16, LEAVES_MAX), fallback: 1_000 },
  { key: 'interception.permitted_names', kind: kind.listOf(DNS_NAME, PERMITTED_MAX), fallback: [] },
  { key: 'inspect.bytes_max', kind: kind.integer(67_108_864, 68_719_476_736), fallback: 536_870_912 },
  { key: 'inspect.workers', kind: kind.integer(1, 16), fallback: 2 },
  { key: 'ai.prices_file', kind: kind.path },
  { key: 'ai.prices_digest', kind: SHA256 },
  { key: 'demo.enabled', kind: kind.flag, fallback: true },
  { key: 'demo.address', kind: kind.loopbackV4 },
  { key: 'demo.http_port', kind: kind.port, fallback: 18_080 },
  { key: 'demo.https_port', kind: kind.port, fallback: 18_443 },
  { key: 'check_timeout_ms', kind: kind.integer(100, 30_000), fallback: 2_000 },
  { key: 'log_level', kind: kind.oneOf('debug', 'info', 'warn', 'error'), fallback: 'info' },
];

export const ISSUERS_KEY = 'jwt_issuers';
export const ISSUERS_MAX = 32;

/** Members of one `jwt_issuers` entry. Asymmetric algorithms only: a shared secret would let us mint tokens. */
export const ISSUER_KEYS: readonly (KeySpec & { readonly required?: true })[] = [
  { key: 'issuer', kind: kind.matching(/^\S{1,512}$/, 'the exact iss of the tokens'), required: true },
  { key: 'audiences', kind: nonEmpty(kind.matching(/^\S{1,512}$/, 'an audience')), required: true },
  {
    key: 'algorithms',
    kind: nonEmpty(
      kind.oneOf('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'),
    ),
    required: true,
  },
  {
    key: 'jwks',
    kind: kind.matching(/^(file:\S+|https:\/\/\S+)$/, 'a file: path or an https: URL'),
    required: true,
  },
  { key: 'tenant_id', kind: ID, fallback: 'default' },
  { key: 'allowed_agents', kind: nonEmpty(ID), required: true },
  { key: 'leeway_s', kind: kind.integer(0, 60), fallback: 30 },
  { key: 'max_lifetime_s', kind: kind.integer(1, 2_592_000), fallback: 86_400 },
  { key: 'jwks_max_age_s', kind: kind.integer(60, 604_800), fallback: 86_400 },
  { key: 'run_claim', kind: kind.matching(/^[A-Za-z0-9_./:-]{1,128}$/, 'the name of a claim') },
];

function nonEmpty(item: kind.Kind): kind.Kind {
  const list = kind.listOf(item, 256);
  return {
    ...list,
    allowed: `a list of 1 to 256, each ${item.allowed}`,
    accept: (value) => (Array.isArray(value) && value.length > 0 ? list.accept(value) : undefined),
  };
}

/** `explicit_proxy.port` -> `CLAWGRESS_EXPLICIT_PROXY_PORT`. */
export function variableOf(key: string): string {
  return `CLAWGRESS_${key.replaceAll('.', '_').toUpperCase()}`;
}
