import { closeSync, constants, fdatasync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './durable_file.ts';

/**
 * One open segment. The write is synchronous (it ends in the page cache); the sync of a commit that requests wait for
 * runs beside the event loop, so that the next ones are decided while the disk is busy.
 *
 * MUST persist everything appended before `sync` returns or `syncSoon` reports success. A failed sync MUST be reported;
 * nobody syncs again then, because a second fsync after a failed one reports success for pages that are gone.
 */
export interface JournalDisk {
  /** Appends at the end; returns how many bytes were taken. */
  append(bytes: Uint8Array): number;
  sync(): void;
  /** Makes the file's name durable. */
  syncName(): void;
  /** Calls `settled` once, in a later turn: null when everything appended before is on stable storage. */
  syncSoon(settled: (error: Error | null) => void): void;
  size(): number;
  close(): void;
}

export function openFileDisk(path: string): JournalDisk {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  return {
    append: (bytes) => writeSync(fd, bytes),
    sync: () => fdatasyncSync(fd),
    syncName: () => syncFolder(dirname(path)),
    syncSoon: (settled) => fdatasync(fd, settled),
    size: () => fstatSync(fd).size,
    close: () => closeSync(fd),
  };
}
