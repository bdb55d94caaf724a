import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { sha256 } from '../../../src/core/canonical/sha256.ts';
import { parseNote } from '../../../src/core/chain/checkpoint.ts';
import { leafHash, rootOfLeaves } from '../../../src/core/chain/merkle.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { journalLines } from '../../support/naive_journal.ts';
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
} from './workbench.ts';

const states = new StateDirs();
const stateDir = () => states.create();
afterEach(() => states.clean());

test('limits survive a kill: the state comes back from the records alone', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const crashed = await openWithPolicy(dir, { clock });
  for (let i = 0; i < 15; i++) await appended(crashed, proposal({}, [limitOp()]));
  const image = crashImage(dir);
  await crashed.stop();
  const recorder = await openWithPolicy(image, { clock });
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => appended(recorder, proposal({}, [limitOp()]))),
  );
  assert.equal(answers.filter(({ verdict }) => verdict === 'allow').length, 5);
  await recorder.stop();
  assert.ok(kinds(image).includes('recovery'));
});

/** The state folder as a killed process would leave it: no stop record, no last checkpoint or snapshot. */
function crashImage(dir: string): string {
  const image = stateDir();
  cpSync(dir, image, { recursive: true });
  return image;
}

test('segments rotate by size; each ends with a seal over its counts and all stream heads', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, segment_max_bytes: 20_000 } });
  for (let i = 0; i < 30; i++) await appended(recorder, proposal());
  await recorder.stop();
  const segments = readdirSync(join(dir, 'journal')).filter((name) => name.endsWith('.jsonl'));
  assert.ok(segments.length >= 3);
  const records = recordsOf(dir);
  const log_id: string = records[0]?.['log_id'];
  let total = 0;
  for (const name of segments) {
    assert.match(name, new RegExp(`^[0-9]{12}-${log_id.slice(0, 8)}\\.jsonl$`));
    const first = Number(name.slice(0, 12));
    const lines = readFileSync(join(dir, 'journal', name), 'utf8')
      .trimEnd()
      .split('\n');
    const inSegment = records.slice(first, first + lines.length);
    const last = inSegment.at(-1);
    if (name !== segments.at(-1)) {
      assert.equal(last?.['type'], 'seal');
      assert.equal(last?.['first_seq'], first);
      assert.equal(last?.['counts'].allow, inSegment.filter((one) => one['verdict'] === 'allow').length);
      assert.equal(last?.['stream_count'], 2);
    }
    total += lines.length;
  }
  assert.equal(total, records.length);
});

test('segments rotate by age', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock, settings: { ...SETTINGS, segment_max_age_s: 100 } });
  clock.advance(100_000);
  await appended(recorder, proposal());
  await recorder.stop();
  assert.equal(readdirSync(join(dir, 'journal')).filter((name) => name.endsWith('.jsonl')).length, 2);
  assert.ok(kinds(dir).includes('seal'));
});

test('checkpoints are signed notes over the exact lines, on disk before they are returned', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  await appended(recorder, proposal());
  const { note, size } = await recorder.checkpoint();
  assert.equal(readFileSync(join(dir, 'checkpoints', 'latest'), 'utf8'), note);
  assert.ok(existsSync(join(dir, 'checkpoints', String(size).padStart(12, '0'))));
  const parsed = parseNote(note);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.origin, recorder.status().origin);
  const lines = journalLines(join(dir, 'journal')).map((line) => leafHash(sha256, Buffer.from(line)));
  assert.equal(parsed.value.size, lines.length);
  assert.deepEqual(Buffer.from(parsed.value.root), Buffer.from(rootOfLeaves(sha256, lines)));
  assert.equal((await recorder.checkpoint()).note, note, 'the same tree is not signed twice');
  await recorder.stop();
});

test('checkpoints come by count without being asked for', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, checkpoint_every: 10 } });
  for (let i = 0; i < 25; i++) await appended(recorder, proposal());
  await recorder.stop();
  assert.ok(readdirSync(join(dir, 'checkpoints')).length >= 3);
});

test('a new epoch key is delegated by the root before the last one runs out, and published', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  const first = recorder.status().epoch_key_id;
  clock.advance(22 * 3_600_000);
  await appended(recorder, proposal());
  assert.equal(recorder.status().epoch_key_id, first);
  clock.advance(1.5 * 3_600_000);
  await appended(recorder, proposal());
  const second = recorder.status().epoch_key_id;
  assert.notEqual(second, first);
  await recorder.stop();
  const records = recordsOf(dir);
  const delegations = records.filter((one) => one['lifecycle'] === 'key_delegation');
  assert.deepEqual(
    delegations.map((one) => one['key'].key_id),
    [first, second],
  );
  for (const one of delegations) {
    assert.equal(one['first_seq'], one['seq'] + 1);
    assert.ok(Date.parse(one['not_after']) - Date.parse(one['ts']) <= 24 * 3_600_000);
  }
  const at = delegations[1]?.['seq'];
  assert.equal(records[at - 1]?.['key_id'], first);
  assert.equal(records[at + 1]?.['key_id'], second);
  assert.equal(readdirSync(join(dir, 'keys')).filter((name) => name.startsWith('epoch-')).length, 1);
});

test('a restart goes on with the same epoch key, and with a new one after a day', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const keyOf = async () => {
    const recorder = await openWithPolicy(dir, { clock });
    await recorder.stop();
    return recorder.status().epoch_key_id;
  };
  const first = await keyOf();
  assert.equal(await keyOf(), first);
  clock.advance(25 * 3_600_000);
  assert.notEqual(await keyOf(), first);
  recordsOf(dir);
});

test('a jump of the wall clock is recorded and refills nothing', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  const spend = () => recorder.append(proposal({}, [limitOp({ tolerance_us: 0 })]));
  await spend();
  clock.wall_ms += 3_600_000;
  const answer = await spend();
  assert.ok(answer.ok && answer.value.verdict === 'deny');
  await recorder.stop();
  const jump = recordsOf(dir).find((one) => one['lifecycle'] === 'clock');
  assert.equal(jump?.['wall_jump_ms'], 3_600_000);
});

test('a start long after the last record says so and refills nothing', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const op = limitOp({ period_us: 7_200_000_000, tolerance_us: 0 });
  const before = await openWithPolicy(dir, { clock });
  await appended(before, proposal({}, [op]));
  await before.stop();
  clock.wall_ms += 3 * 3_600_000;
  const after = await openWithPolicy(dir, { clock });
  assert.equal((await appended(after, proposal({}, [op]))).verdict, 'deny');
  await after.stop();
  assert.ok(kinds(dir).includes('clock'));
});

test('two recorders of one state folder: the second is refused and named the first', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  await assert.rejects(openRecorder(recorderOptions(dir)), {
    name: 'RecorderError',
    message: new RegExp(`process ${process.pid} holds`),
  });
  await recorder.stop();
  const next = await openRecorder(recorderOptions(dir));
  await next.stop();
});
