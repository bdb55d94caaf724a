import { join, resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { ISSUER_KEYS, KEYS } from './keys.ts';
import { demoAddress, socketsDirectory } from './places.ts';
import { pricesProblems, pricesSettings } from './prices.ts';
import type { ConfigProblem } from './problem.ts';
import { elsewhereProblems, elsewhereSettings } from './recorder_elsewhere.ts';
import type { JwtIssuerSettings, ListenerSettings, Settings } from './settings.ts';
import { resolverSettings, transparentProblems, transparentSettings } from './transparent.ts';

/** Accepted values by dotted key; paths absolute. */
export type Values = Map<string, unknown>;

type Issuer = ReadonlyMap<string, unknown>;

/** Fills in defaults, derives what depends on other settings, checks what no single key can check, freezes. */
export function assemble(
  cwd: string,
  values: Values,
  issuers: readonly Issuer[],
  socketBases: readonly string[],
): Result<Settings, readonly ConfigProblem[]> {
  const read = reader(values, KEYS);
  const stateDir = resolve(cwd, read.text('state_dir'));
  const demo = demoSettings(read, stateDir);
  const settings: Settings = {
    state_dir: stateDir,
    sockets_dir: read.textOr('sockets_dir', socketsDirectory(stateDir, socketBases)),
    issuer: read.text('issuer'),
    explicit_proxy: listener(read, 'explicit_proxy'),
    base_url: listener(read, 'base_url'),
    metrics: { address: read.text('metrics.address'), port: read.number('metrics.port') },
    policy: policySettings(read, stateDir),
    registry_file: read.textOr('registry_file', join(stateDir, 'registry.json')),
    gateways: read.number('gateways'),
    gateway_name: read.text('gateway_name'),
    jwt_issuers: issuers.map(issuerSettings),
    fail_mode: { open_environments: read.texts('fail_mode.open_environments') },
    recorder: recorderSettings(read),
    envoy: envoySettings(read),
    flood_guard: floodGuardSettings(read),
    interception_host: interceptionHostSettings(read),
    transparent: transparentSettings(read),
    resolver: resolverSettings(read),
    tracing: tracingSettings(read),
    upstream: {
      allow_cidrs: [...read.texts('upstream.allow_cidrs'), ...(demo.enabled ? [`${demo.address}/32`] : [])],
      ca_bundle: read.textOr('upstream.ca_bundle', join(stateDir, 'ca', 'upstream.pem')),
    },
    interception: {
      leaf_cache_max: read.number('interception.leaf_cache_max'),
      permitted_names: read.texts('interception.permitted_names'),
    },
    inspect: { bytes_max: read.number('inspect.bytes_max'), workers: read.number('inspect.workers') },
    ai: pricesSettings(read),
    demo,
    check_timeout_ms: read.number('check_timeout_ms'),
    log_level: read.text('log_level') as Settings['log_level'],
  };
  const problems = [
    ...plaintextProblems(settings),
    ...shadowProblems(settings),
    ...headsProblems(settings),
    ...elsewhereProblems(settings, values),
    ...pricesProblems(values),
    ...portProblems(settings),
    ...transparentProblems(settings),
  ];
  return problems.length > 0 ? fail(problems) : ok(deepFreeze(settings));
}

/** The same settings on other ports (`--ports auto`). */
export function withPorts(
  settings: Settings,
  ports: { readonly explicit: number; readonly baseUrl: number; readonly metrics: number },
): Settings {
  return deepFreeze({
    ...settings,
    explicit_proxy: { ...settings.explicit_proxy, port: ports.explicit },
    base_url: { ...settings.base_url, port: ports.baseUrl },
    metrics: { ...settings.metrics, port: ports.metrics },
  });
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

type Reader = ReturnType<typeof reader>;

/** Typed access; a wrong type here is a broken table, not a user mistake. */
function reader(values: ReadonlyMap<string, unknown>, table: readonly { key: string; fallback?: unknown }[]) {
  const raw = (key: string): unknown => values.get(key) ?? table.find((entry) => entry.key === key)?.fallback;
  const broken = (key: string) => new Error(`setting ${key} has no value of its type`);
  return {
    text(key: string): string {
      const value = raw(key);
      if (typeof value !== 'string') throw broken(key);
      return value;
    },
    textOr(key: string, derived: string): string {
      const value = raw(key);
      return typeof value === 'string' ? value : derived;
    },
    number(key: string): number {
      const value = raw(key);
      if (typeof value !== 'number') throw broken(key);
      return value;
    },
    flag(key: string): boolean {
      const value = raw(key);
      if (typeof value !== 'boolean') throw broken(key);
      return value;
    },
    texts(key: string): readonly string[] {
      const value = raw(key);
      if (!Array.isArray(value)) throw broken(key);
      return value.map(String);
    },
    has: (key: string): boolean => raw(key) !== undefined,
  };
}

function listener(read: Reader, name: 'explicit_proxy' | 'base_url'): ListenerSettings {
  return {
    address: read.text(`${name}.address`),
    port: read.number(`${name}.port`),
    allow_plaintext: read.flag(`${name}.allow_plaintext`),
  };
}

function recorderSettings(read: Reader): Settings['recorder'] {
  return {
    segment_max_bytes: read.number('recorder.segment_max_bytes'),
    segment_max_age_s: read.number('recorder.segment_max_age_s'),
    checkpoint_interval_ms: read.number('recorder.checkpoint_interval_ms'),
    checkpoint_every: read.number('recorder.checkpoint_every'),
    heartbeat_s: read.number('recorder.heartbeat_s'),
    queue_max: read.number('recorder.queue_max'),
    limit_keys_max: read.number('recorder.limit_keys_max'),
    denials_per_second: read.number('recorder.denials_per_second'),
    compress_segments: read.flag('recorder.compress_segments'),
    retention_days: read.number('recorder.retention_days'),
    journal_max_bytes: read.number('recorder.journal_max_bytes'),
    min_free_bytes: read.number('recorder.min_free_bytes'),
    allow_unsafe_storage: read.flag('recorder.allow_unsafe_storage'),
    ...(read.has('recorder.heads_file') ? { heads_file: read.text('recorder.heads_file') } : {}),
    ...elsewhereSettings(read),
  };
}

function envoySettings(read: Reader): Settings['envoy'] {
  return {
    concurrency: read.number('envoy.concurrency'),
    node_id: read.text('envoy.node_id'),
    ...(read.has('envoy.bin') ? { bin: read.text('envoy.bin') } : {}),
  };
}

function policySettings(read: Reader, stateDir: string): Settings['policy'] {
  return {
    trust: read.text('policy.trust') as Settings['policy']['trust'],
    file: read.textOr('policy.file', join(stateDir, 'policy.yaml')),
    bundle: read.textOr('policy.bundle', join(stateDir, 'policy.bundle.json')),
    keys: read.textOr('policy.keys', join(stateDir, 'policy-keys.json')),
    stale: read.text('policy.stale') as Settings['policy']['stale'],
    ...(read.has('policy.shadow_file') ? { shadow_file: read.text('policy.shadow_file') } : {}),
  };
}

function floodGuardSettings(read: Reader): Settings['flood_guard'] {
  return {
    enabled: read.flag('flood_guard.enabled'),
    requests_per_second: read.number('flood_guard.requests_per_second'),
    burst: read.number('flood_guard.burst'),
  };
}

function interceptionHostSettings(read: Reader): Settings['interception_host'] {
  const texts = (name: string) => read.texts(`interception_host.${name}`);
  return {
    agent_uids: texts('agent_uids'),
    agent_gids: texts('agent_gids'),
    agent_interfaces: texts('agent_interfaces'),
    agent_cidrs: texts('agent_cidrs'),
    allow: texts('allow'),
    log_denied: read.flag('interception_host.log_denied'),
    ...(read.has('interception_host.gateway_uid')
      ? { gateway_uid: read.number('interception_host.gateway_uid') }
      : {}),
  };
}

function tracingSettings(read: Reader): Settings['tracing'] {
  return {
    ...(read.has('tracing.otlp_endpoint') ? { otlp_endpoint: read.text('tracing.otlp_endpoint') } : {}),
    sample_percent: read.number('tracing.sample_percent'),
  };
}

function demoSettings(read: Reader, stateDir: string): Settings['demo'] {
  return {
    enabled: read.flag('demo.enabled'),
    address: read.textOr('demo.address', demoAddress(stateDir)),
    http_port: read.number('demo.http_port'),
    https_port: read.number('demo.https_port'),
  };
}

function issuerSettings(values: Issuer): JwtIssuerSettings {
  const read = reader(values, ISSUER_KEYS);
  return {
    issuer: read.text('issuer'),
    audiences: read.texts('audiences'),
    algorithms: read.texts('algorithms'),
    jwks: read.text('jwks'),
    tenant_id: read.text('tenant_id'),
    allowed_agents: read.texts('allowed_agents'),
    leeway_s: read.number('leeway_s'),
    max_lifetime_s: read.number('max_lifetime_s'),
    jwks_max_age_s: read.number('jwks_max_age_s'),
    ...(read.has('run_claim') ? { run_claim: read.text('run_claim') } : {}),
  };
}

/** Credentials cross these ports in clear: off loopback only when somebody said so. */
function plaintextProblems(settings: Settings): ConfigProblem[] {
  const names = ['explicit_proxy', 'base_url'] as const;
  return names
    .filter((name) => !isLoopback(settings[name].address) && !settings[name].allow_plaintext)
    .map((name) => ({
      where: 'configuration',
      key: `${name}.address`,
      found: `${settings[name].address} without TLS`,
      allowed: `a loopback address, or ${name}.allow_plaintext: true when the network in between is trusted`,
    }));
}

/** A heads file that is restored together with the state folder would notice nothing. */
function headsProblems({ recorder, state_dir }: Settings): ConfigProblem[] {
  const file = recorder.heads_file;
  if (file === undefined || !`${file}/`.startsWith(`${state_dir}/`)) return [];
  return [
    {
      where: 'configuration',
      key: 'recorder.heads_file',
      found: `${file}, inside the state folder ${state_dir}`,
      allowed: 'a path outside the state folder, best on other storage',
    },
  ];
}

/** A shadow document beside a signed policy would be judged by although nobody signed it. */
function shadowProblems({ policy }: Settings): ConfigProblem[] {
  if (policy.trust === 'local' || policy.shadow_file === undefined) return [];
  return [
    {
      where: 'configuration',
      key: 'policy.shadow_file',
      found: 'a shadow file together with policy.trust: signed',
      allowed: 'the shadow document inside the bundle (`clawgress policy sign --shadow`)',
    },
  ];
}

function portProblems(settings: Settings): ConfigProblem[] {
  const all = [
    ['explicit_proxy', settings.explicit_proxy],
    ['base_url', settings.base_url],
    ['metrics', settings.metrics],
  ] as const;
  return all.flatMap(([name, own], index) =>
    all
      .slice(0, index)
      .filter(([, other]) => other.port === own.port)
      .map(([otherName]) => ({
        where: 'configuration',
        key: `${name}.port`,
        found: `${own.port}, which ${otherName}.port has too`,
        allowed: 'a different port for each listener',
      })),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
