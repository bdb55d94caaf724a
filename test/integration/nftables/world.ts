import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findProgram } from '../../../src/intercept_host/nftables/nft.ts';
import { removeChangesDir } from '../../../src/intercept_host/nftables/pending.ts';

/** Gives a command a terminal of its own (bsdutils). */
export const TERMINAL = 'script';
const IP = 'ip';
const root = join(import.meta.dirname, '..', '..', '..');

export const PROXY_PORT = 3128;
export const OTHER_PORT = 5432;
/** The host (4 and 6), and a machine beyond it. */
export const HOST = { four: '10.91.0.1', six: 'fd91::1' };
export const OUTSIDE = { four: '10.91.0.2', six: 'fd91::2' };
/** The machine of routed agents, and the host's address on that side. */
export const AGENTS = { four: '10.92.0.2', six: 'fd92::2' };
export const HOST_INSIDE = { four: '10.92.0.1', six: 'fd92::1' };

/** What a listener of `answering` takes part in. */
export type Answering = readonly [
  kind: 'redirect' | 'tproxy' | 'dns' | 'late' | 'names',
  host: string,
  port: number,
];

export type Attempt = readonly [
  kind: 'tcp' | 'mptcp' | 'udp' | 'icmp' | 'hear' | 'say' | 'ask',
  host: string,
  port: number,
  /** The port it asks from; absent: any. */
  from?: number,
];

/** Why these tests cannot run here; undefined when they can. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'SKIPPED: needs root for network namespaces';
  const lacking = ['ip', 'nft', 'unshare', 'python3', TERMINAL].filter(
    (name) => findProgram(name) === undefined,
  );
  return lacking.length > 0 ? `SKIPPED: not installed: ${lacking.join(', ')}` : undefined;
}

/** agents ─ host ─ outside: three network namespaces. All of it goes away with the test. */
export interface World {
  /** Runs the command line in the host's namespace. */
  cli(...args: string[]): {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  };
  /** The same with `etc` in place of /etc, and without systemd. */
  cliElsewhere(
    etc: string,
    ...args: string[]
  ): { readonly status: number | null; readonly stdout: string; readonly stderr: string };
  cliJson(...args: string[]): Record<string, unknown>;
  readonly cliCommand: readonly string[];
  /** Path of the configuration file. */
  readonly config: string;
  configure(settings: object): void;
  /** Tries as a user of the host, or of the agents' machine. */
  probe(where: 'host' | 'agents', who: string, attempts: readonly Attempt[]): readonly string[];
  /** Connects as that user; what it returns then sends on that connection. */
  connected(who: string, host: string, port: number, where?: 'host' | 'agents'): Promise<() => Promise<void>>;
  /** Listeners on the host that say where a connection was going, and one that echoes questions. */
  answering(places: readonly Answering[]): Promise<void>;
  /** Packets of TCP, UDP and echo requests that have reached the machine outside. */
  seenOutside(): number;
  listing(): string;
  nft(text: string): void;
  /** Policy rules beside the system's own, and the table of ours, IPv4 and IPv6; empty when there are none. */
  policyRoute(): string;
  /** Runs a shell command in the host's namespace. */
  onHost(command: string): string;
  /** Folder of the changes of this namespace. */
  readonly changes: string;
}

export async function world(t: TestContext): Promise<World> {
  const id = randomBytes(3).toString('hex');
  const spaces = { host: `cgh${id}`, outside: `cgo${id}`, agents: `cga${id}` };
  const dir = mkdtempSync(join(tmpdir(), 'cg-nft-'));
  const children: ChildProcess[] = [];
  let changes = '';
  t.after(async () => {
    for (const child of children) {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    for (const name of Object.values(spaces)) spawnSync(IP, ['netns', 'del', name]);
    rmSync(dir, { recursive: true, force: true });
    if (changes !== '') removeChangesDir(changes);
  });
  build(spaces);
  const inode = must([IP, 'netns', 'exec', spaces.host, 'readlink', '/proc/self/ns/net']);
  changes = `/run/clawgress-nftables/${/\d+/.exec(inode)?.[0]}`;
  const python = async (space: string, script: string, ...args: string[]) => {
    const command = ['netns', 'exec', space, '/usr/bin/python3', join(import.meta.dirname, script), ...args];
    const child = spawn(IP, command, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  };
  const listen = (space: string, places: readonly (readonly [string, number])[]) =>
    python(space, 'listen.py', JSON.stringify(places));
  await listen(spaces.outside, [...twice(OUTSIDE, 80), ...twice(OUTSIDE, 53), ...twice(OUTSIDE, 8443)]);
  await listen(spaces.host, [
    ['127.0.0.1', PROXY_PORT],
    ['127.0.0.1', OTHER_PORT],
    ...twice(HOST_INSIDE, PROXY_PORT),
    ...twice(HOST_INSIDE, OTHER_PORT),
  ]);
  const config = join(dir, 'clawgress.yaml');
  const node = [process.execPath, '--import', join(root, 'node_modules/tsx/dist/loader.mjs')];
  const cliCommand = [IP, 'netns', 'exec', spaces.host, ...node, join(root, 'src/cli/main.ts')];
  const spawned = (before: readonly string[], args: readonly string[]) => {
    const takesConfig = !['confirm', 'remove'].includes(args[0] ?? '');
    const all = ['intercept', 'nftables', ...args, ...(takesConfig ? ['--config', config] : [])];
    const [program = '', ...rest] = [...before, ...cliCommand];
    return spawnSync(program, [...rest, ...all], { encoding: 'utf8', cwd: dir });
  };
  const cli: World['cli'] = (...args) => spawned([], args);
  return {
    cli,
    cliElsewhere: (etc, ...args) => spawned(['unshare', '--mount', 'sh', '-c', ELSEWHERE, etc], args),
    config,
    cliCommand: [...cliCommand, 'intercept', 'nftables'],
    cliJson: (...args) => JSON.parse(cli(...args, '--json').stdout) as Record<string, unknown>,
    configure: (settings) =>
      writeFileSync(config, JSON.stringify({ state_dir: join(dir, 'state'), ...settings })),
    probe(where, who, attempts) {
      const command = [IP, 'netns', 'exec', spaces[where], '/usr/bin/python3'];
      const script = join(import.meta.dirname, 'probe.py');
      return JSON.parse(must([...command, script, who, JSON.stringify(attempts)])) as string[];
    },
    async connected(who, host, port, where = 'host') {
      const child = await python(spaces[where], 'connected.py', who, host, String(port));
      return async () => {
        child.stdin.end();
        await once(child, 'exit');
      };
    },
    async answering(places) {
      await python(spaces.host, 'answer.py', JSON.stringify(places));
    },
    seenOutside: () =>
      Number(
        /packets (\d+)/.exec(
          must([IP, 'netns', 'exec', spaces.outside, 'nft', 'list', 'counter', 'inet', 'seen', 'reached']),
        )?.[1],
      ),
    listing: () => must([IP, 'netns', 'exec', spaces.host, 'nft', '-s', 'list', 'ruleset']),
    nft: (text) => void must([IP, 'netns', 'exec', spaces.host, 'nft', '-f', '-'], text),
    policyRoute: () => must([IP, 'netns', 'exec', spaces.host, 'sh', '-c', POLICY_ROUTE]),
    onHost: (command) => must([IP, 'netns', 'exec', spaces.host, 'sh', '-c', command]),
    changes,
  };
}

const WAIT_MAX_MS = 60_000;

/** Until the condition holds. Throws when that takes for ever. */
export async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + WAIT_MAX_MS;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`waited in vain: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Processes whose command line names `text`. */
export function processesNaming(text: string): readonly string[] {
  return must(['ls', '/proc'])
    .split('\n')
    .filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`))
    .filter((pid) => commandLine(pid).includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function build({ host, outside, agents }: Record<'host' | 'outside' | 'agents', string>): void {
  for (const name of [host, outside, agents]) {
    must([IP, 'netns', 'add', name]);
    must([IP, '-n', name, 'link', 'set', 'lo', 'up']);
  }
  must([IP, '-n', host, 'link', 'add', 'egress0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside]);
  must([IP, '-n', host, 'link', 'add', 'agents0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', agents]);
  address(host, 'egress0', HOST);
  address(outside, 'eth0', OUTSIDE);
  address(host, 'agents0', HOST_INSIDE);
  address(agents, 'eth0', AGENTS);
  for (const [name, via] of [
    [agents, HOST_INSIDE] as const,
    [outside, HOST] as const,
    [host, OUTSIDE] as const,
  ]) {
    must([IP, '-n', name, 'route', 'add', 'default', 'via', via.four]);
    must([IP, '-n', name, '-6', 'route', 'add', 'default', 'via', via.six]);
  }
  const forward = 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding';
  must([IP, 'netns', 'exec', host, 'sh', '-c', forward]);
  const ping = 'echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range';
  for (const name of [host, agents]) must([IP, 'netns', 'exec', name, 'sh', '-c', ping]);
  must([IP, 'netns', 'exec', outside, 'nft', '-f', '-'], SEEN);
}

/** In a mount namespace of its own: nothing here reaches the real /etc, or the real systemd. */
const ELSEWHERE =
  'mount --bind "$0" /etc && if [ -d /run/systemd ]; then mount -t tmpfs tmpfs /run/systemd; fi && exec "$@"';

const POLICY_ROUTE = `for family in -4 -6; do
  ip $family rule show | grep -v -E 'lookup (local|main|default)' ||:
  ip $family route show table 3098 2>/dev/null ||:
done`;

const SEEN = `table inet seen {
  counter reached { }
  chain input {
    type filter hook input priority -300; policy accept;
    meta l4proto { tcp, udp } counter name reached
    icmp type echo-request counter name reached
    icmpv6 type echo-request counter name reached
  }
}
`;

function address(space: string, device: string, { four, six }: { four: string; six: string }): void {
  must([IP, '-n', space, 'addr', 'add', `${four}/24`, 'dev', device]);
  must([IP, '-n', space, 'addr', 'add', `${six}/64`, 'dev', device, 'nodad']);
  must([IP, '-n', space, 'link', 'set', device, 'up']);
}

function twice({ four, six }: { four: string; six: string }, port: number): (readonly [string, number])[] {
  return [[four, port] as const, [six, port] as const];
}

function must(command: readonly string[], input = ''): string {
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, { encoding: 'utf8', input });
  if (done.status !== 0) throw new Error(`${command.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
