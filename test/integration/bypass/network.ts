import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolversOf } from '../../../src/bypass/places.ts';
import { eventually } from '../../support/running.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const OUTSIDE = fileURLToPath(new URL('./outside.ts', import.meta.url));
const IP = 'ip';
export const AGENT_UID = 64_123;
/** Looks like the Internet, and lives in this test's namespaces only. */
export const TARGET = '11.0.0.9';
export const TARGET6 = '2600:db8::9';
/** The last one is what policy allows: `--allowed-http`. */
const TARGET_PORTS = [443, 8443, 53, 8000];

export interface Network {
  /** Of gateway and agent. */
  readonly inside: string;
  readonly outside: string;
  readonly dir: string;
  readonly stateDir: string;
  readonly arrivals: () => string;
  close(): Promise<void>;
}

/** Undefined when namespaces and rules cannot be had here; why, otherwise. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const tools = ['ip', 'nft', 'setpriv'].filter((tool) => spawnSync('which', [tool]).status !== 0);
  return tools.length === 0 ? undefined : `${tools.join(', ')} not installed`;
}

/** Two namespaces, a wire between them, `clawgress up` inside and the target outside. */
export async function openNetwork(): Promise<Network> {
  const name = `cgb${randomBytes(3).toString('hex')}`;
  const [inside, outside] = [`${name}i`, `${name}o`];
  const dir = mkdtempSync(join(tmpdir(), 'cg-bypass-'));
  const stateDir = join(dir, 'state');
  const started: ChildProcess[] = [];
  const close = async () => {
    await Promise.all([...started].reverse().map(ended));
    for (const space of [inside, outside]) spawnSync(IP, ['netns', 'del', space]);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    wire(inside, outside);
    let arrivals = '';
    const target = enter(outside, [CLI, 'doctor', '--bypass-target', '--listen', listenOn()]);
    const metadata = enter(outside, [process.execPath, '--import', 'tsx', OUTSIDE]);
    started.push(target, metadata);
    target.stdout?.on('data', (part: Buffer) => (arrivals += part.toString()));
    await Promise.all([said(target, /listening/), said(metadata, /listening/)]);
    const up = enter(inside, [CLI, 'up', '--state-dir', stateDir, '--ports', 'auto']);
    started.push(up);
    await said(up, /ready/i);
    return { inside, outside, dir, stateDir, arrivals: () => arrivals, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function wire(inside: string, outside: string): void {
  const ip = (...args: string[]) => execFileSync(IP, args, { stdio: 'pipe' });
  for (const space of [inside, outside]) {
    ip('netns', 'add', space);
    ip('-n', space, 'link', 'set', 'lo', 'up');
  }
  ip('link', 'add', 'wire', 'netns', inside, 'type', 'veth', 'peer', 'name', 'wire', 'netns', outside);
  const ends = [
    [inside, '11.1.0.1/24', '2600:db8:1::1/64'],
    [outside, '11.1.0.2/24', '2600:db8:1::2/64'],
  ] as const;
  for (const [space, four, six] of ends) {
    ip('-n', space, 'addr', 'add', four, 'dev', 'wire');
    ip('-n', space, 'addr', 'add', six, 'dev', 'wire', 'nodad');
    ip('-n', space, 'link', 'set', 'wire', 'up');
  }
  ip('-n', inside, 'route', 'add', 'default', 'via', '11.1.0.2');
  ip('-n', inside, 'route', 'add', 'default', 'via', '2600:db8:1::2');
  for (const address of [
    `${TARGET}/32`,
    `${TARGET6}/128`,
    '169.254.169.254/32',
    'fd00:ec2::254/128',
    ...resolverAddresses(),
  ])
    ip('-n', outside, 'addr', 'add', address, 'dev', 'lo', ...(address.includes(':') ? ['nodad'] : []));
}

/** The resolver of this machine's resolv.conf is played by the target. */
function resolverAddresses(): readonly string[] {
  const found = resolversOf(readFileSync('/etc/resolv.conf', 'utf8')).map(({ host }) => host);
  return found.filter((host) => !/^127\./.test(host) && !host.includes(':')).map((host) => `${host}/32`);
}

function listenOn(): string {
  const own = resolverAddresses().map((address) => `${address.replace('/32', '')}:53`);
  const four = TARGET_PORTS.map((port) => `${TARGET}:${port}`);
  return [...four, `[${TARGET6}]:443`, ...own].join(',');
}

function enter(space: string, command: readonly string[]): ChildProcess {
  return spawn(IP, ['netns', 'exec', space, ...command], { stdio: 'pipe' });
}

const PRINTED_MS_MAX = 120_000;

async function said(child: ChildProcess, pattern: RegExp): Promise<void> {
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => (printed += part.toString()));
  await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${printed}`);
      return pattern.test(printed) ? true : undefined;
    },
    `${pattern} in what a child prints`,
    PRINTED_MS_MAX,
  );
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await exited;
  clearTimeout(timer);
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line inside, as root. */
export function asRoot(net: Network, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return run(['netns', 'exec', net.inside, CLI, ...args], env, net.dir);
}

/** The same as the agent's user, without any capability unless one is named. */
export function asAgent(
  net: Network,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  capability?: string,
): Promise<Ran> {
  const id = String(AGENT_UID);
  const keep =
    capability === undefined
      ? ['--inh-caps=-all']
      : [`--inh-caps=-all,+${capability}`, `--ambient-caps=+${capability}`];
  const user = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', ...keep];
  return run(['netns', 'exec', net.inside, ...user, CLI, ...args], env, '/');
}

function run(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(IP, args, { env: { PATH: process.env['PATH'], ...env }, cwd, stdio: 'pipe' });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** Replaces all rules inside by a chain of these. */
export function guardWith(net: Network, rules: readonly string[]): void {
  const chain = `type filter hook output priority 0; policy accept;\n${rules.join('\n')}`;
  loadRules(net, `table inet test {\nchain out {\n${chain}\n}\n}\n`);
}

/** Replaces all rules inside by a ruleset. */
export function loadRules(net: Network, ruleset: string): void {
  const input = `flush ruleset\n${ruleset}`;
  execFileSync(IP, ['netns', 'exec', net.inside, 'nft', '-f', '-'], { input });
}
