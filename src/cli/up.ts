import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { processEnvironment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { unsafeFileSystem } from '../recorder/storage.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { hasOwnRecorder } from './arrangement.ts';
import { type DemoAgent, ensureDemoAgents } from './demo_agents.ts';
import { endpointsOf, lastPorts, writeEndpoints } from './endpoints.ts';
import { envoyPart, findEnvoy } from './envoy_part.ts';
import { envoySees } from './envoy_sees.ts';
import { CliError, EXIT } from './exit.ts';
import { claimInstance } from './instance.ts';
import { nodeChild } from './node_child.ts';
import { type Flags, layoutFor, settingsFor, stateFlag } from './options.ts';
import { autoPorts, refuseBusyPorts } from './ports.ts';
import { priceList } from './price_list.ts';
import { examples, readyBlock, writeCurlFiles } from './ready.ts';
import { writeRunSettings } from './run_settings.ts';
import { prepareState, privateFolder } from './state.ts';
import { type Part, type Supervised, supervise } from './supervise.ts';
import { refuseWithoutCapability } from './tproxy_capability.ts';

/** A small nursery: each of V8's young collections then stops the gateway for one or two milliseconds instead of ten. */
const GATEWAY_FLAGS = ['--max-semi-space-size=4'];
const GATEWAY_READY_MS = 60_000;
const GATEWAY_STOP_MS = 20_000;
const DEMO_READY_MS = 15_000;
const DEMO_STOP_MS = 3_000;

/** `clawgress up`: everything on this host, supervised, until a signal. Returns the exit code. */
export async function up(flags: Flags): Promise<number> {
  const startedAt = performance.now();
  const interrupted = interruption();
  const wanted = settingsFor(flags);
  const layout = layoutFor(wanted);
  for (const dir of [layout.state_dir, layout.run_dir]) privateFolder(dir);
  const release = claimInstance(layout);
  try {
    const format = process.stderr.isTTY ? 'lines' : 'json';
    const log = createLogger({ part: 'up', level: wanted.log_level, format });
    const settings = acceptDemoStorage(await settlePorts(wanted, layout, flags), log);
    const binary = await findEnvoy(settings, processEnvironment());
    await prepareState(settings);
    const agents = settings.demo.enabled ? await ensureDemoAgents(settings, layout) : [];
    const parts = await partsOf(settings, layout, binary.path, log, ['--log-format', format]);
    const usable = () => envoySees(layout.envoy_admin_socket, settings.gateways);
    return await keepRunning(parts, log, interrupted, usable, () => {
      announce(settings, layout, agents, stateFlag(flags), startedAt);
    });
  } finally {
    removeSockets(layout);
    release();
  }
}

/**
 * A first try in a container (overlay) or on a memory file system should work, and must not be mistaken for more:
 * only together with the demo, and loudly.
 */
function acceptDemoStorage(settings: Settings, log: Logger): Settings {
  const found = unsafeFileSystem(statfsSync(settings.state_dir).type);
  if (found === undefined || settings.recorder.allow_unsafe_storage || !settings.demo.enabled)
    return settings;
  log.warn(
    { file_system: found },
    'receipts on this file system may not survive a power cut; accepted for the demo only',
  );
  return { ...settings, recorder: { ...settings.recorder, allow_unsafe_storage: true } };
}

async function settlePorts(wanted: Settings, layout: Layout, flags: Flags): Promise<Settings> {
  const isAuto = flags['ports'] === 'auto';
  if (flags['ports'] !== undefined && !isAuto) {
    throw new CliError(EXIT.usage, `--ports: found '${String(flags['ports'])}'; allowed: auto`);
  }
  refuseWithoutCapability(wanted);
  priceList(wanted.ai.prices);
  const settled = isAuto ? await autoPorts(wanted, lastPorts(layout)) : wanted;
  await refuseBusyPorts(settled);
  return settled;
}

/** In starting order; stopping goes the other way round, so that no request meets a part that has gone. */
async function partsOf(
  settings: Settings,
  layout: Layout,
  envoyBin: string,
  log: Logger,
  childFlags: readonly string[],
): Promise<readonly Part[]> {
  const file = writeRunSettings(layout, settings);
  const args = (...command: string[]) => [...command, '--settings-file', file, ...childFlags];
  const own = (name: string, ...command: string[]) =>
    nodeChild({
      name,
      nodeFlags: GATEWAY_FLAGS,
      args: args(...command),
      ready_ms: GATEWAY_READY_MS,
      stop_ms: GATEWAY_STOP_MS,
    });
  const demo = nodeChild({
    name: 'demo upstream',
    args: args('demo-upstream'),
    ready_ms: DEMO_READY_MS,
    stop_ms: DEMO_STOP_MS,
  });
  const envoy = await envoyPart(settings, layout, envoyBin, log);
  return [...(settings.demo.enabled ? [demo] : []), ...deciders(settings, own), envoy];
}

/** The recorder first, so that it is stopped after everybody who needs it. */
function deciders(settings: Settings, own: (name: string, ...command: string[]) => Part): readonly Part[] {
  if (hasOwnRecorder(settings)) return [own('gateway', 'gateway')];
  const gateways = Array.from({ length: settings.gateways }, (_, index) =>
    own(`${settings.gateway_name}-${index + 1}`, 'gateway', '--number', String(index + 1)),
  );
  const isHere = settings.recorder.remote === undefined;
  return [...(isHere ? [own('recorder', 'recorder', 'run')] : []), ...gateways];
}

async function keepRunning(
  parts: readonly Part[],
  log: Logger,
  interrupted: Interruption,
  /** Resolves once the parts work together. */
  usable: () => Promise<unknown>,
  announceReady: () => void,
): Promise<number> {
  const started: Supervised[] = [];
  interrupted.onSecond(() => {
    log.warn({}, 'stopping at once');
    for (const part of started) part.kill();
  });
  const starts = parts.map(async (part, index) => {
    started[index] = await supervise(part, log);
  });
  try {
    const all = Promise.all(starts).then(usable);
    const early = await Promise.race([all.then(() => undefined), interrupted.first]);
    if (early === undefined) announceReady();
    const signal = early ?? (await interrupted.first);
    log.info({}, `${signal}: finishing what is under way, then stopping (again: stop at once)`);
    await all;
    return EXIT.ok;
  } catch (error) {
    throw new CliError(
      EXIT.unavailable,
      error instanceof Error ? error.message : String(error),
      'the lines above say why; `clawgress doctor` checks the installation',
    );
  } finally {
    await Promise.allSettled(starts);
    for (const part of [...started].reverse()) await part?.stop();
    log.info({}, 'stopped');
  }
}

function announce(
  settings: Settings,
  layout: Layout,
  agents: readonly DemoAgent[],
  flags: string,
  startedAt: number,
): void {
  const endpoints = endpointsOf(settings, layout);
  writeCurlFiles(layout, endpoints, agents);
  writeEndpoints(layout, endpoints);
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    readyBlock(endpoints, examples(layout, endpoints, flags), policyPath(settings), seconds),
  );
}

interface Interruption {
  /** The first signal that asks us to end. */
  readonly first: Promise<NodeJS.Signals>;
  onSecond(hurry: () => void): void;
}

function interruption(): Interruption {
  let hurry = () => {};
  const first = new Promise<NodeJS.Signals>((resolve) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        count += 1;
        if (count === 1) resolve(signal);
        else hurry();
      });
    }
  });
  return {
    first,
    onSecond(action) {
      hurry = action;
    },
  };
}

/** The parts remove their own; this is for those that were killed. */
function removeSockets(layout: Layout): void {
  const own = [
    ...[layout.envoy_admin_socket, layout.gateway_socket, layout.recorder_socket, layout.relay_out_socket],
    ...[layout.authz_sockets, layout.gateway_sockets, layout.relay_sockets, layout.relay_h2_sockets].flat(),
  ];
  for (const path of own) rmSync(path, { force: true });
  rmSync(join(layout.run_dir, 'settings.json'), { force: true });
}

/** What an operator edits, or publishes, to change what is allowed. */
function policyPath({ policy }: Settings): string {
  return policy.trust === 'signed' ? policy.bundle : policy.file;
}
