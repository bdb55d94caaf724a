import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeLock } from '../../../src/recorder/lock.ts';
import { requireSafeStorage, unsafeFileSystem } from '../../../src/recorder/storage.ts';
import { newStateDir } from './workbench.ts';

test('knows the file systems that may lose what was synced', () => {
  assert.equal(unsafeFileSystem(0x01021994), 'tmpfs');
  assert.equal(unsafeFileSystem(0x794c7630), 'overlay');
  assert.equal(unsafeFileSystem(0x6969), 'nfs');
  assert.equal(unsafeFileSystem(0xff534d42 | 0), 'cifs');
  for (const fine of [0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1])
    assert.equal(unsafeFileSystem(fine), undefined);
});

test('refuses a memory file system and names the setting', (t) => {
  const TMPFS = 0x01021994;
  if (statfsSync('/dev/shm').type !== TMPFS) return t.skip('/dev/shm is not a tmpfs here');
  const folder = mkdtempSync('/dev/shm/clawgress-storage-');
  try {
    assert.throws(() => requireSafeStorage(folder, false), /tmpfs.*recorder\.allow_unsafe_storage: true/s);
    requireSafeStorage(folder, true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a lock without its tool is an error that names the package', () => {
  const { dir, remove } = newStateDir();
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    assert.throws(() => takeLock(join(dir, 'lock')), /flock \(package util-linux\)/);
  } finally {
    process.env['PATH'] = path;
    remove();
  }
});
