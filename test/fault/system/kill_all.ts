import { readdirSync, readFileSync } from 'node:fs';
import type { World } from '../../support/fault_world.ts';
import { eventually } from '../../support/running.ts';

/**
 * SIGKILL to everything that decides or forwards. The supervisor first, so that it does not see its children go. Resolves
 * when all have ended: a thread that is in the middle of a write finishes it.
 */
export async function killAll({ running }: World): Promise<void> {
  const children = ['gateway', 'envoy.json'].map((word) => running.childPid(word));
  running.up.kill('SIGKILL');
  for (const pid of children) killIfAlive(pid);
  for (const pid of children) await eventually(() => isOver(pid) || undefined, `the end of ${pid}`, 60_000);
}

/** Children end by themselves once their supervisor is gone, and may be faster. */
function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Gone, or waiting for somebody to ask how it ended: the first thread may be, while others still end. */
function isOver(pid: number): boolean {
  const folder = `/proc/${pid}/task`;
  return orGone(() => readdirSync(folder), []).every((thread) =>
    /^State:\s+[ZX]/m.test(orGone(() => readFileSync(`${folder}/${thread}/status`, 'utf8'), 'State: X')),
  );
}

function orGone<T>(look: () => T, gone: T): T {
  try {
    return look();
  } catch {
    return gone;
  }
}
