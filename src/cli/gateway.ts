import { type Identity, openIdentity } from '../authn/identity.ts';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { compilePolicy } from '../core/policy/compile.ts';
import { openFeed } from '../feed/feed.ts';
import type { Feed, FeedState } from '../feed/ports.ts';
import { askAdmin } from '../intercept/admin.ts';
import { type Keyring, openKeyring } from '../keys/keyring.ts';
import { storeArtifact } from '../recorder/artifacts.ts';
import { openRecorder } from '../recorder/opening.ts';
import type { Recorder } from '../recorder/recorder.ts';
import { type AccessLogTail, tailAccessLogs } from '../server/access_log.ts';
import { type AuthzServer, listen } from '../server/listen.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { type MetricsServer, startMetricsServer } from '../telemetry/metrics_server.ts';
import { AccessLogLag } from './access_log_lag.ts';
import { EXIT } from './exit.ts';
import { createGatewayCheck } from './gateway_check.ts';
import { serveControl } from './gateway_control.ts';
import { underSupervisor } from './node_child.ts';
import { type Flags, layoutFor } from './options.ts';
import { engine, PACKAGE_VERSION } from './package_root.ts';
import { childSettings } from './run_settings.ts';

/** A recorder that cannot go on ends the process; the next start rebuilds everything from disk. */
const FATAL_EXIT = 75;

/** `clawgress gateway`: decides, records, answers, until it is told to stop. */
export async function gateway(flags: Flags): Promise<number> {
  const settings = childSettings(flags);
  const layout = layoutFor(settings);
  const format = flags['logFormat'] === 'lines' ? 'lines' : 'json';
  const log = createLogger({ part: 'gateway', level: settings.log_level, format });
  const metrics = createMetrics(PACKAGE_VERSION);
  const keyring = openKeyring(layout.keys_dir);
  const recorder = await startRecorder(settings, layout, keyring, log, metrics);
  const identity = openIdentity({ jwt_issuers: settings.jwt_issuers, log });
  const feed = await openFeed({
    settings,
    compile: compilePolicy,
    compileRegistry: identity.compileRegistry,
    archive: (digest, bytes) => storeArtifact(layout.artifacts_dir, digest, bytes),
    log,
    refused: (source) => metrics.reloadFailures.inc({ source }),
  });
  await followFeed(feed, recorder, metrics, log);
  const check = createGatewayCheck({ settings, layout, keyring, recorder, feed, log, metrics });
  const server = await listen(layout.authz_socket, check);
  const lag = new AccessLogLag(layout.envoy_dir);
  const tail = tailAccessLogs({
    envoyDir: layout.envoy_dir,
    sink: {
      close: (closure) => {
        lag.note(closure.source);
        return recorder.close(closure);
      },
      logPosition: (fileId) => recorder.logPosition(fileId),
      sweep: async (epoch) => void (await recorder.sweep(epoch)),
      gap: ({ log_file_id, counts, from_ms, to_ms }) =>
        recorder.recordGap({ log_file_id, counts, from_ts: timestamp(from_ms), to_ts: timestamp(to_ms) }),
    },
    onError: (error) => log.warn({ err: error }, 'an outcome could not be recorded yet'),
  });
  return await serve({
    ...{ settings, layout, log, recorder, feed, server, tail, lag, metrics },
    identity,
  });
}

const timestamp = (ms: number): string => new Date(ms).toISOString();

interface Parts {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly log: Logger;
  readonly recorder: Recorder;
  readonly feed: Feed;
  readonly server: AuthzServer;
  readonly tail: AccessLogTail;
  readonly lag: AccessLogLag;
  readonly metrics: Metrics;
  readonly identity: Identity;
}

function startRecorder(
  settings: Settings,
  layout: Layout,
  keyring: Keyring,
  log: Logger,
  metrics: Metrics,
): Promise<Recorder> {
  return openRecorder({
    layout,
    settings: settings.recorder,
    issuer: settings.issuer,
    engine: engine(),
    keyring,
    checkTimeoutMs: settings.check_timeout_ms,
    genesis: { tenant_mode: 'single', isolation: 'same_uid', capture: 'voluntary' },
    log,
    metrics: {
      committed({ types, latency_ms }) {
        metrics.commitSeconds.observe(latency_ms / 1000);
        metrics.batchRecords.observe(types.length);
        for (const type of types) metrics.records.inc({ type });
      },
    },
    onFatal: (error) => {
      log.error({ err: error }, 'the journal cannot be continued in this process; restarting from disk');
      process.exit(FATAL_EXIT);
    },
  });
}

/**
 * Each swap is recorded before anything is decided under it: the listener runs in the tick of the swap, so the policy
 * record stands in the journal before the first decision that names it, and no answer leaves before its record is durable.
 */
async function followFeed(feed: Feed, recorder: Recorder, metrics: Metrics, log: Logger): Promise<void> {
  const record = async (state: FeedState): Promise<void> => {
    const { policy, registry_hash } = state;
    await recorder.recordPolicy({
      policy_id: policy.policy_id,
      policy_hash: policy.policy_hash,
      canonical: policy.canonical,
      registry_hash,
      registry: state.registry_canonical,
      trust: 'local',
    });
    metrics.setPolicy({ policy_id: policy.policy_id, policy_hash: policy.policy_hash, registry_hash });
  };
  await record(feed.state());
  feed.onChange((change) => {
    record(change).catch((error: unknown) =>
      log.error({ err: error }, 'a policy change could not be recorded'),
    );
  });
}

async function serve(parts: Parts): Promise<number> {
  const { recorder, server, layout, log } = parts;
  let stop: (why: 'signal' | 'orphaned' | 'asked') => void = () => {};
  const stopped = new Promise<'signal' | 'orphaned' | 'asked'>((resolve) => {
    stop = resolve;
  });
  const closeControl = await serveControl(layout.gateway_socket, {
    status: () => ({
      pid: process.pid,
      checks_in_flight: server.inFlight(),
      recorder: recorder.status(),
      feed: parts.feed.status(),
      /** Milliseconds since the epoch by key id. */
      key_last_used: Object.fromEntries(parts.identity.lastUsed()),
    }),
    checkpoint: () => recorder.checkpoint(),
    drain: () => {
      stop('asked');
      return { draining: true };
    },
  });
  const metricsServer = await exposeMetrics(parts);
  const supervisor = underSupervisor(stop);
  server.setServing(true);
  supervisor.ready();
  const why = await stopped;
  if (why === 'orphaned') {
    log.warn({}, 'the supervisor is gone; stopping, Envoy too');
    await askAdmin(layout.envoy_admin_socket, 'POST', '/quitquitquit').catch(() => undefined);
  }
  await shutDown(parts, metricsServer, closeControl);
  return EXIT.ok;
}

/** Nothing new comes in, what runs finishes, outcomes are read to the end of the log, then the journal is closed. */
async function shutDown(
  { server, tail, feed, recorder, identity }: Parts,
  metricsServer: MetricsServer,
  closeControl: () => Promise<void>,
): Promise<void> {
  await server.drain();
  await tail.stop();
  feed.stop();
  identity.stop();
  await recorder.stop();
  await Promise.all([metricsServer.close(), closeControl()]);
}

async function exposeMetrics({ settings, recorder, feed, metrics, lag }: Parts): Promise<MetricsServer> {
  metrics.onScrape(() => {
    const status = recorder.status();
    return {
      queue_records: status.queue_depth,
      open_decisions: status.open_decisions,
      journal_records: status.tree_size,
      checkpoint_records: status.checkpoint?.size ?? 0,
      access_log_lag_bytes: lag.bytes(),
      policy_age_s: Math.max(0, Math.round((Date.now() - feed.status().policy.loaded_ms) / 1000)),
    };
  });
  return await startMetricsServer({
    ...settings.metrics,
    exposition: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
    healthy: () => recorder.status().phase === 'running',
  });
}
