/**
 * Promises: sealed segments are packed without losing a byte; retention removes only what a bound, a checkpoint and a
 * ledger snapshot allow, says so first, and leaves a journal that starts, reads and proves itself.
 * Sabotage that turns this red (retention without record): src/recorder/storekeeper.ts, drop the call of `#record`.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { RecorderSettings } from '../../../src/config/settings.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { packBlock } from '../../../src/recorder/packing.ts';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import { retiredBefore } from '../../../src/recorder/retired.ts';
import { fileShelf } from '../../../src/recorder/shelf.ts';
import { journalLines } from '../../support/naive_journal.ts';
import {
  appended,
  limitOp,
  ManualClock,
  openWithPolicy,
  proposal,
  recorderOptions,
  recordsOf,
  SETTINGS,
  StateDirs,
} from './workbench.ts';

const states = new StateDirs();
const stateDir = () => states.create();
afterEach(() => states.clean());

const PACKING: RecorderSettings = { ...SETTINGS, segment_max_bytes: 20_000, compress_segments: true };
const BOUNDED: RecorderSettings = { ...PACKING, journal_max_bytes: 30_000 };

const segmentsOf = (dir: string) =>
  readdirSync(join(dir, 'journal'))
    .filter((name) => /^\d{12}-/.test(name))
    .sort();
const plainOf = (dir: string) => segmentsOf(dir).filter((name) => name.endsWith('.jsonl'));

/** Waits for a state of the disk that must come; the test runner's own time-out ends a wait for nothing. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

async function fill(recorder: Recorder, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await appended(recorder, proposal({}, [limitOp({ tolerance_us: 1e12 })]));
}

async function grown(dir: string, settings: RecorderSettings, count: number): Promise<void> {
  const recorder = await openWithPolicy(dir, { settings });
  await fill(recorder, count);
  await until(() => plainOf(dir).length === 1);
  await recorder.stop();
}

test('sealed segments are packed; zcat gives the very lines, and a start reads them from the first on', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { settings: PACKING });
  await fill(recorder, 60);
  await until(() => plainOf(dir).length === 1);
  const { tree_size } = recorder.status();
  await recorder.stop();
  assert.ok(segmentsOf(dir).length >= 4);
  assert.equal(recordsOf(dir).length, tree_size + 1);
  rmSync(join(dir, 'ledger'), { recursive: true });
  const again = await openWithPolicy(dir, { settings: PACKING });
  assert.equal(again.status().decisions, 60);
  assert.equal(again.status().open_decisions, 60);
  await again.stop();
});

test('with the original still beside it, the packed form does not count and is made again', async () => {
  const dir = stateDir();
  await grown(dir, PACKING, 40);
  const before = journalLines(join(dir, 'journal'));
  const [packed = ''] = segmentsOf(dir);
  const path = join(dir, 'journal', packed);
  writeFileSync(path.slice(0, -3), gunzipSync(readFileSync(path)));
  writeFileSync(path, 'half of it');
  writeFileSync(`${path}.new`, 'a draft');
  const recorder = await openWithPolicy(dir, { settings: PACKING });
  await until(() => plainOf(dir).length === 1);
  await recorder.stop();
  assert.ok(!existsSync(`${path}.new`));
  assert.deepEqual(journalLines(join(dir, 'journal')).slice(0, before.length), before);
});

test('a start from the snapshot works when its segment has been packed since', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, segment_max_bytes: 20_000 } });
  await fill(recorder, 3);
  await recorder.stop();
  const early = readFileSync(join(dir, 'ledger', 'snapshot.json'));
  await grown(dir, PACKING, 40);
  writeFileSync(join(dir, 'ledger', 'snapshot.json'), early);
  assert.ok(segmentsOf(dir)[0]?.endsWith('.gz'));
  const again = await openWithPolicy(dir, { settings: PACKING });
  assert.equal(again.status().decisions, 43);
  await again.stop();
});

test('retention by size: the oldest go, each named in a record that was durable before', async () => {
  const dir = stateDir();
  const seen: { name: string; digest: string; recorded: boolean }[] = [];
  const shelf = {
    ...fileShelf,
    remove: async (path: string) => {
      if (path.endsWith('.jsonl.gz')) {
        const digest = `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
        const recorded = journalLines(join(dir, 'journal')).some((line) => {
          const body = Buffer.from(JSON.parse(line).payload, 'base64').toString();
          return body.includes('"lifecycle":"retention"') && body.includes(digest);
        });
        seen.push({ name: path, digest, recorded });
      }
      await fileShelf.remove(path);
    },
  };
  const recorder = await openWithPolicy(dir, { settings: BOUNDED, shelf });
  await fill(recorder, 120);
  await until(() => seen.length >= 3 && plainOf(dir).length === 1);
  const { tree_size } = recorder.status();
  await recorder.stop();
  for (const one of seen) assert.ok(one.recorded, `${one.name} went without a record`);
  const first = Number(segmentsOf(dir)[0]?.slice(0, 12));
  assert.ok(first > 0);
  const { leaves, keyLines } = retiredBefore(join(dir, 'journal'));
  assert.equal(leaves.length, first);
  assert.ok(keyLines.length >= 2, 'genesis and the delegation');
  const again = await openWithPolicy(dir, { settings: BOUNDED });
  assert.equal(again.status().decisions, 120);
  assert.ok(again.status().tree_size > tree_size);
  await again.stop();
});

test('after retention a start works from the base when the newest snapshot is lost, and says so when both are', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { settings: BOUNDED });
  await fill(recorder, 120);
  await until(() => Number(segmentsOf(dir)[0]?.slice(0, 12)) > 0 && plainOf(dir).length === 1);
  await recorder.stop();
  rmSync(join(dir, 'ledger', 'snapshot.json'));
  const again = await openWithPolicy(dir, { settings: { ...BOUNDED, journal_max_bytes: 0 } });
  assert.equal(again.status().decisions, 120);
  await fill(again, 1);
  await again.stop();
  rmSync(join(dir, 'ledger'), { recursive: true });
  await assert.rejects(openRecorder(recorderOptions(dir)), /removed by retention and neither ledger/);
});

test('retention by age looks at the newest record of a segment, and keeps the open one', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const settings = { ...PACKING, retention_days: 2 };
  const recorder = await openWithPolicy(dir, { settings, clock });
  await fill(recorder, 40);
  await until(() => plainOf(dir).length === 1);
  const kept = segmentsOf(dir);
  assert.equal(Number(kept[0]?.slice(0, 12)), 0, 'nothing is old yet');
  clock.advance(2.5 * 86_400_000);
  await fill(recorder, 20);
  const last = Number(kept.at(-1)?.slice(0, 12));
  await until(() => Number(segmentsOf(dir)[0]?.slice(0, 12)) >= last);
  await recorder.stop();
  const retired = journalLines(join(dir, 'journal'))
    .map((line) => JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString()))
    .filter((one) => one.lifecycle === 'retention');
  assert.ok(retired.length >= 1);
  for (const one of retired) assert.equal(one.because, 'age');
});

test('a wall clock that jumps ahead or was behind makes no segment old', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const right_ms = clock.wall_ms;
  const settings = { ...PACKING, retention_days: 2 };
  const recorder = await openWithPolicy(dir, { settings, clock });
  await fill(recorder, 20);
  clock.wall_ms = Date.UTC(1970, 0, 2);
  await fill(recorder, 20);
  clock.wall_ms = right_ms;
  await fill(recorder, 20);
  clock.wall_ms += 400 * 86_400_000;
  await fill(recorder, 20);
  await until(() => plainOf(dir).length === 1);
  await recorder.stop();
  assert.ok(segmentsOf(dir).length >= 6);
  assert.ok(segmentsOf(dir)[0]?.startsWith('000000000000-'));
});

test('a removal that a stop prevented is finished by the next start; nothing is removed twice', async () => {
  const dir = stateDir();
  const copies = join(dir, 'copies');
  mkdirSync(copies);
  const shelf = {
    ...fileShelf,
    remove: async (path: string) => {
      if (path.endsWith('.jsonl.gz')) copyFileSync(path, join(copies, path.split('/').at(-1) ?? ''));
      await fileShelf.remove(path);
    },
  };
  const recorder = await openWithPolicy(dir, { settings: BOUNDED, shelf });
  await fill(recorder, 120);
  await until(() => readdirSync(copies).length > 0 && plainOf(dir).length === 1);
  await recorder.stop();
  const [back = ''] = readdirSync(copies).sort().slice(-1);
  copyFileSync(join(copies, back), join(dir, 'journal', back));
  const again = await openWithPolicy(dir, { settings: { ...BOUNDED, journal_max_bytes: 0 } });
  await until(() => !existsSync(join(dir, 'journal', back)));
  await again.stop();
  const names = journalLines(join(dir, 'journal')).filter((line) =>
    Buffer.from(JSON.parse(line).payload, 'base64').includes(`"segment":"${back}"`),
  );
  assert.equal(names.length, 1);
});

test('a shelf that fails leaves the original, stops nothing, and is reported until it works again', async () => {
  const dir = stateDir();
  let broken = true;
  const shelf = {
    ...fileShelf,
    create: (path: string) => (broken ? Promise.reject(new Error('no room')) : fileShelf.create(path)),
  };
  const recorder = await openWithPolicy(dir, { settings: PACKING, shelf });
  await fill(recorder, 30);
  await until(() => recorder.status().storage_problem !== undefined);
  assert.equal(recorder.status().phase, 'running');
  assert.equal(plainOf(dir).length, segmentsOf(dir).length);
  broken = false;
  await fill(recorder, 20);
  await until(() => plainOf(dir).length === 1);
  await until(() => recorder.status().storage_problem === undefined);
  await recorder.stop();
  recordsOf(dir);
});

test('a packed copy that does not hold the same bytes never replaces the original', async () => {
  const dir = stateDir();
  let isLying = true;
  const shelf = {
    ...fileShelf,
    async create(path: string) {
      const draft = await fileShelf.create(path);
      const other = await packBlock(Buffer.from('something else\n'));
      return { ...draft, write: (bytes: Uint8Array) => draft.write(isLying ? other : bytes) };
    },
  };
  const recorder = await openWithPolicy(dir, { settings: PACKING, shelf });
  await fill(recorder, 20);
  const isPacked = () => segmentsOf(dir).some((name) => name.endsWith('.gz'));
  await until(() => recorder.status().storage_problem !== undefined || isPacked());
  assert.match(recorder.status().storage_problem ?? '', /does not read back/);
  assert.ok(!isPacked());
  isLying = false;
  await fill(recorder, 20);
  await until(() => plainOf(dir).length === 1);
  await recorder.stop();
  recordsOf(dir);
});
