/**
 * Promise: after a failed sync the page cache may hold bytes that the disk does not have, marked as written. A start after
 * anything but an orderly stop writes the tail again before it builds on it; nothing else is touched.
 * Sabotage that turns this red: src/recorder/recovery.ts, drop the call of `refreshTail`.
 */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { readLatest } from '../../../src/recorder/checkpointer.ts';
import { type JournalDisk, openFileDisk } from '../../../src/recorder/disk.ts';
import { recover } from '../../../src/recorder/recovery.ts';
import { readSavedState } from '../../../src/recorder/snapshot_file.ts';
import { appended, kinds, openWithPolicy, proposal, StateDirs } from '../../unit/recorder/workbench.ts';

const states = new StateDirs();
after(() => states.clean());
const LONG_AGO_S = 1_000_000;

/** Recovers with the file's time set back, and says whether the file was written. */
function isRewritten(dir: string): boolean {
  const keyring = openKeyring(join(dir, 'keys'));
  const [name = ''] = readdirSync(join(dir, 'journal')).filter((one) => one.endsWith('.jsonl'));
  const path = join(dir, 'journal', name);
  const content = readFileSync(path);
  utimesSync(path, LONG_AGO_S, LONG_AGO_S);
  recover({
    journal_dir: join(dir, 'journal'),
    quarantine_dir: join(dir, 'journal', 'quarantine'),
    root: keyring.root,
    ledger: { limit_keys_max: 10, request_window_us: 1, commit: (key) => key },
    saved: readSavedState(join(dir, 'ledger'), keyring),
    checkpoint: readLatest(join(dir, 'checkpoints'), keyring.log),
  });
  assert.deepEqual(readFileSync(path), content);
  return statSync(path).mtimeMs / 1_000 > LONG_AGO_S;
}

test('the tail is written again after a crash, and left alone after an orderly stop', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  for (let i = 0; i < 5; i++) await appended(recorder, proposal());
  const crashed = states.create();
  cpSync(dir, crashed, { recursive: true });
  await recorder.stop();
  assert.equal(isRewritten(crashed), true);
  assert.equal(isRewritten(dir), false);
});

test('a stop record whose own sync failed is written again', async () => {
  const dir = states.create();
  let armed = false;
  const disk = (path: string): JournalDisk => {
    const real = openFileDisk(path);
    return {
      ...real,
      sync() {
        if (armed) throw Object.assign(new Error('injected'), { code: 'EIO', syscall: 'fsync' });
        real.sync();
      },
    };
  };
  const recorder = await openWithPolicy(dir, { disk, onFatal: () => undefined });
  await appended(recorder, proposal());
  armed = true;
  await assert.rejects(recorder.stop(), /injected/);
  assert.equal(kinds(dir).at(-1), 'stop');
  assert.equal(isRewritten(dir), true);
});
