import type { World } from '../../support/fault_world.ts';

/** SIGKILL to everything that decides or forwards. The supervisor first, so that it does not see its children go. */
export function killAll({ running }: World): void {
  const children = ['gateway', 'envoy.json'].map((word) => running.childPid(word));
  running.up.kill('SIGKILL');
  for (const pid of children) process.kill(pid, 'SIGKILL');
}
