import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../config/layout.ts';
import { CliError, EXIT } from './exit.ts';

const ATTEMPTS_MAX = 5;

/** Marks the state folder as run by this process; throws when another `up` runs on it. Returns the release. */
export function claimInstance(layout: Layout): () => void {
  const path = join(layout.run_dir, 'up.pid');
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      writeFileSync(path, identity(process.pid) ?? String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = livingHolder(path);
    if (holder !== undefined) {
      throw new CliError(
        EXIT.unavailable,
        `clawgress up already runs on ${layout.state_dir} (process ${holder})`,
        'stop it first, or give this one its own --state-dir together with --ports auto',
      );
    }
    rmSync(path, { force: true });
  }
  throw new CliError(EXIT.unavailable, `cannot claim ${path}`);
}

/** Process id of a running `up`; undefined when there is none. */
export function runningInstance(layout: Layout): number | undefined {
  const path = join(layout.run_dir, 'up.pid');
  return existsSync(path) ? livingHolder(path) : undefined;
}

function livingHolder(path: string): number | undefined {
  const written = readFileSync(path, 'utf8').trim();
  const pid = Number(written.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid) return undefined;
  return identity(pid) === written ? pid : undefined;
}

/** `pid start-time`: process ids are reused, the start time tells them apart. Undefined when there is no such process. */
function identity(pid: number): string | undefined {
  if (process.platform !== 'linux') return isAlive(pid) ? String(pid) : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name may hold spaces and parentheses; fields are counted from the last closing one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
