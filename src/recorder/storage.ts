import { statfsSync } from 'node:fs';
import { RecorderError } from './options.ts';

/** statfs(2) magic numbers of file systems whose sync promises less than a disk's. */
const UNSAFE: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x794c7630, 'overlay'],
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x00c36400, 'ceph'],
  [0x5346414f, 'afs'],
  [0x0bd00bd0, 'lustre'],
]);

/** Names the file system when it may lose what was synced; undefined when it is fine. */
export function unsafeFileSystem(magic: number): string | undefined {
  // Some platforms report the number sign-extended.
  return UNSAFE.get(magic >>> 0);
}

/** Refuses a folder where "on stable storage" would not be true, unless the settings accept it. */
export function requireSafeStorage(folder: string, allowed: boolean): void {
  const found = unsafeFileSystem(statfsSync(folder).type);
  if (found === undefined || allowed) return;
  throw new RecorderError(
    `${folder} is on ${found}, which may lose records that were synced. ` +
      'Put the state folder on a local disk, or set recorder.allow_unsafe_storage: true to accept the loss.',
  );
}
