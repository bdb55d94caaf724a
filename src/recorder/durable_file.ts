import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the names in a folder durable: a synced file under an unsynced name can vanish with the power. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes a whole file and syncs file and folder; readers see the old content or the new, never a part. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const draft = `${path}.${process.pid}.new`;
  writeSynced(draft, 'w', typeof content === 'string' ? Buffer.from(content) : content);
  renameSync(draft, path);
  syncFolder(dirname(path));
}

/** Writes all bytes and syncs. */
export function writeSynced(path: string, flags: 'w' | 'wx' | 'a', bytes: Uint8Array): void {
  const fd = openSync(path, flags, 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
