import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type RoutePart, routeScript } from './policy_route.ts';
import { WATCHDOG_SCRIPT } from './watchdog.ts';

/** Emptied by a reboot, as the rules are. */
export const RUN_DIR = '/run/clawgress-nftables';
const TOKEN_BYTES = 8;
/** Neither a change nor a rollback takes that long. */
const WORK_MAX_MS = 60_000;

/** Why nothing was changed; the message says what to do. */
export class ChangeError extends Error {
  override readonly name = 'ChangeError';
}

/** A change that is in force until its deadline, and for good only when somebody confirms it. */
export interface Pending {
  readonly token: string;
  /** Folder with `previous.nft` and `previous-route.sh` (what to go back to), `change.json` and the watchdog's script. */
  readonly path: string;
  readonly deadline_ms: number;
  /** The ruleset as rendered, to be kept for the next boot when `persist` is set. */
  readonly ruleset: string;
  /** Whether the rules need the policy route. */
  readonly route: boolean;
  readonly persist: boolean;
}

/** What was in force before a change. */
export interface Previous {
  readonly ruleset: string;
  readonly route: readonly RoutePart[];
}

/** Folder of one network namespace: each has rules of its own. */
export function changesDir(runDir: string = RUN_DIR): string {
  const inode = /\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/net'))?.[1] ?? 'unknown';
  return join(runDir, inode);
}

/** Root alone may write there: its content is loaded as root. Throws when somebody else could. */
export function openChangesDir(dir: string): void {
  // Both before either is looked at: with something in it, nobody else's clean-up takes the folder above away.
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const path of [dirname(dir), dir]) {
    const found = lstatSync(path);
    if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) continue;
    throw new ChangeError(`${path} is not a folder that only root can write`);
  }
}

/** Two changes at once would each take the other one for the way back. Throws while another one is at work. */
export function alone<T>(dir: string, work: () => T): T {
  const lock = join(dir, 'changing');
  // Whoever was killed at it left the lock behind; nobody needs that long.
  if (existsSync(lock) && Date.now() - lstatSync(lock).mtimeMs > WORK_MAX_MS) rmdirSync(lock);
  try {
    mkdirSync(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ChangeError('another change of the rules is under way; try again in a minute');
  }
  try {
    return work();
  } finally {
    rmdirSync(lock);
  }
}

/** Writes the folder of a change; it counts from the moment it has its name. */
export function addPending(dir: string, previous: Previous, facts: Omit<Pending, 'token' | 'path'>): Pending {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const draft = join(dir, `draft-${token}`);
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(join(draft, 'previous.nft'), previous.ruleset, { mode: 0o600 });
  writeFileSync(join(draft, 'previous-route.sh'), routeScript(previous.route), { mode: 0o600 });
  writeFileSync(join(draft, 'previous-route.json'), JSON.stringify(previous.route), { mode: 0o600 });
  writeFileSync(join(draft, 'watchdog.sh'), WATCHDOG_SCRIPT, { mode: 0o600 });
  writeFileSync(join(draft, 'change.json'), JSON.stringify(facts), { mode: 0o600 });
  const path = join(dir, `pending-${token}`);
  renameSync(draft, path);
  return { token, path, ...facts };
}

/** Changes that nobody has confirmed, newest deadline last. */
export function pendingChanges(dir: string): readonly Pending[] {
  return named(dir, 'pending-')
    .flatMap((name) => readChange(join(dir, name), name.slice('pending-'.length)))
    .sort((a, b) => a.deadline_ms - b.deadline_ms);
}

/** What to go back to when this change is not confirmed. */
export function previousOf(pending: Pending): Previous {
  const read = (name: string) => readFileSync(join(pending.path, name), 'utf8');
  const route = JSON.parse(read('previous-route.json')) as readonly RoutePart[];
  return { ruleset: read('previous.nft'), route };
}

/** Takes the change away from its watchdog; false when the rollback was quicker. */
export function claim(pending: Pending): boolean {
  const taken = join(dirname(pending.path), `claimed-${pending.token}`);
  try {
    renameSync(pending.path, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  rmSync(taken, { recursive: true, force: true });
  return true;
}

/** Whether the watchdog of this change has decided. Confirmed in between, it has left no rollback. */
export function wasRolledBack(pending: Pending): boolean {
  if (existsSync(pending.path)) return false;
  const dir = dirname(pending.path);
  return named(dir, 'rolling-').length > 0 || existsSync(join(dir, 'rolled-back'));
}

/** Whether a watchdog is putting rules back right now, or was at it and has given up or been killed. */
export function rollbackState(dir: string, nowMs: number): 'none' | 'running' | 'failed' {
  const since = named(dir, 'rolling-').map((name) => lstatSync(join(dir, name)).ctimeMs);
  if (since.length === 0) return 'none';
  return since.some((startedMs) => nowMs - startedMs < WORK_MAX_MS) ? 'running' : 'failed';
}

/** When the last change that was rolled back should have been confirmed; undefined when there was none. */
export function lastRollback(dir: string): number | undefined {
  return readChange(join(dir, 'rolled-back'), '')[0]?.deadline_ms;
}

/** Of one that has ended, well or not. */
export function forgetRollback(dir: string): void {
  for (const name of ['rolled-back', ...named(dir, 'rolling-')]) {
    rmSync(join(dir, name), { recursive: true, force: true });
  }
}

/** Removes every trace; the folder above goes with the last namespace. */
export function removeChangesDir(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  try {
    rmdirSync(dirname(dir));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error;
  }
}

function named(dir: string, prefix: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith(prefix)) : [];
}

/** Empty when the folder has just gone: somebody confirmed or rolled back. */
function readChange(path: string, token: string): readonly Pending[] {
  try {
    const facts = JSON.parse(readFileSync(join(path, 'change.json'), 'utf8')) as Omit<
      Pending,
      'token' | 'path'
    >;
    return [{ ...facts, token, path }];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
