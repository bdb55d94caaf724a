import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { RecorderError } from './options.ts';

/** `flock` exits with this when someone else holds the lock. */
const CONFLICT = 75;
/** Where the child finds the inherited descriptor. */
const CHILD_FD = 3;

/**
 * Takes the exclusive lock of a journal for the life of this process and returns its release.
 * Node has no flock(2). The `flock` tool locks the open file description that it inherits from us; the description
 * stays ours, so the lock outlives the tool and falls with our process, however it ends.
 */
export function takeLock(path: string): () => void {
  const fd = openSync(path, 'a+', 0o600);
  const tool = spawnSync('flock', ['-x', '-n', '-E', String(CONFLICT), String(CHILD_FD)], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
  });
  const refusal = refusalOf(tool, path);
  if (refusal !== undefined) {
    closeSync(fd);
    throw new RecorderError(refusal);
  }
  sayWho(fd);
  return () => closeSync(fd);
}

/** For whoever is refused; a disk that is too full for a number must not keep the holder from starting. */
function sayWho(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
  } catch {
    // The lock is held all the same.
  }
}

function refusalOf(
  tool: { error?: Error; status: number | null; stderr: Buffer | null },
  path: string,
): string | undefined {
  if (tool.error !== undefined) {
    return `cannot lock ${path}: the tool flock (package util-linux) did not start: ${tool.error.message}`;
  }
  if (tool.status === CONFLICT) {
    const holder = readFileSync(path, 'latin1').trim();
    return `the journal is in use: process ${holder || '(unknown)'} holds ${path}. One journal has one writer; stop that process or use another state folder.`;
  }
  if (tool.status !== 0) return `cannot lock ${path}: ${tool.stderr?.toString().trim() ?? ''}`;
  return undefined;
}
