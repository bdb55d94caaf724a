/**
 * Promises: whatever call of packing or retention fails, the recorder goes on, no line is lost, and the next start
 * finishes the work; a rotation or a ledger snapshot that fails ends the process before anybody is told a lie.
 * Sabotage that turns "packing" red (remove the original before the packed copy is synced): src/recorder/pack_segment.ts.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { layoutOf } from '../../../src/config/layout.ts';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { type JournalDisk, openFileDisk } from '../../../src/recorder/disk.ts';
import { replaceFile } from '../../../src/recorder/durable_file.ts';
import { inspectJournal } from '../../../src/recorder/inspection.ts';
import { fileShelf, type Shelf } from '../../../src/recorder/shelf.ts';
import {
  appended,
  kinds,
  openWithPolicy,
  proposal,
  recordsOf,
  SETTINGS,
  StateDirs,
} from '../../unit/recorder/workbench.ts';

const states = new StateDirs();
afterEach(() => states.clean());

const KEPT = { ...SETTINGS, segment_max_bytes: 12_000, compress_segments: true };
const BOUNDED = { ...KEPT, journal_max_bytes: 14_000 };
const errno = (code: string) => Object.assign(new Error(`${code}: injected`), { code });

/** The same shelf, on which call number `fails` breaks; what it was asked for, in order. */
function breakable(fails: number, code: string): { shelf: Shelf; calls: string[] } {
  const calls: string[] = [];
  const call = (name: string) => {
    if (calls.push(name) - 1 === fails) throw errno(code);
  };
  const shelf: Shelf = {
    async create(path) {
      call('create');
      const draft = await fileShelf.create(path);
      return {
        async write(bytes) {
          call('write');
          await draft.write(bytes);
        },
        async sync() {
          call('sync');
          await draft.sync();
        },
        close: () => draft.close(),
      };
    },
    async rename(from, to) {
      call('rename');
      await fileShelf.rename(from, to);
    },
    async remove(path) {
      call('remove');
      await fileShelf.remove(path);
    },
    async syncFolder(folder) {
      call('syncFolder');
      await fileShelf.syncFolder(folder);
    },
  };
  return { shelf, calls };
}

function segmentsOf(dir: string): string[] {
  return readdirSync(join(dir, 'journal')).filter((name) => /^\d{12}-/.test(name));
}

function requireWhole(dir: string): void {
  const report = inspectJournal({
    layout: layoutOf(dir, join(dir, 'run')),
    keyring: openKeyring(join(dir, 'keys')),
    ledger: { limit_keys_max: 10, request_window_us: 1, commit: (key) => key },
  });
  assert.deepEqual(
    report.findings.filter(({ level }) => level === 'fault'),
    [],
  );
}

/** Appends until a segment has been packed and one retired, or until a call failed. */
async function session(
  dir: string,
  shelf: Shelf,
  isOver: (problem: string | undefined) => boolean,
): Promise<number> {
  const recorder = await openWithPolicy(dir, { settings: BOUNDED, shelf });
  let acked = 0;
  while (!isOver(recorder.status().storage_problem)) {
    await appended(recorder, proposal());
    acked++;
    await sleep(3);
  }
  assert.equal(recorder.status().phase, 'running');
  await recorder.stop();
  return acked;
}

test('packing and retention: each call fails once, nothing is lost, and the next start finishes', async () => {
  const clean = breakable(-1, '');
  const isRetired = (dir: string) => !segmentsOf(dir).some((name) => name.startsWith('000000000000-'));
  const model = states.create();
  await session(model, clean.shelf, () => isRetired(model));
  const total = clean.calls.length;
  assert.ok(total >= 25, `${clean.calls}`);
  for (let fails = 0; fails < total; fails++) {
    const dir = states.create();
    const code = fails % 2 === 0 ? 'EIO' : 'ENOSPC';
    const { shelf, calls } = breakable(fails, code);
    const acked = await session(dir, shelf, (problem) => problem !== undefined || calls.length > total + 40);
    assert.ok(calls.length > fails, `call ${fails} was never made`);
    requireWhole(dir);
    const again = await openWithPolicy(dir, { settings: KEPT });
    while (segmentsOf(dir).filter((name) => !name.endsWith('.gz')).length > 1) await sleep(5);
    assert.equal(again.status().decisions, acked, `after call ${fails} (${calls[fails]})`);
    await again.stop();
    requireWhole(dir);
    assert.ok(!keptKinds(dir).includes('storage_failure'));
  }
});

/** Kinds of the records that are left; retention may have removed the first ones. */
function keptKinds(dir: string): string[] {
  return segmentsOf(dir).some((name) => name.startsWith('000000000000-')) ? kinds(dir) : [];
}

const ROTATION_FAULTS: { [name: string]: (real: JournalDisk, opened: number) => Partial<JournalDisk> } = {
  'the sync of the seal': (real, opened) =>
    opened > 1
      ? {}
      : {
          sync: () => {
            if (real.size() >= KEPT.segment_max_bytes) throw errno('EIO');
            real.sync();
          },
        },
  "the sync of the new segment's name": (_, opened) =>
    opened > 1
      ? {
          syncName: () => {
            throw errno('EIO');
          },
        }
      : {},
};

for (const [name, fault] of Object.entries(ROTATION_FAULTS)) {
  test(`rotation: ${name} fails`, async () => {
    const dir = states.create();
    const fatal: Error[] = [];
    let opened = 0;
    const disk = (path: string) => {
      const real = openFileDisk(path);
      opened++;
      return { ...real, ...fault(real, opened) };
    };
    const recorder = await openWithPolicy(dir, {
      settings: KEPT,
      disk,
      onFatal: (error) => fatal.push(error),
    });
    const acked: string[] = [];
    for (;;) {
      const answer = await recorder.append(proposal());
      if (!answer.ok) break;
      acked.push(answer.value.receipt_id);
    }
    assert.match(fatal[0]?.message ?? '', /EIO/);
    await assert.rejects(recorder.stop());
    const again = await openWithPolicy(dir, { settings: KEPT });
    await again.stop();
    const found = new Set(recordsOf(dir).map((one) => one['receipt_id']));
    for (const receipt_id of acked) assert.ok(found.has(receipt_id));
    assert.ok(kinds(dir).includes('storage_failure'));
    requireWhole(dir);
  });
}

test('a new segment that cannot be opened ends the process; the seal before it stands', async () => {
  const dir = states.create();
  const fatal: Error[] = [];
  let opened = 0;
  const disk = (path: string) => {
    if (++opened === 2) throw errno('EMFILE');
    return openFileDisk(path);
  };
  const recorder = await openWithPolicy(dir, { settings: KEPT, disk, onFatal: (error) => fatal.push(error) });
  while ((await recorder.append(proposal())).ok);
  assert.match(fatal[0]?.message ?? '', /EMFILE/);
  await assert.rejects(recorder.stop());
  const again = await openWithPolicy(dir, { settings: KEPT });
  await again.stop();
  assert.ok(kinds(dir).includes('seal'));
  requireWhole(dir);
});

for (const code of ['EIO', 'ENOSPC']) {
  test(`a ledger snapshot that fails with ${code} ends the process; the next start does without it`, async () => {
    const dir = states.create();
    const fatal: Error[] = [];
    let armed = true;
    const recorder = await openWithPolicy(dir, {
      settings: KEPT,
      onFatal: (error) => fatal.push(error),
      replaceFile(path, content) {
        if (armed) throw errno(code);
        replaceFile(path, content);
      },
    });
    const acked: string[] = [];
    while (fatal.length === 0) {
      const answer = await recorder.append(proposal());
      if (answer.ok) acked.push(answer.value.receipt_id);
      await sleep(2);
    }
    armed = false;
    await assert.rejects(recorder.stop());
    const again = await openWithPolicy(dir, { settings: KEPT });
    assert.ok(again.status().decisions >= acked.length);
    await again.stop();
    const failure = recordsOf(dir).find((one) => one['lifecycle'] === 'storage_failure');
    assert.equal(failure?.['errno'], code);
    assert.equal(failure?.['cause'], code === 'ENOSPC' ? 'disk_full' : 'write_failed');
    requireWhole(dir);
  });
}
