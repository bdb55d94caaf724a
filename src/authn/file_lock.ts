import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryError } from './registry_error.ts';

const WAIT_MS_MAX = 5_000;
const RETRY_MS = 25;
/** Long enough for a second process that saw the same dead owner to have made its own attempt. */
const TAKEOVER_SETTLE_MS = 100;

/**
 * Runs `work` while no other process on this machine holds the lock of `path`. The lock is a file that names its
 * owner, so that one left behind by a killed process is taken over instead of blocking for ever.
 */
export async function withFileLock<T>(path: string, work: () => T): Promise<T> {
  const lock = `${path}.lock`;
  const mine = `${process.pid} ${randomBytes(8).toString('hex')}`;
  await acquire(lock, mine);
  try {
    return work();
  } finally {
    if (ownerOf(lock) === mine) rmSync(lock, { force: true });
  }
}

async function acquire(lock: string, mine: string): Promise<void> {
  const draft = `${lock}.${mine.replace(' ', '.')}`;
  writeFileSync(draft, mine, { mode: 0o600, flag: 'wx' });
  try {
    for (let waited = 0; waited < WAIT_MS_MAX; waited += RETRY_MS) {
      if (tryLink(draft, lock)) return;
      const owner = ownerOf(lock);
      if (owner !== undefined && !isAlive(owner) && (await takeOver(draft, lock, owner, mine))) return;
      await sleep(RETRY_MS);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new RegistryError(
    `${lock}: another process is changing the registry; try again, or remove the lock file`,
  );
}

/** A link either appears with its content or fails: nobody ever sees an empty lock. */
function tryLink(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Two processes may find the same dead owner; the one whose name survives the pause has the lock. */
async function takeOver(draft: string, lock: string, dead: string, mine: string): Promise<boolean> {
  if (ownerOf(lock) !== dead) return false;
  renameSync(draft, lock);
  await sleep(TAKEOVER_SETTLE_MS);
  if (ownerOf(lock) === mine) return true;
  writeFileSync(draft, mine, { mode: 0o600 });
  return false;
}

function ownerOf(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(owner: string): boolean {
  const pid = Number(owner.split(' ', 1)[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive as well.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
