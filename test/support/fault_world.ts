import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnvoyLogs, envoyLogs, type Placed, placedRecords } from './fault_journal.ts';
import { Load, MIX } from './fault_load.ts';
import type { Random } from './fault_random.ts';
import { type FaultUpstream, startFaultUpstream } from './fault_upstream.ts';
import { readJournal } from './naive_journal.ts';
import { type DemoAgent, type Running, startClawgress } from './running.ts';

/** A gateway, an upstream that it may reach, and clients. */
export interface World {
  running: Running;
  readonly upstream: FaultUpstream;
  readonly load: Load;
  readonly stateDir: string;
  /** The document in force; replace it to change the policy. */
  readonly policyFile: string;
  /** Starts the gateway again after `running.stop()` or a kill, with the same settings. */
  restart(): Promise<void>;
  records(): readonly Placed[];
  envoy(): EnvoyLogs;
  /** Checks signatures and chain of the whole journal with the naive reader; throws at the first mistake. */
  requireSound(): void;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly random: Random;
  /** Set while the gateway's processes start. */
  readonly env?: Readonly<Record<string, string>>;
  readonly mix?: ConstructorParameters<typeof Load>[2];
  /** Lines of YAML for `clawgress.yaml`. */
  readonly settings?: readonly string[];
  /** Where to put the state folder; it stays afterwards. */
  readonly stateDir?: string;
  readonly policy?: (upstream: FaultUpstream) => string;
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'cg-fault-'));
  const stateDir = options.stateDir ?? join(root, 's');
  const upstream = await startFaultUpstream(
    `127.31.${options.random.below(256)}.${1 + options.random.below(250)}`,
  );
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const policyFile = join(stateDir, 'policy.yaml');
  writeFileSync(policyFile, (options.policy ?? faultPolicy)(upstream), { mode: 0o600 });
  const config = join(root, 'clawgress.yaml');
  writeFileSync(
    config,
    `${[`upstream: {allow_cidrs: [${upstream.address}/32]}`, ...(options.settings ?? [])].join('\n')}\n`,
  );
  const start = () =>
    withEnvironment(options.env ?? {}, () => startClawgress({ stateDir, args: ['--config', config] }));
  try {
    const running = await start();
    upstream.watch(running.endpoints.journal_dir);
    const load = new Load(
      {
        proxy: running.endpoints.explicit_proxy,
        authority: `${upstream.address}:${upstream.port}`,
        free: agent(running, 'demo-agent'),
        limited: agent(running, 'demo-limited'),
      },
      options.random,
      options.mix ?? MIX,
    );
    const world: World = {
      running,
      upstream,
      load,
      stateDir,
      policyFile,
      restart: async () => {
        world.running = await start();
      },
      records: () => placedRecords(running.endpoints.journal_dir),
      envoy: () => envoyLogs(stateDir),
      requireSound: () => void readJournal(running.endpoints.journal_dir, running.endpoints.public_keys),
      close: async () => {
        await load.stop();
        await world.running.stop();
        await upstream.close();
        rmSync(root, { recursive: true, force: true });
      },
    };
    return world;
  } catch (error) {
    await upstream.close();
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
}

function agent({ agents }: Running, id: string): DemoAgent {
  const found = agents.find(({ agent_id }) => agent_id === id);
  if (found === undefined) throw new Error(`no agent ${id}`);
  return found;
}

/** The child takes its environment when it is spawned, which happens before `start` gives the first turn away. */
function withEnvironment<T>(env: Readonly<Record<string, string>>, start: () => T): T {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    return start();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** One agent may do anything with the upstream; the other reads `/hello`, at most 20 times a second. */
export function faultPolicy({ address, port }: FaultUpstream, extra: readonly string[] = []): string {
  const destination = `{hosts: ["${address}"], ports: [${port}]`;
  return [
    'schema: clawgress/policy/v1',
    'id: fault',
    'rules:',
    '  - id: requests',
    `    match: {agent: {agent_id: [demo-agent]}, destination: ${destination}, schemes: [http]}, protocol: {kind: http}}`,
    '    action: allow',
    '  - id: tunnels',
    `    match: {agent: {agent_id: [demo-agent]}, destination: ${destination}}, protocol: {kind: connect}}`,
    '    action: allow',
    '  - id: reads',
    `    match: {agent: {agent_id: [demo-limited]}, destination: ${destination}, schemes: [http]}, methods: [GET], path_prefixes: [/hello], protocol: {kind: http}}`,
    '    action: allow',
    'limits:',
    '  - {id: reads-rate, match: {agent: {agent_id: [demo-limited]}}, per: agent, rps: 20, burst: 20, mode: hard_stop}',
    ...extra,
    '',
  ].join('\n');
}
