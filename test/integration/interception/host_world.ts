import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { type Running, startClawgress } from '../../support/running.ts';
import type { Ran } from './redirected_world.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const IP = 'ip';
export const NAME = 'demo.localhost';
export const BOUND_UID = 2001;
export const OTHER_UID = 2002;

/** Commands about the rules in force, whoever applied them. */
const OF_THE_KERNEL: ReadonlySet<string> = new Set(['confirm', 'remove']);

/** A host of its own, with users that know nothing of a gateway, and the product's own rules around them. */
export interface HostWorld {
  readonly running: Running;
  /** A Python program of that user; `CA` in its environment is what it should trust. */
  python(uid: number, program: string, ...args: readonly string[]): Promise<Ran>;
  cli(...args: readonly string[]): Promise<Ran>;
  records(): NaiveRecord[];
  close(): Promise<void>;
}

export async function startHost(settings: string, policy: string): Promise<HostWorld> {
  const space = `cgh${randomBytes(3).toString('hex')}`;
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-host-'));
  const shared = mkdtempSync(join(tmpdir(), 'cg-host-ca-'));
  const removeAll = (): void => {
    spawnSync(IP, ['netns', 'del', space]);
    for (const dir of [stateDir, shared]) rmSync(dir, { recursive: true, force: true });
  };
  const inSpace = [IP, 'netns', 'exec', space];
  try {
    openSpace(space);
    const config = join(stateDir, 'clawgress.yaml');
    writeFileSync(config, settings);
    writeFileSync(join(stateDir, 'policy.yaml'), policy, { mode: 0o600 });
    const running = await startClawgress({ stateDir, args: ['--config', config], through: inSpace });
    const ca = join(shared, 'ca.pem');
    copyFileSync(running.endpoints.ca_bundle, ca);
    await ran('chmod', ['-R', 'a+rX', shared]);
    const { journal_dir, public_keys } = running.endpoints;
    const cli = (...args: readonly string[]) =>
      ran(inSpace[0] ?? '', [
        ...inSpace.slice(1),
        CLI,
        ...args,
        ...(OF_THE_KERNEL.has(args[2] ?? '') ? [] : ['--state-dir', stateDir, '--config', config]),
      ]);
    return {
      ...{ running, cli },
      python(uid, program, ...args) {
        const user = ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
        const python = ['env', '-i', `CA=${ca}`, '/usr/bin/python3', '-c', program, ...args];
        return ran(inSpace[0] ?? '', [...inSpace.slice(1), ...user, ...python]);
      },
      records: () => readJournal(journal_dir, public_keys),
      async close() {
        await cli('intercept', 'nftables', 'remove');
        await running.stop();
        removeAll();
      },
    };
  } catch (error) {
    removeAll();
    throw error;
  }
}

/** Loopback, and a way out on which nobody answers: without a route the kernel refuses before any rule is asked. */
function openSpace(space: string): void {
  const ip = (...args: readonly string[]): void => {
    const done = spawnSync(IP, args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr}`);
  };
  ip('netns', 'add', space);
  ip('-n', space, 'link', 'set', 'lo', 'up');
  ip('-n', space, 'link', 'add', 'out0', 'type', 'veth', 'peer', 'name', 'out1');
  ip('-n', space, 'addr', 'add', '10.95.0.1/24', 'dev', 'out0');
  ip('-n', space, 'addr', 'add', 'fd95::1/64', 'dev', 'out0', 'nodad');
  for (const device of ['out0', 'out1']) ip('-n', space, 'link', 'set', device, 'up');
  ip('-n', space, 'route', 'add', 'default', 'via', '10.95.0.2');
  ip('-n', space, '-6', 'route', 'add', 'default', 'via', 'fd95::2');
}

function ran(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { encoding: 'latin1', timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}
