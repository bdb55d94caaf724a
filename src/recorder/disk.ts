import { closeSync, constants, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';

/**
 * One open segment. Calls are synchronous: a commit is one write and one sync on the recorder's own thread, and
 * handing either to a thread pool costs more than it saves.
 *
 * MUST persist everything appended before `sync` returns. MUST throw when a sync fails; nobody calls it again then,
 * because a second fsync after a failed one reports success for pages that are gone.
 */
export interface JournalDisk {
  /** Appends at the end; returns how many bytes were taken. */
  append(bytes: Uint8Array): number;
  sync(): void;
  size(): number;
  close(): void;
}

export function openFileDisk(path: string): JournalDisk {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  return {
    append: (bytes) => writeSync(fd, bytes),
    sync: () => fdatasyncSync(fd),
    size: () => fstatSync(fd).size,
    close: () => closeSync(fd),
  };
}
