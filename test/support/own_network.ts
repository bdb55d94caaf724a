import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INSIDE = 'CG_TEST_OWN_NETWORK';
const TOOLS = ['unshare', 'mount', 'ip', 'nft', 'setpriv'];
const SH = 'sh';

/** Why this process cannot be given a network of its own; undefined: it can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'a network of its own needs root';
  const lacking = TOOLS.filter((name) => spawnSync('which', [name]).status !== 0);
  return lacking.length === 0 ? undefined : `not installed: ${lacking.join(', ')}`;
}

/** Why redirected connections cannot be shown here; undefined: this process is in a network of its own. */
export function notInOwnNetwork(): string | undefined {
  return process.env[INSIDE] === undefined ? (missing() ?? 'not in a network of its own') : undefined;
}

/**
 * For the first line of a test file or script: true where it is to go on. As root that is a second run of the same file, in
 * a network and a mount namespace that end with it: loopback, a wire that leads nowhere, and a `resolv.conf` that names
 * 127.0.0.1. Whatever the tests do to rules and routes is done there. Without root they run where they are.
 */
export async function inOwnNetwork(file: string): Promise<boolean> {
  const reason = missing();
  if (process.env[INSIDE] !== undefined) return true;
  if (reason !== undefined) {
    if (process.env['CI'] === 'true') throw new Error(`${reason}; CI must run it`);
    return true;
  }
  const dir = mkdtempSync(join(tmpdir(), 'cg-own-network-'));
  try {
    writeFileSync(join(dir, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    process.exitCode = await again(file, join(dir, 'resolv.conf'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return false;
}

/** The wire is there because nothing is sent where no route leads, and then there is nothing to redirect. */
const SET_UP = `set -e
mount --bind "$0" /etc/resolv.conf
ip link set lo up
ip link add wire0 type veth peer name wire1
ip addr add 10.93.0.1/24 dev wire0
ip addr add fd93::1/64 dev wire0 nodad
ip link set wire0 up
ip link set wire1 up
ip route add default via 10.93.0.2
ip -6 route add default via fd93::2
exec "$@"`;

async function again(file: string, resolvConf: string): Promise<number> {
  const own = [process.execPath, ...process.execArgv, file, ...process.argv.slice(2)];
  const args = ['--net', '--mount', '--propagation', 'private', SH, '-c', SET_UP, resolvConf, ...own];
  const child = spawn(TOOLS[0] ?? '', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
