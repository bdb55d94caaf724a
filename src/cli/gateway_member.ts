import type { Identity } from '../authn/identity.ts';
import type { Feed } from '../feed/ports.ts';
import type { Inspector } from '../inspect/inspector.ts';
import type { RunningResolver } from '../intercept_host/resolver/resolver.ts';
import { type Keyring, openKeyring } from '../keys/keyring.ts';
import { RecorderClient } from '../recorder/remote/client.ts';
import type { Relay } from '../relay/relay.ts';
import type { AccessLogTail } from '../server/access_log.ts';
import { createCheck } from '../server/check.ts';
import type { InspectService } from '../server/inspect/service.ts';
import { type AuthzServer, listen } from '../server/listen.ts';
import type { Tracing } from '../telemetry/traces.ts';
import { AccessLogLag } from './access_log_lag.ts';
import { answersToEnd } from './answers_to_end.ts';
import { type InterceptionSecrets, interceptionSecrets } from './ca_leaves.ts';
import { EXIT } from './exit.ts';
import { RecorderFollower } from './follow_recorder.ts';
import { gatewayJudging } from './gateway_check.ts';
import { serveControl } from './gateway_control.ts';
import { openInspection } from './gateway_inspection.ts';
import { type ChildProcess, untilStopped } from './gateway_life.ts';
import { exposeAll } from './gateway_metrics.ts';
import { openRelay, RELAY_DRAIN_MS } from './gateway_relay.ts';
import { openResolver } from './gateway_resolver.ts';
import { Traffic } from './gateway_traffic.ts';
import { openPolicyFeed, showPolicy } from './policy_feed.ts';
import { policyFacts, policyGauges, recorderFacts } from './readiness.ts';
import { recorderDial } from './recorder_dial.ts';
import { followAccessLog } from './recorder_host.ts';
import { identityFor } from './recording.ts';
import { openTracing } from './tracing.ts';

/** The last read of the log at the end. */
const LOG_MS = 5_000;

interface Member extends ChildProcess {
  readonly number: number;
  readonly gatewayId: string;
  readonly client: RecorderClient;
  readonly follower: RecorderFollower;
  readonly feed: Feed;
  readonly server: AuthzServer;
  readonly traffic: Traffic;
  readonly identity: Identity;
  readonly tracing: Tracing | undefined;
  readonly interception: InterceptionSecrets;
  readonly relay: Relay;
  readonly inspector: Inspector;
  readonly inspection: InspectService;
  /** Of the first gateway, where the settings ask for it. */
  readonly resolver: RunningResolver | undefined;
  /** Of the first gateway on a host without recorder. */
  readonly log_reader?: LogReader;
}

/** A connection of its own, so that outcomes never stand in the way of decisions. */
interface LogReader {
  readonly client: RecorderClient;
  readonly tail: AccessLogTail;
  readonly lag: AccessLogLag;
}

/** One of several gateways, or one whose recorder is on another host. */
export async function gatewayMember(child: ChildProcess, number: number): Promise<void> {
  const { settings, layout, metrics } = child;
  const gatewayId = `${settings.gateway_name}-${number}`;
  const state = { changed: () => {} };
  const client = clientOf(child, gatewayId, () => state.changed());
  await reached(client);
  const keyring = openKeyring(layout.keys_dir);
  const identity = identityFor(child);
  const feed = await openPolicyFeed({ ...child, identity });
  showPolicy(metrics, feed.state());
  feed.onChange((change) => showPolicy(metrics, change));
  const follower = new RecorderFollower(client, feed);
  const traffic = new Traffic();
  const tracing = await openTracing(settings, gatewayId);
  const interception = interceptionSecrets({ ...child, feed });
  const { secrets } = interception;
  const judging = gatewayJudging({
    ...{ ...child, gatewayId, keyring, recorder: follower, asked: client, feed, tracing, secrets },
  });
  const check = traffic.watch(createCheck(judging));
  const recorder = { append: follower.append, inspect: client.inspect.bind(client) };
  const { inspection, inspector } = await openInspection(judging, { ...child, recorder });
  const socket = layout.authz_sockets[number - 1] ?? layout.authz_socket;
  const relay = await openRelay({ ...child, keyring }, number);
  const resolver = await openResolver({ ...child, feed }, number);
  const server = await listen(socket, check, { secrets, inspection });
  const reads = settings.recorder.remote !== undefined && number === 1;
  const log_reader = reads ? { log_reader: await readLog(child, gatewayId, keyring) } : {};
  const member: Member = {
    ...child,
    ...{ number, gatewayId, client, follower, feed, server, traffic, identity, tracing, interception },
    ...{ relay, resolver, inspector, inspection, ...log_reader },
  };
  await serve(member, (changed) => {
    state.changed = changed;
  });
}

/** A supervisor that goes away meanwhile takes us along. */
async function reached(client: RecorderClient): Promise<void> {
  const alone = () => process.exit(EXIT.unavailable);
  process.once('disconnect', alone);
  await client.whenReachable();
  process.off('disconnect', alone);
}

/** Its recorder may be away for good; the log stays, and is read from where the journal knows it. */
async function soon(work: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LOG_MS);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function clientOf(child: ChildProcess, gateway_id: string, changed: () => void): RecorderClient {
  const { settings, layout, log } = child;
  return new RecorderClient({
    dial: recorderDial(settings, layout),
    ...{ gateway_id, deadline_ms: settings.check_timeout_ms, log, changed },
  });
}

async function readLog(child: ChildProcess, gatewayId: string, keyring: Keyring): Promise<LogReader> {
  const client = clientOf(child, gatewayId, () => {});
  const lag = new AccessLogLag(child.layout.envoy_dir);
  return { client, lag, tail: followAccessLog({ ...child, keyring, recorder: client, lag, gatewayId }) };
}

async function serve(member: Member, onChange: (changed: () => void) => void): Promise<void> {
  const { layout, server, client, feed, number, metrics } = member;
  await untilStopped(member, async (stop) => {
    let draining = false;
    const health = healthOf(member, () => draining);
    onChange(health.look);
    const socket = layout.gateway_sockets[number - 1] ?? layout.gateway_socket;
    const closeControl = await serveControl(socket, {
      status: () => statusOf(member, health.serving()),
      checkpoint: () => client.checkpoint(),
      drain: () => {
        stop('asked');
        return { draining: true };
      },
      metrics: () => metrics.registry.metrics(),
    });
    metrics.onScrape(() => ({
      ...(member.log_reader === undefined ? {} : { access_log_lag_bytes: member.log_reader.lag.bytes() }),
      ...policyGauges(feed),
    }));
    const closeMetrics = await exposeForHost(member, health.serving);
    await health.look();
    return async (urged) => {
      draining = true;
      server.setServing(false);
      await member.traffic.moved();
      // The only one is missed by everybody.
      if (member.settings.gateways > 1) await answersToEnd(member.inspection.inFlight, urged);
      await Promise.all([server.drain(), member.relay.close(RELAY_DRAIN_MS), member.resolver?.close()]);
      await Promise.all([member.interception.close(), member.inspector.close()]);
      await soon(member.log_reader?.tail.stop());
      feed.stop();
      member.identity.stop();
      for (const one of [client, member.log_reader?.client]) one?.stop();
      await Promise.all([closeMetrics(), closeControl(), member.tracing?.stop()]);
    };
  });
}

/** NOT_SERVING while the recorder is away, or while this gateway holds other documents than it: Envoy asks another one. */
function healthOf({ client, follower, server, log }: Member, isDraining: () => boolean) {
  let serving = false;
  const set = (now: boolean, why: string) => {
    if (now !== serving) log.info({ why }, now ? 'serving' : 'not serving');
    serving = now;
    server.setServing(now);
  };
  const look = async (): Promise<void> => {
    if (isDraining()) return;
    const status = client.lastStatus;
    if (!client.reachable || status === undefined) return set(false, 'the recorder cannot be reached');
    const inStep = follower.isInStep(status) || (await follower.catchUp());
    if (!isDraining())
      set(inStep && client.reachable, inStep ? 'in step' : 'the recorder has another policy in force');
  };
  return { look, serving: () => serving };
}

/** Milliseconds since the epoch by key id in `key_last_used`. */
function statusOf({ gatewayId, client, server, feed, identity }: Member, serving: boolean) {
  return {
    pid: process.pid,
    gateway_id: gatewayId,
    serving,
    checks_in_flight: server.inFlight(),
    recorder: { reachable: client.reachable, ...client.lastStatus },
    feed: feed.status(),
    key_last_used: Object.fromEntries(identity.lastUsed()),
  };
}

/** Where no recorder runs on this host, its first gateway answers for all of them. */
async function exposeForHost(member: Member, isServing: () => boolean): Promise<() => Promise<void>> {
  const { settings, client, feed, gatewayId, number } = member;
  if (settings.recorder.remote === undefined || number !== 1) return async () => {};
  const server = await exposeAll(member, gatewayId, {
    isHealthy: () => client.reachable,
    facts: () => ({
      policy: policyFacts(feed),
      recorder: recorderFacts(client.reachable, client.lastStatus),
    }),
    own: () => ({ gateway_id: gatewayId, serving: isServing() }),
  });
  return () => server.close();
}
