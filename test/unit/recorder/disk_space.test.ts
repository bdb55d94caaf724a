/**
 * Promises: below the bound of free space no decision is taken and nothing of it is written, while outcomes and notices
 * still are; and a process that failed on its storage leaves room and a reason that the next start records.
 * Sabotage that turns this red (disk bound ignored): src/recorder/disk_space.ts, `return this.#isFull` to `return false`.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { DiskSpace } from '../../../src/recorder/disk_space.ts';
import { JournalFailure } from '../../../src/recorder/journal.ts';
import {
  fillReserve,
  makeRoom,
  RESERVE_BYTES,
  readFailure,
  reservePath,
  spendReserve,
} from '../../../src/recorder/reserve.ts';
import { appended, kinds, ManualClock, openWithPolicy, proposal, SETTINGS, StateDirs } from './workbench.ts';

const states = new StateDirs();
const stateDir = () => states.create();
afterEach(() => states.clean());

const MIB = 1 << 20;

test('a full disk: decisions are refused before anything is written, outcomes and retries are not', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  let free = 100 * MIB;
  const settings = { ...SETTINGS, min_free_bytes: 64 * MIB };
  const recorder = await openWithPolicy(dir, { clock, settings, freeBytes: () => free });
  const first = proposal();
  await appended(recorder, first);
  free = 64 * MIB - 1;
  clock.advance(251);
  const { head_seq } = recorder.status();
  assert.deepEqual(await recorder.append(proposal()), { ok: false, problem: 'RECORDER_DISK_FULL' });
  assert.equal(recorder.status().head_seq, head_seq);
  assert.equal(recorder.status().disk_full, true);
  assert.ok((await recorder.append(first)).ok, 'a retry has its answer already');
  const facts = { state: 'completed', bytes_in: 0, bytes_out: 0, latency_ms: 1 } as const;
  await recorder.close({ request_id: first.draft.request_id, facts, source: { kind: 'live' } });
  assert.equal(recorder.status().open_decisions, 0);
  free = 80 * MIB - 1;
  clock.advance(251);
  assert.equal((await recorder.append(proposal())).ok, false, 'a little more is not enough');
  free = 80 * MIB;
  clock.advance(251);
  assert.ok((await recorder.append(proposal())).ok);
  await recorder.stop();
  assert.ok(kinds(dir).includes('outcome'));
});

test('the bound follows a naive account of any course of free space', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.nat(2_000), { maxLength: 40 }),
      (min, course) => {
        let mono_us = 0;
        let free = 0;
        const space = new DiskSpace(min, () => free, { monoUs: () => mono_us });
        let full = false;
        for (const next of course) {
          free = next;
          mono_us += 250_000;
          full = full ? next * 100 < Math.floor(min * 1.25) * 100 : next < min;
          assert.equal(space.isFull, full);
          assert.equal(space.free, next);
        }
      },
    ),
  );
});

test('the disk is asked four times a second at most, and never refuses without a bound', () => {
  let asked = 0;
  let mono_us = 0;
  const space = new DiskSpace(0, () => asked++ * 0, { monoUs: () => mono_us });
  for (let i = 0; i < 1_000; i++) {
    mono_us += 1_000;
    assert.equal(space.isFull, false);
  }
  assert.equal(asked, 4);
});

test('a writer faster than the readings is seen all the same', () => {
  let written = 0;
  const disk = 10_000;
  const space = new DiskSpace(
    800,
    () => disk - written,
    { monoUs: () => 0 },
    () => written,
  );
  while (!space.isFull) written += 90;
  assert.ok(disk - written >= 600, `${disk - written} left`);
});

test('the reserve is really taken, is given back by a failure, and the next start records why and takes it again', async () => {
  const dir = stateDir();
  const journal = join(dir, 'journal');
  const fatal: Error[] = [];
  const recorder = await openWithPolicy(dir, { onFatal: (error) => fatal.push(error) });
  assert.equal(statSync(reservePath(journal)).size, RESERVE_BYTES);
  assert.ok(statSync(reservePath(journal)).blocks * 512 >= RESERVE_BYTES);
  const recordPolicy = recorder.recordPolicy({
    policy_id: 'x',
    policy_hash: `sha256:${'0'.repeat(64)}`,
    canonical: Buffer.from('other'),
    registry_hash: `sha256:${'0'.repeat(64)}`,
    trust: 'local',
  });
  await assert.rejects(recordPolicy, /artifact is not/);
  assert.equal(fatal.length, 0);
  await recorder.stop();
  const error = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
  spendReserve(journal, openKeyring(join(dir, 'keys')), error, Date.UTC(2030, 0, 1));
  assert.ok(statSync(reservePath(journal)).size < 4_096);
  const again = await openWithPolicy(dir);
  await again.stop();
  assert.equal(kinds(dir).filter((kind) => kind === 'storage_failure').length, 1);
  assert.equal(statSync(reservePath(journal)).size, RESERVE_BYTES);
  const third = await openWithPolicy(dir);
  await third.stop();
  assert.equal(kinds(dir).filter((kind) => kind === 'storage_failure').length, 1, 'recorded once');
});

test('a start that found no room gives the reserve back and leaves the first note as it is', () => {
  const dir = stateDir();
  const keys = openKeyring(join(dir, 'keys'));
  fillReserve(dir, 4 * RESERVE_BYTES);
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
  makeRoom(dir, keys, Object.assign(new Error('broken'), { code: 'EIO' }), 0);
  makeRoom(dir, keys, 'no error', 0);
  assert.equal(statSync(reservePath(dir)).size, RESERVE_BYTES);
  makeRoom(dir, keys, full, 5);
  makeRoom(dir, keys, full, 6);
  assert.deepEqual(readFailure(dir, keys), {
    ...{ cause: 'disk_full', errno: 'ENOSPC', failed_ts: '1970-01-01T00:00:00.005Z' },
  });
});

test('each failure is named for what it was', () => {
  const dir = stateDir();
  const keys = openKeyring(join(dir, 'keys'));
  const failures: [Error, object][] = [
    [
      Object.assign(new Error(), { code: 'EDQUOT', syscall: 'fsync' }),
      { cause: 'disk_full', errno: 'EDQUOT' },
    ],
    [
      Object.assign(new Error(), { code: 'EIO', syscall: 'fdatasync' }),
      { cause: 'sync_failed', errno: 'EIO' },
    ],
    [Object.assign(new Error(), { code: 'EIO', syscall: 'write' }), { cause: 'write_failed', errno: 'EIO' }],
    [new JournalFailure('short', 'write_failed'), { cause: 'write_failed' }],
    [new JournalFailure('grew', 'size_mismatch'), { cause: 'size_mismatch' }],
    [new RangeError('a bug'), { cause: 'other' }],
    [Object.assign(new Error(), { code: 'not an errno\n' }), { cause: 'other' }],
  ];
  for (const [error, expected] of failures) {
    spendReserve(dir, keys, error, 0);
    assert.deepEqual(readFailure(dir, keys), { ...expected, failed_ts: '1970-01-01T00:00:00.000Z' });
  }
});

test('a note that is not ours, or a reserve, is no failure; a full disk keeps what it has', () => {
  const dir = stateDir();
  const keys = openKeyring(join(dir, 'keys'));
  assert.equal(readFailure(dir, keys), undefined);
  spendReserve(dir, keys, new Error('x'), 0);
  const note = readFileSync(reservePath(dir), 'utf8');
  for (const forged of [note.replace('other', 'disk_full'), note.slice(1), `${note} `, '', '{}', 'x\n{}\n']) {
    writeFileSync(reservePath(dir), forged);
    assert.equal(readFailure(dir, keys), undefined, JSON.stringify(forged));
  }
  writeFileSync(reservePath(dir), note);
  assert.equal(fillReserve(dir, RESERVE_BYTES), false);
  assert.notEqual(readFailure(dir, keys), undefined, 'the note stays until it can be replaced');
  assert.equal(fillReserve(dir, 4 * RESERVE_BYTES), true);
  assert.equal(readFailure(dir, keys), undefined);
});

test('a failure whose note cannot be written is still only that failure', () => {
  const dir = join(stateDir(), 'gone');
  spendReserve(dir, openKeyring(join(stateDir(), 'keys')), new Error('x'), 0);
  assert.ok(!existsSync(dir));
});
