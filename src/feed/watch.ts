import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

export interface WatchOptions {
  readonly files: readonly string[];
  /** Looks whether something changed; called often, so it has to be cheap. Never rejects. */
  readonly touched: () => Promise<boolean>;
  /** Never rejects. */
  readonly changed: () => Promise<void>;
}

// Revocation has to bite within a second: notice (250) + settle (50) + read and compile stay well below.
const POLL_MS = 500;
/** An editor that writes in place is given this long to finish. */
const SETTLE_MS = 50;

/**
 * Calls `changed` soon after any of the files changes. File system events are the fast way, the poll is the sure one
 * (network file systems and some containers deliver no events). Folders are watched, not files: an atomic replace
 * leaves a watched file behind. Returns the way to stop.
 */
export function watchFiles({ files, touched, changed }: WatchOptions): () => void {
  let stopped = false;
  let settling: NodeJS.Timeout | undefined;
  const settle = async () => {
    await changed();
    settling = undefined;
  };
  const look = async () => {
    // One at a time: a folder with constant traffic must neither starve nor multiply the reloads.
    if (settling || !(await touched()) || settling || stopped) return;
    settling = setTimeout(() => void settle(), SETTLE_MS);
  };
  const poll = setInterval(() => void look(), POLL_MS);
  const watchers = [...new Set(files.map(dirname))].map((folder) => watchFolder(folder, () => void look()));
  return () => {
    stopped = true;
    clearInterval(poll);
    clearTimeout(settling);
    for (const watcher of watchers) watcher?.close();
  };
}

/** Events only make us look sooner, so a folder that cannot be watched is not an error. */
function watchFolder(folder: string, look: () => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, look).on('error', () => undefined);
  } catch {
    return undefined;
  }
}
