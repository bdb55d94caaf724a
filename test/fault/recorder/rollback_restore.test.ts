/** Accepting a roll-back ends the old log in the open: kept whole, never continued, nothing refilled. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openRecorder } from '../../../src/recorder/opening.ts';
import type { RecorderOptions } from '../../../src/recorder/options.ts';
import { acceptRestore, previewRestore } from '../../../src/recorder/restore.ts';
import { readJournal } from '../../support/naive_journal.ts';
import {
  appended,
  kinds,
  limitOp,
  ManualClock,
  openWithPolicy,
  proposal,
  recorderOptions,
  recordsOf,
  SETTINGS,
  StateDirs,
} from '../../unit/recorder/workbench.ts';
import { killChildren, logLine, newest, place, runRecorder } from './rolled_back.ts';

const dirs = new StateDirs();
after(() => {
  killChildren();
  dirs.clean();
});

test('an accepted restore keeps the old log, begins another, voids what could be used once and refills nothing', async () => {
  const { dir, heads_file, log, save, restore } = place(dirs.create());
  const first = await runRecorder({ dir, heads_file, appends: 5 });
  save();
  const lost = await runRecorder({ dir, heads_file, appends: 9 });
  appendFileSync(log, logLine(newest(lost.heads).receipt_id));
  restore('envoy');
  const options = recorderOptions(dir, { settings: { ...SETTINGS, heads_file } });
  const { plan } = await previewRestore(options);
  assert.ok(plan.problems.length >= 1);
  assert.equal((await runRecorder({ dir, heads_file, appends: 1 })).code, 3, 'a preview changes nothing');
  const held = recordsOf(dir);
  const restored = await acceptRestore(options);
  assert.notEqual(restored.log_id, newest(first.heads).log_id);

  const records = recordsOf(dir);
  assert.deepEqual(kinds(dir), ['genesis', 'key_delegation', 'restore', 'start', 'stop']);
  const record = records[2] ?? assert.fail();
  assert.equal(record['log_id'], restored.log_id);
  assert.equal(record['previous_log_id'], newest(first.heads).log_id);
  assert.equal(record['previous_seq'], held.length - 1);
  assert.equal(record['single_use'], 'voided');
  assert.ok(record['known_elsewhere'].some((one: { source: string }) => one.source === 'heads_file'));
  assert.ok(record['ledger_ms'] >= (held.at(-1)?.['ledger_ms'] ?? 0));

  const kept = join(restored.kept_in, 'journal');
  assert.deepEqual(readJournal(kept, join(restored.kept_in, 'run', 'public-keys.json')), held);

  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, heads_file } });
  const slow = limitOp({ period_us: 3_600_000_000, tolerance_us: 9 * 3_600_000_000, key: 'never seen' });
  for (const op of [slow, { ...slow, key: 'nor this' }])
    assert.equal((await appended(recorder, proposal({}, [op]))).verdict, 'deny');
  assert.equal((await appended(recorder, proposal())).verdict, 'allow');
  assert.equal(await recorder.knows(newest(lost.heads)), true, 'the log that ended is settled');
  await recorder.stop();
  const again = await runRecorder({ dir, heads_file, appends: 1 });
  assert.equal(again.code, 0, again.stderr);

  restore();
  assert.match((await runRecorder({ dir, heads_file, appends: 1 })).stderr, /but this journal holds log/);
});

/** A folder that was rolled back behind its heads file, and the options to accept that. */
async function rolledBack(): Promise<{ dir: string; heads_file: string; options: RecorderOptions }> {
  const { dir, heads_file, save, restore } = place(dirs.create());
  await runRecorder({ dir, heads_file, appends: 3 });
  save();
  await runRecorder({ dir, heads_file, appends: 3 });
  restore();
  return { dir, heads_file, options: recorderOptions(dir, { settings: { ...SETTINGS, heads_file } }) };
}

test('a restore that was cut off anywhere is finished by asking again, and nothing starts before', async () => {
  const { dir, options } = await rolledBack();
  const whole = join(dir, '..', 'whole');
  cpSync(dir, whole, { recursive: true });
  const held = recordsOf(dir);
  const { plan } = await previewRestore(options);
  const folder = plan.facts.previous_log_id ?? '';
  const kept = join(dir, 'restored', folder);
  const writePending = (step: string) => {
    mkdirSync(kept, { recursive: true });
    writeFileSync(join(dir, 'restored', 'pending.json'), JSON.stringify({ format: 1, step, folder, plan }));
  };
  const move = (name: string) => {
    mkdirSync(join(kept, name), { recursive: true });
    for (const entry of readdirSync(join(dir, name)).filter((one) => one !== 'lock'))
      cpSync(join(dir, name, entry), join(kept, name, entry), { recursive: true });
    for (const entry of readdirSync(join(dir, name)).filter((one) => one !== 'lock'))
      rmSync(join(dir, name, entry), { recursive: true });
  };
  const cuts: readonly (() => void)[] = [
    () => writePending('set_aside'),
    () => [writePending('set_aside'), move('journal')],
    () => [writePending('set_aside'), move('journal'), move('ledger')],
    () => [writePending('begin'), move('journal'), move('ledger'), move('checkpoints')],
  ];
  for (const cut of cuts) {
    rmSync(dir, { recursive: true });
    cpSync(whole, dir, { recursive: true });
    cut();
    await assert.rejects(openRecorder(options), /accepted and not finished/);
    assert.equal((await previewRestore(options)).unfinished, true);
    const restored = await acceptRestore(options);
    assert.deepEqual(kinds(dir), ['genesis', 'key_delegation', 'restore', 'start', 'stop']);
    assert.deepEqual(
      readJournal(join(restored.kept_in, 'journal'), join(dir, '..', 'whole', 'run', 'public-keys.json')),
      held,
    );
    const recorder = await openRecorder(options);
    assert.equal(recorder.status().log_id, restored.log_id);
    await recorder.stop();
    rmSync(options.settings.heads_file ?? '');
  }
});

test('a running recorder keeps everybody from accepting anything', async () => {
  const { dir } = place(dirs.create());
  const options = recorderOptions(dir);
  const recorder = await openRecorder(options);
  await assert.rejects(previewRestore(options), /the journal is in use/);
  await assert.rejects(acceptRestore(options), /the journal is in use/);
  await recorder.stop();
  assert.equal(existsSync(join(dir, 'restored')), false);
});

test('a journal that cannot be read to its end is set aside as it is', async () => {
  const { dir } = place(dirs.create());
  const { heads } = await runRecorder({ dir, appends: 6 });
  const [name = ''] = readdirSync(join(dir, 'journal')).filter((one) => one.endsWith('.jsonl'));
  const path = join(dir, 'journal', name);
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes[900] ?? 0) ^ 1, 900);
  writeFileSync(path, bytes);
  for (const part of ['ledger', 'checkpoints']) rmSync(join(dir, part), { recursive: true });
  const options = recorderOptions(dir);
  const { plan } = await previewRestore(options);
  assert.match(plan.damage ?? '', /signed record|not valid/);
  const restored = await acceptRestore(options);
  assert.equal(restored.plan.facts.previous_log_id, newest(heads).log_id);
  assert.equal(restored.plan.facts.previous_seq, undefined);
  assert.deepEqual(readFileSync(join(restored.kept_in, 'journal', name)), bytes);
  assert.equal(recordsOf(dir)[2]?.['lifecycle'], 'restore');
});

test('limits that a restore used up stay used up over restarts and snapshots, and fill at their own rate', async () => {
  const { options } = await rolledBack();
  const clock = new ManualClock();
  clock.wall_ms = Date.now();
  await acceptRestore({ ...options, clock });
  const period_ms = 10_000;
  const op = limitOp({ period_us: period_ms * 1_000, tolerance_us: 4 * period_ms * 1_000 });
  const soft = limitOp({ ...op, key: 'soft', mode: 'soft_stop', grace_us: 1_000_000, grace_calls: 5 });
  let admitted = 0;
  for (let step = 0; step < 12; step++) {
    const recorder = await openWithPolicy(options.layout.journal_dir.replace(/journal$/, ''), {
      settings: options.settings,
      clock,
    });
    for (let i = 0; i < 4; i++) {
      const answer = await appended(recorder, proposal({}, [op]));
      if (answer.verdict === 'allow') admitted++;
      const before = await appended(recorder, proposal({}, [soft]));
      if (step < 1) assert.equal(before.verdict, 'deny');
    }
    // A bucket that was used up at the restore has paid for one request per period, never for a burst.
    assert.ok(admitted <= step, `${admitted} admitted in ${step} periods`);
    await recorder.stop();
    clock.advance(period_ms);
  }
  assert.ok(admitted >= 10, 'and it does fill');
});
