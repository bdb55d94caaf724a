import { readFileSync } from 'node:fs';
import type { Identity } from '../authn/identity.ts';
import type { Feed } from '../feed/ports.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { Recorder } from '../recorder/recorder.ts';
import { oneAtATime } from '../recorder/remote/one_at_a_time.ts';
import { type RecorderServer, serveTls, serveUnix, type TlsIdentity } from '../recorder/remote/server.ts';
import { type RecorderService, recorderService } from '../recorder/remote/service.ts';
import { AccessLogLag } from './access_log_lag.ts';
import { bypassRecorder } from './doctor_bypass_facts.ts';
import { CliError, EXIT } from './exit.ts';
import { serveControl } from './gateway_control.ts';
import { type ChildProcess, childProcess, untilStopped } from './gateway_life.ts';
import { exposeAll, gatewayStatuses } from './gateway_metrics.ts';
import type { Flags } from './options.ts';
import { policyFacts, policyGauges, recorderFacts, recorderGauges } from './readiness.ts';
import { followAccessLog } from './recorder_host.ts';
import { openRecording } from './recording.ts';

const NAME = 'recorder';
/** Between two checkpoints, and two looks at the files, that peers ask for. */
const CHECKPOINT_PAUSE_MS = 250;
const SYNC_PAUSE_MS = 10;
/** A renewed certificate is used after so long. */
const RENEW_EVERY_MS = 60_000;

/** `clawgress recorder run`: records for the gateways of this host, and of others when it listens for them. */
export async function recorderRun(flags: Flags): Promise<number> {
  const child = childProcess(flags, () => NAME);
  if (child.settings.recorder.remote !== undefined) {
    throw new CliError(
      EXIT.usage,
      'recorder.remote is set: the recorder of this installation runs on another host',
      'start `clawgress recorder run` there, or remove recorder.remote',
    );
  }
  const { keyring, recorder, identity, feed, records } = await openRecording(child);
  const service = recorderService(recorder, {
    checkpoint: oneAtATime(() => recorder.checkpoint(), CHECKPOINT_PAUSE_MS),
    // The recorder alone says which policy is live; this has it look at once instead of at its next turn.
    sync: oneAtATime(async () => {
      await feed.reload();
      await records.settled();
    }, SYNC_PAUSE_MS),
  });
  const servers = await openServers(child, recorder, service);
  await serve(child, { keyring, recorder, feed, identity, servers });
  return EXIT.ok;
}

/** A gateway of this host that was answered with a line we do not have proves a rollback; of another host it may lie. */
async function openServers(
  { settings, layout, log }: ChildProcess,
  recorder: Recorder,
  service: RecorderService,
): Promise<readonly RecorderServer[]> {
  const own: RecorderService = {
    ...service,
    knows: async (head) => {
      const known = await service.knows(head);
      // Ends this process, and keeps the next one from going on before an operator has decided.
      if (!known) await recorder.rolledBack(head);
      return known;
    },
  };
  const here = await serveUnix(layout.recorder_socket, own, log);
  const { listen } = settings.recorder;
  if (listen === undefined) return [here];
  const at = { address: listen.address, port: listen.port };
  const elsewhere: RecorderService = {
    ...service,
    // No further back than the open segment: unpacking an old one would hold up everybody's decisions.
    knows: (head) => head.seq < firstOf(recorder.status().segment) || service.knows(head),
  };
  const there = await serveTls(at, identityOf(listen), elsewhere, log);
  renewOften(there, listen, log);
  log.info({ address: listen.address, port: there.port }, 'gateways of other hosts are served');
  return [here, there];
}

type Listen = NonNullable<ChildProcess['settings']['recorder']['listen']>;

function identityOf(listen: Listen): TlsIdentity {
  const pem = (path: string) => readFileSync(path, 'utf8');
  return {
    cert: pem(listen.cert),
    key: pem(listen.key),
    client_ca: pem(listen.client_ca),
    client_names: listen.client_names,
  };
}

/** Certificates end, recorders go on. What cannot be read or used leaves the last ones in force. */
function renewOften(server: RecorderServer, listen: Listen, log: ChildProcess['log']): void {
  let last = JSON.stringify(identityOf(listen));
  const renew = () => {
    try {
      const fresh = identityOf(listen);
      if (JSON.stringify(fresh) === last) return;
      server.renew(fresh);
      last = JSON.stringify(fresh);
      log.info({}, 'new certificates are used for gateways of other hosts');
    } catch (error) {
      log.warn({ err: error }, 'the certificates for gateways of other hosts could not be renewed');
    }
  };
  setInterval(renew, RENEW_EVERY_MS).unref();
}

/** A segment is called after the number of its first record. */
function firstOf(segment: string): number {
  return Number.parseInt(segment, 10);
}

async function serve(
  child: ChildProcess,
  parts: {
    readonly keyring: Keyring;
    readonly recorder: Recorder;
    readonly feed: Feed;
    readonly identity: Identity;
    readonly servers: readonly RecorderServer[];
  },
): Promise<void> {
  const { layout, metrics } = child;
  const { keyring, recorder, feed, identity, servers } = parts;
  const lag = new AccessLogLag(layout.envoy_dir);
  const tail = followAccessLog({ ...child, keyring, recorder, lag });
  metrics.onScrape(() => ({
    ...recorderGauges(recorder.status()),
    access_log_lag_bytes: lag.bytes(),
    ...policyGauges(feed),
  }));
  const isRunning = () => recorder.status().phase === 'running';
  await untilStopped(child, async (stop) => {
    const closeControl = await serveControl(layout.gateway_socket, {
      status: () => statusOf(child, recorder, feed, servers),
      checkpoint: () => recorder.checkpoint(),
      acceptClock: async () => ({ moved_ms: await recorder.acceptClock() }),
      recordBypass: bypassRecorder(recorder),
      drain: () => {
        stop('asked');
        return { draining: true };
      },
    });
    const metricsServer = await exposeAll(child, NAME, {
      isHealthy: isRunning,
      facts: () => ({
        policy: policyFacts(feed),
        recorder: recorderFacts(isRunning(), recorder.status()),
      }),
    });
    return async () => {
      await tail.stop();
      feed.stop();
      identity.stop();
      await recorder.stop();
      await Promise.all([...servers.map((one) => one.close()), metricsServer.close(), closeControl()]);
    };
  });
}

/** The same members as of a gateway that runs alone, summed over all, and each by itself. */
async function statusOf(
  child: ChildProcess,
  recorder: Recorder,
  feed: Feed,
  servers: readonly RecorderServer[],
): Promise<object> {
  const gateways = await gatewayStatuses(child, NAME);
  const used: Record<string, number> = {};
  for (const [key, at] of gateways.flatMap((one) => Object.entries(one.key_last_used)))
    used[key] = Math.max(used[key] ?? 0, at);
  return {
    pid: process.pid,
    checks_in_flight: gateways.reduce((sum, one) => sum + one.checks_in_flight, 0),
    connections: servers.reduce((sum, one) => sum + one.connections(), 0),
    recorder: recorder.status(),
    feed: feed.status(),
    key_last_used: used,
    gateways,
  };
}
