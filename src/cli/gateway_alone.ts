import type { Identity } from '../authn/identity.ts';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import type { Feed } from '../feed/ports.ts';
import type { Inspector } from '../inspect/inspector.ts';
import type { RunningResolver } from '../intercept_host/resolver/resolver.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Relay } from '../relay/relay.ts';
import type { AccessLogTail } from '../server/access_log.ts';
import { createCheck } from '../server/check.ts';
import { type AuthzServer, listen } from '../server/listen.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type MetricsServer, type Readiness, startMetricsServer } from '../telemetry/metrics_server.ts';
import type { Tracing } from '../telemetry/traces.ts';
import { AccessLogLag } from './access_log_lag.ts';
import { type InterceptionSecrets, interceptionSecrets } from './ca_leaves.ts';
import { bypassRecorder } from './doctor_bypass_facts.ts';
import { gatewayJudging } from './gateway_check.ts';
import { serveControl } from './gateway_control.ts';
import { openInspection } from './gateway_inspection.ts';
import { type ChildProcess, untilStopped } from './gateway_life.ts';
import { openRelay, RELAY_DRAIN_MS } from './gateway_relay.ts';
import { openResolver } from './gateway_resolver.ts';
import { policyFacts, policyGauges, recorderFacts, recorderGauges } from './readiness.ts';
import { followAccessLog } from './recorder_host.ts';
import { openRecording } from './recording.ts';
import { openTracing } from './tracing.ts';

interface Parts extends ChildProcess {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly recorder: Recorder;
  readonly feed: Feed;
  readonly server: AuthzServer;
  readonly tail: AccessLogTail;
  readonly lag: AccessLogLag;
  readonly identity: Identity;
  readonly tracing: Tracing | undefined;
  readonly interception: InterceptionSecrets;
  readonly relay: Relay;
  readonly inspector: Inspector;
  readonly resolver: RunningResolver | undefined;
}

/** The only gateway of this host, with the recorder in its own process: no hop between judgement and record. */
export async function gatewayAlone(child: ChildProcess): Promise<void> {
  const { settings, layout } = child;
  const { keyring, recorder, identity, feed } = await openRecording(child);
  const gatewayId = `${settings.gateway_name}-1`;
  const tracing = await openTracing(settings, gatewayId);
  const interception = interceptionSecrets({ ...child, feed });
  const { secrets } = interception;
  const judging = gatewayJudging({
    ...{ ...child, gatewayId, keyring, recorder, feed, tracing, secrets },
    asked: recorder,
  });
  const { inspection, inspector } = await openInspection(judging, { ...child, recorder });
  const relay = await openRelay({ ...child, keyring }, 1);
  const resolver = await openResolver({ ...child, feed }, 1);
  const server = await listen(layout.authz_socket, createCheck(judging), { secrets, inspection });
  const lag = new AccessLogLag(layout.envoy_dir);
  const tail = followAccessLog({ ...child, keyring, recorder, lag });
  const streams = { relay, resolver, inspector };
  await serve({ ...child, ...streams, recorder, feed, server, tail, lag, identity, tracing, interception });
}

async function serve(parts: Parts): Promise<void> {
  const { recorder, server, layout } = parts;
  await untilStopped(parts, async (stop) => {
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
      acceptClock: async () => ({ moved_ms: await recorder.acceptClock() }),
      recordBypass: bypassRecorder(recorder),
      drain: () => {
        stop('asked');
        return { draining: true };
      },
    });
    const metricsServer = await exposeMetrics(parts);
    server.setServing(true);
    return () => shutDown(parts, metricsServer, closeControl);
  });
}

/** Nothing new comes in, what runs finishes, outcomes are read to the end of the log, then the journal is closed. */
async function shutDown(
  { server, tail, feed, recorder, identity, tracing, interception, relay, resolver, inspector }: Parts,
  metricsServer: MetricsServer,
  closeControl: () => Promise<void>,
): Promise<void> {
  await Promise.all([server.drain(), relay.close(RELAY_DRAIN_MS), resolver?.close()]);
  await Promise.all([interception.close(), inspector.close()]);
  await tail.stop();
  feed.stop();
  identity.stop();
  await recorder.stop();
  await tracing?.stop();
  await Promise.all([metricsServer.close(), closeControl()]);
}

async function exposeMetrics({ settings, recorder, feed, metrics, lag }: Parts): Promise<MetricsServer> {
  metrics.onScrape(() => ({
    ...recorderGauges(recorder.status()),
    access_log_lag_bytes: lag.bytes(),
    ...policyGauges(feed),
  }));
  const isRunning = () => recorder.status().phase === 'running';
  return await startMetricsServer({
    ...settings.metrics,
    exposition: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
    healthy: isRunning,
    ready: async (): Promise<Readiness> => ({
      ready: isRunning(),
      policy: policyFacts(feed),
      recorder: recorderFacts(isRunning(), recorder.status()),
    }),
  });
}
