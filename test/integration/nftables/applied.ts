import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Answering, missing, processesNaming, until, type World, world } from './world.ts';

/** A world with these settings in which somebody answers there; undefined where it cannot be, and the test is skipped. */
export async function answeringWorld(
  t: TestContext,
  settings: object,
  listeners: readonly Answering[],
): Promise<World | undefined> {
  const reason = missing();
  if (reason !== undefined) {
    t.skip(reason);
    return undefined;
  }
  const here = await world(t);
  await here.answering(listeners);
  here.configure(settings);
  return here;
}

export function inForce(here: World): void {
  const applied = here.cli('apply');
  assert.equal(applied.status, 0, applied.stderr);
  assert.equal(here.cli('confirm').status, 0);
}

/** A time to confirm that a busy machine needs not nearly, to see that a change is in force, before it is rolled back. */
export const SEEN_FOR = '8s';

/** `apply`, killed with its whole group at that moment; resolves when what it left behind has done its work. */
export async function applyKilledAt(here: World, moment: () => boolean): Promise<void> {
  const [program = '', ...args] = here.cliCommand;
  const config = ['apply', '--confirm-within', '4s', '--config', here.config];
  const child = spawn(program, [...args, ...config], { detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await until(moment);
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH', 'it had ended already');
  }
  await ended;
  await until(() => processesNaming(here.changes).length === 0);
}

/** The moment at which a change is written down. */
export function isWrittenDown({ changes }: World): boolean {
  return existsSync(changes) && readdirSync(changes).some((name) => name.startsWith('pending-'));
}
