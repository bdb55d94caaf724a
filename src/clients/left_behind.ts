import { spawn } from 'node:child_process';

/** Waits for the end of its input, which the kernel brings about however the writer ends. */
const WAIT_AND_REMOVE = `trap '' HUP INT QUIT TERM; read -r _; exec rm -rf -- "$1"`;

/** Removes this folder when this process has ended, also when it was killed. In a session of its own, out of Ctrl-C's reach. */
export function removeWhenGone(dir: string): void {
  const watcher = spawn('/bin/sh', ['-c', WAIT_AND_REMOVE, 'sh', dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  });
  // Without it the folder is removed in the ordinary way alone.
  watcher.on('error', () => {});
  watcher.unref();
  const { stdin } = watcher;
  stdin?.on('error', () => {});
  // A pipe is a socket to Node; its type does not say so.
  (stdin as unknown as { unref?: () => void } | null)?.unref?.();
}
