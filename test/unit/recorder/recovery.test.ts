import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { readJournal } from '../../support/naive_journal.ts';
import {
  limitOp,
  ManualClock,
  newStateDir,
  openWithPolicy,
  proposal,
  recorderOptions,
  SETTINGS,
} from './workbench.ts';

const RECORDS = 12;
const clock = new ManualClock();
const settings = { ...SETTINGS, segment_max_bytes: 16_000 };
const original = newStateDir();
const copies: { dir: string; remove(): void }[] = [];

before(async () => {
  const recorder = await openWithPolicy(original.dir, { clock, settings });
  for (let i = 0; i < RECORDS; i++) await recorder.append(proposal({}, [limitOp()]));
  await recorder.stop();
});
after(() => {
  original.remove();
  for (const copy of copies) copy.remove();
});

/** A copy of the recorded state folder to damage; `checkpoints` and `ledger` go unless they are the point. */
function damaged(keep: readonly string[] = []): string {
  const copy = newStateDir();
  copies.push(copy);
  cpSync(original.dir, copy.dir, { recursive: true });
  for (const name of ['checkpoints', 'ledger'])
    if (!keep.includes(name)) rmSync(join(copy.dir, name), { recursive: true });
  return copy.dir;
}

const segmentsOf = (dir: string) =>
  readdirSync(join(dir, 'journal'))
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(dir, 'journal', name));
const lastOf = (dir: string) => segmentsOf(dir).at(-1) ?? '';
const recordsOf = (dir: string) => readJournal(join(dir, 'journal'), join(dir, 'run', 'public-keys.json'));
const open = (dir: string) => openRecorder(recorderOptions(dir, { clock, settings }));

async function reopens(dir: string) {
  const recorder = await open(dir);
  const status = recorder.status();
  await recorder.stop();
  return { status, records: recordsOf(dir) };
}

const refuses = (dir: string, message: RegExp) =>
  assert.rejects(open(dir), { name: 'RecorderError', message });

test('the snapshot and the journal alone lead to the same state', async () => {
  const fast = await open(damaged(['ledger', 'checkpoints']));
  const slow = await open(damaged());
  const answers = [];
  for (const recorder of [fast, slow]) {
    const { value } = (await recorder.append(proposal({}, [limitOp()]))) as { value: { limit: unknown } };
    const { head_seq, tree_size, open_decisions, decisions, policy_hash } = recorder.status();
    answers.push({ limit: value.limit, head_seq, tree_size, open_decisions, decisions, policy_hash });
    await recorder.stop();
  }
  assert.deepEqual(answers[0], answers[1]);
});

test('a torn last line is moved to quarantine and recorded; everything before it stays', async () => {
  const dir = damaged();
  const torn = '{"payloadType":"application/vnd.clawgress.receipt.v0+json","payload":"eyJ';
  appendFileSync(lastOf(dir), torn);
  const { records } = await reopens(dir);
  const recovery = records.find((one) => one['lifecycle'] === 'recovery');
  assert.equal(recovery?.['cut_bytes'], torn.length);
  const [name = ''] = readdirSync(join(dir, 'journal', 'quarantine'));
  assert.equal(readFileSync(join(dir, 'journal', 'quarantine', name), 'latin1'), torn);
  assert.equal(records.filter((one) => one['verdict'] === 'allow').length, RECORDS);
});

test('zeros and garbage lines behind the last record are cut', async () => {
  for (const tail of [Buffer.alloc(5_000), Buffer.from('garbage\nmore garbage\n'), Buffer.from('\n\n\n')]) {
    const dir = damaged();
    appendFileSync(lastOf(dir), tail);
    const { records } = await reopens(dir);
    assert.equal(records.find((one) => one['lifecycle'] === 'recovery')?.['cut_bytes'], tail.length);
  }
});

test('a whole signed record that only lacks its newline stays', async () => {
  const dir = damaged();
  const before = recordsOf(dir).length;
  const path = lastOf(dir);
  truncateSync(path, readFileSync(path).length - 1);
  const { records } = await reopens(dir);
  assert.equal(records[before - 1]?.['lifecycle'], 'stop');
  assert.equal(records[before]?.['lifecycle'], 'start', 'nothing was torn, nothing is reported');
});

test('a damaged line with signed records behind it is never cut: refused', async () => {
  const dir = damaged();
  const path = lastOf(dir);
  const lines = readFileSync(path, 'latin1').split('\n');
  lines[0] = `${lines[0]?.slice(0, 200)}X${lines[0]?.slice(201)}`;
  writeFileSync(path, lines.join('\n'));
  await refuses(dir, /a signed record lies at byte/);
});

test('removed, doubled and swapped lines are refused', async () => {
  const edits: ((lines: string[]) => string[])[] = [
    (lines) => lines.filter((_, i) => i !== 1),
    (lines) => lines.flatMap((line, i) => (i === 1 ? [line, line] : [line])),
    (lines) => [lines[1] ?? '', lines[0] ?? '', ...lines.slice(2)],
  ];
  for (const edit of edits) {
    const dir = damaged();
    const [path = ''] = segmentsOf(dir);
    const lines = readFileSync(path, 'latin1').trimEnd().split('\n');
    writeFileSync(path, `${edit(lines).join('\n')}\n`);
    await refuses(dir, /not valid, and more segments follow|signed record|not in this state folder/);
  }
});

test('damage in an earlier segment and a missing segment are refused', async () => {
  const flipped = damaged();
  const [first = ''] = segmentsOf(flipped);
  const bytes = readFileSync(first);
  bytes.writeUInt8((bytes[300] ?? 0) ^ 1, 300);
  writeFileSync(first, bytes);
  await refuses(flipped, /Restore the journal/);
  const missing = damaged();
  rmSync(segmentsOf(missing)[1] ?? '');
  await refuses(missing, /a segment is missing/);
  const headless = damaged();
  rmSync(segmentsOf(headless)[0] ?? '');
  await refuses(headless, /a segment is missing/);
});

test('more garbage than one write can tear is refused', async () => {
  const dir = damaged();
  appendFileSync(lastOf(dir), Buffer.alloc((1 << 20) + (1 << 19) + 1));
  await refuses(dir, /more than one torn write/);
});

test('a journal shorter than its checkpoint or its snapshot was rolled back: refused', async () => {
  for (const witness of ['checkpoints', 'ledger']) {
    const dir = damaged([witness]);
    const path = lastOf(dir);
    const lines = readFileSync(path, 'latin1').trimEnd().split('\n');
    writeFileSync(
      path,
      lines
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await refuses(dir, /truncated or rolled back/);
  }
});

test('an empty journal beside a checkpoint is refused, not begun anew', async () => {
  const dir = damaged(['checkpoints']);
  for (const path of segmentsOf(dir)) rmSync(path);
  await refuses(dir, /truncated or rolled back/);
});

test('another journal under an old checkpoint is refused', async () => {
  const dir = damaged(['checkpoints']);
  const other = newStateDir();
  copies.push(other);
  cpSync(join(dir, 'keys'), join(other.dir, 'keys'), { recursive: true });
  const recorder = await openWithPolicy(other.dir, { clock, settings });
  for (let i = 0; i < 2 * RECORDS; i++) await recorder.append(proposal());
  await recorder.stop();
  rmSync(join(dir, 'journal'), { recursive: true });
  cpSync(join(other.dir, 'journal'), join(dir, 'journal'), { recursive: true });
  await refuses(dir, /not those of the last checkpoint/);
});

test('a damaged snapshot is ignored', async () => {
  const dir = damaged(['ledger']);
  const path = join(dir, 'ledger', 'snapshot.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"decisions":12', '"decisions":99'));
  const { status } = await reopens(dir);
  assert.equal(status.decisions, RECORDS);
});

test('a journal begun with other keys, or under another name, is refused', async () => {
  const dir = damaged();
  rmSync(join(dir, 'keys'), { recursive: true });
  openKeyring(join(dir, 'keys'));
  await refuses(dir, /keys/);
  await assert.rejects(
    openRecorder(recorderOptions(damaged(), { clock, settings, issuer: 'another' })),
    /begun by issuer clawgress\.test/,
  );
});

test('a first write torn before its end leaves nothing behind, and the log begins anew', async () => {
  const dir = damaged();
  const [first = '', ...others] = segmentsOf(dir);
  for (const path of others) rmSync(path);
  truncateSync(first, 700);
  const { records } = await reopens(dir);
  assert.equal(records[0]?.['lifecycle'], 'genesis');
  assert.deepEqual(segmentsOf(dir).length, 1);
});

test('a segment that ends with its seal is never written to again', async () => {
  const dir = damaged();
  const [, ...others] = segmentsOf(dir);
  for (const path of others) rmSync(path);
  const { records } = await reopens(dir);
  assert.equal(segmentsOf(dir).length, 2);
  assert.ok(records.some((one) => one['type'] === 'seal'));
});
