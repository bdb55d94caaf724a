import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INSPECTED_LIMIT, INSPECTED_SCHEMAS, inspectedRules } from './fault_inspected.ts';
import { type EnvoyLogs, envoyLogs, type Placed, placedRecords } from './fault_journal.ts';
import { Load, MIX, MIX_WITH_INTERCEPTED, MIX_WITH_REDIRECTED } from './fault_load.ts';
import type { Random } from './fault_random.ts';
import { type FaultUpstream, startFaultUpstream } from './fault_upstream.ts';
import { readJournal } from './naive_journal.ts';
import { notInOwnNetwork } from './own_network.ts';
import { newAuthority } from './pki.ts';
import { type DemoAgent, eventually, type Running, startClawgress } from './running.ts';

const CLI = fileURLToPath(new URL('../../bin/clawgress', import.meta.url));
/** Envoy's resolver answers 127.0.0.1 to all names of this kind by itself. */
const INTERCEPTED = 'fault.localhost';
const [UID, UID_PORT] = [2001, 15_011];
const NFT = 'nft';
const CLI_OUTPUT_MAX = 256 * 1024 * 1024;

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
  /** Flags that point the CLI to this state folder. */
  readonly stateFlags: readonly string[];
  /** Runs a command of the CLI; waits for its end. */
  cli(...args: readonly string[]): CliRun;
  close(): Promise<void>;
}

export interface CliRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WorldOptions {
  readonly random: Random;
  /** Set while the gateway's processes start. */
  readonly env?: Readonly<Record<string, string>>;
  readonly mix?: ConstructorParameters<typeof Load>[2];
  /** A part of the load goes through tunnels that the gateway opens, and is redirected where that can be had. */
  readonly intercepted?: boolean;
  /** Lines of YAML for `clawgress.yaml`. */
  readonly settings?: readonly string[];
  /** Where to put the state folder; it stays afterwards. */
  readonly stateDir?: string;
  readonly policy?: (upstream: FaultUpstream) => string;
  /** Called with the state folder, which holds the policy and nothing else, before the first start. */
  prepare?(stateDir: string): void;
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'cg-fault-'));
  const stateDir = options.stateDir ?? join(root, 's');
  const own = options.intercepted ? newAuthority() : undefined;
  const upstream = await startFaultUpstream(
    `127.31.${options.random.below(256)}.${1 + options.random.below(250)}`,
    own?.issue(INTERCEPTED, 'serverAuth'),
  );
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const policyFile = join(stateDir, 'policy.yaml');
  writeFileSync(policyFile, (options.policy ?? faultPolicy)(upstream), { mode: 0o600 });
  const config = join(root, 'clawgress.yaml');
  const believed = join(root, 'upstream.pem');
  if (own) writeFileSync(believed, own.ca);
  const reached = [upstream.address, ...(own ? ['127.0.0.1'] : [])].map((address) => `${address}/32`);
  const redirects = own !== undefined && notInOwnNetwork() === undefined;
  const transparent = redirects ? [`transparent: {uid_listeners: ["${UID}=${UID_PORT}"]}`] : [];
  const bundle = own ? `, ca_bundle: ${believed}` : '';
  writeFileSync(
    config,
    `${[`upstream: {allow_cidrs: [${reached.join(', ')}]${bundle}}`, ...transparent, ...(options.settings ?? [])].join('\n')}\n`,
  );
  options.prepare?.(stateDir);
  const start = () => startClawgress({ stateDir, args: ['--config', config], env: options.env ?? {} });
  try {
    const running = await start();
    if (redirects) await redirect(running, ['--state-dir', stateDir, '--config', config], upstream);
    upstream.watch(running.endpoints.journal_dir);
    const load = new Load(
      {
        proxy: running.endpoints.explicit_proxy,
        authority: `${upstream.address}:${upstream.port}`,
        free: agent(running, 'demo-agent'),
        limited: agent(running, 'demo-limited'),
        ...interceptedTarget(running, upstream),
        redirected: redirects,
      },
      options.random,
      options.mix ?? (redirects ? MIX_WITH_REDIRECTED : own ? MIX_WITH_INTERCEPTED : MIX),
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
      stateFlags: ['--state-dir', stateDir, '--config', config],
      cli: (...args) => runCli(args),
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

/**
 * Whoever comes from 127.28.0.0/16 to the upstream is led to the listener of a user id, whose connections are those of
 * the free agent. The firewall of this network may have served an earlier world.
 */
async function redirect(running: Running, flags: readonly string[], upstream: FaultUpstream): Promise<void> {
  const swaps = () => running.output().split('snapshot swapped').length;
  const before = swaps();
  const bound = runCli(['agent', 'bind', 'demo-agent', '--uid', String(UID), ...flags]);
  if (bound.status !== 0) throw new Error(`agent bind: ${bound.stderr}`);
  await eventually(() => (swaps() > before ? true : undefined), 'the binding');
  const ports = [upstream.port, upstream.securePort].join(', ');
  const input = `table inet fault
delete table inet fault
table inet fault {
  chain redirected {
    type nat hook output priority -100
    ip saddr 127.28.0.0/16 tcp dport { ${ports} } redirect to :${UID_PORT}
  }
}
`;
  const loaded = spawnSync(NFT, ['-f', '-'], { input, encoding: 'utf8' });
  if (loaded.status !== 0) throw new Error(`nft: ${loaded.stderr}`);
}

export function runCli(args: readonly string[]): CliRun {
  const { status, stdout, stderr } = spawnSync(CLI, args, { encoding: 'utf8', maxBuffer: CLI_OUTPUT_MAX });
  return { status, stdout, stderr };
}

function interceptedTarget({ endpoints }: Running, { securePort }: FaultUpstream) {
  if (securePort === undefined) return {};
  const ca = readFileSync(endpoints.ca_bundle, 'utf8');
  return { intercepted: { authority: `${INTERCEPTED}:${securePort}`, ca } };
}

function agent({ agents }: Running, id: string): DemoAgent {
  const found = agents.find(({ agent_id }) => agent_id === id);
  if (found === undefined) throw new Error(`no agent ${id}`);
  return found;
}

/** One agent may do anything with the upstream; the other reads `/hello`, at most 10 times a second, and `/throttled`, where it waits. Inside of tunnels both may do a little. */
export function faultPolicy({ address, port, securePort }: FaultUpstream): string {
  const destination = `{hosts: ["${address}"], ports: [${port}]`;
  return [
    'schema: clawgress/policy/v1',
    'id: fault',
    ...INSPECTED_SCHEMAS,
    'rules:',
    '  - id: requests',
    `    match: {agent: {agent_id: [demo-agent]}, destination: ${destination}, schemes: [http]}, protocol: {kind: http}}`,
    '    action: allow',
    '  - id: tunnels',
    `    match: {agent: {agent_id: [demo-agent]}, destination: ${destination}}, protocol: {kind: tcp}}`,
    '    action: allow',
    '  - id: reads',
    `    match: {agent: {agent_id: [demo-limited]}, destination: ${destination}, schemes: [http]}, methods: [GET], path_prefixes: [/hello, /throttled], protocol: {kind: http}}`,
    '    action: allow',
    ...socketRules(destination),
    ...inspectedRules(`agent: {agent_id: [demo-agent]}, destination: ${destination}, schemes: [http]}`),
    ...(securePort === undefined ? [] : insideRule(securePort)),
    'limits:',
    INSPECTED_LIMIT,
    '  - {id: reads-rate, match: {agent: {agent_id: [demo-limited]}, path_prefixes: [/hello]}, per: agent, rps: 10, burst: 10, mode: hard_stop}',
    '  - {id: slots, match: {agent: {agent_id: [demo-limited]}, path_prefixes: [/throttled]}, per: agent, rps: 40, burst: 5, mode: throttle, max_delay_ms: 400}',
    '',
  ].join('\n');
}

/** The second kind of path has a cap, which takes a stream through the relay. */
function socketRules(destination: string): string[] {
  const match = `agent: {agent_id: [demo-agent]}, destination: ${destination}, schemes: [http]}, protocol: {kind: websocket}`;
  return [
    `  - {id: sockets, action: allow, match: {${match}, path_prefixes: [/socket]}}`,
    `  - {id: relayed, action: allow, stream: {max_bytes: 100000}, match: {${match}, path_prefixes: [/relayed]}}`,
  ];
}

function insideRule(port: number): string[] {
  const destination = `{hosts: [${INTERCEPTED}], ports: [${port}]`;
  return [
    '  - id: inside',
    `    match: {agent: {agent_id: [demo-agent, demo-limited]}, destination: ${destination}, schemes: [https]}, path_prefixes: [/hello, /slow, /reset], protocol: {kind: http}}`,
    '    tls: intercept',
    '    action: allow',
    `  - {id: inside-contract, action: allow, tls: intercept, match: {agent: {agent_id: [demo-agent]}, destination: ${destination}, schemes: [https]}, path_prefixes: [/contract]}, request: {format: json, schema: refund.v1, max_bytes: 65536}, response: {inspect: json, schema: n.v1, on_violation: block}}`,
  ];
}
