/**
 * Promises: a failed write or sync fails the batch and everything queued, is never retried, and nobody is told
 * that a decision stands which does not.
 * Sabotage that turns these red (early acknowledgement): src/recorder/commit_loop.ts, put `batch.answer();` right
 * behind `this.#fill(batch);`.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { type JournalDisk, openFileDisk } from '../../../src/recorder/disk.ts';
import { readJournal } from '../../support/naive_journal.ts';
import { newStateDir, openWithPolicy, proposal } from '../../unit/recorder/workbench.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const errno = (code: string) => Object.assign(new Error(`${code}: injected`), { code });

/** Wraps the real disk once `armed`; each fault breaks one call. */
const FAULTS: Record<string, (disk: JournalDisk) => Partial<JournalDisk>> = {
  'a sync that fails with EIO': () => ({
    sync: () => {
      throw errno('EIO');
    },
    syncSoon: (settled) => setImmediate(settled, errno('EIO')),
  }),
  'a write that fails with ENOSPC': () => ({
    append: () => {
      throw errno('ENOSPC');
    },
  }),
  'a short write': (disk) => ({ append: (bytes) => disk.append(bytes.subarray(0, bytes.length - 7)) }),
  'a write of nothing': () => ({ append: () => 0 }),
  'a file that grew by itself': (disk) => ({ size: () => disk.size() + 1 }),
};

for (const [name, fault] of Object.entries(FAULTS)) {
  test(`${name}: nothing is acknowledged, nothing is retried, and the next start is whole`, async () => {
    const { dir, remove } = newStateDir();
    cleanups.push(remove);
    let armed = false;
    let calls = 0;
    const fatal: Error[] = [];
    const disk = (path: string): JournalDisk => {
      const real = openFileDisk(path);
      const broken = { ...real, ...fault(real) };
      const now = () => {
        if (armed) calls++;
        return armed ? broken : real;
      };
      return {
        append: (bytes) => now().append(bytes),
        sync: () => now().sync(),
        syncSoon: (settled) => now().syncSoon(settled),
        size: () => now().size(),
        syncName: () => now().syncName(),
        close: () => real.close(),
      };
    };
    const recorder = await openWithPolicy(dir, { disk, onFatal: (error) => fatal.push(error) });
    const good = await recorder.append(proposal());
    assert.ok(good.ok);
    armed = true;
    // More than one batch: what queues behind the failing one falls with it.
    const doomed = await Promise.all(Array.from({ length: 200 }, () => recorder.append(proposal())));
    for (const answer of doomed) assert.deepEqual(answer, { ok: false, problem: 'RECORDER_UNAVAILABLE' });
    assert.equal(fatal.length, 1);
    const callsAtFailure = calls;
    assert.deepEqual(await recorder.append(proposal()), { ok: false, problem: 'RECORDER_UNAVAILABLE' });
    await assert.rejects(recorder.checkpoint(), /nothing more is signed/);
    await assert.rejects(recorder.stop());
    assert.equal(calls, callsAtFailure, 'the disk is not touched again');
    assert.equal(recorder.status().phase, 'failed');

    const reopened = await openWithPolicy(dir);
    await reopened.stop();
    const records = readJournal(join(dir, 'journal'), join(dir, 'run', 'public-keys.json'));
    assert.ok(records.some((one) => one['receipt_id'] === good.value.receipt_id));
    assert.ok(records.some((one) => one['lifecycle'] === 'recovery'));
  });
}

test('waiting outcomes and own records are refused too when the disk fails', async () => {
  const { dir, remove } = newStateDir();
  cleanups.push(remove);
  let armed = false;
  const disk = (path: string): JournalDisk => {
    const real = openFileDisk(path);
    return {
      ...real,
      sync: () => {
        if (armed) throw errno('EIO');
        real.sync();
      },
      syncSoon: (settled) => (armed ? setImmediate(settled, errno('EIO')) : real.syncSoon(settled)),
    };
  };
  const recorder = await openWithPolicy(dir, { disk, onFatal: () => undefined });
  const one = proposal();
  await recorder.append(one);
  armed = true;
  const facts = { state: 'completed', bytes_in: 0, bytes_out: 0, latency_ms: 1 } as const;
  const results = await Promise.allSettled([
    recorder.close({ request_id: one.draft.request_id, facts, source: { kind: 'live' } }),
    recorder.recordGap({
      log_file_id: 'f',
      from_ts: '2030-01-01T00:00:00.000Z',
      to_ts: '2030-01-01T00:00:01.000Z',
      counts: [],
    }),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await assert.rejects(recorder.stop());
});
