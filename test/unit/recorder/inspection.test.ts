/**
 * Promises: `recorder check` finds whatever is missing or was changed, in packed and plain segments, also after retention;
 * `recorder repair --dry-run` says what the next start does, and changes nothing.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { layoutOf } from '../../../src/config/layout.ts';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { inspectJournal } from '../../../src/recorder/inspection.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { planRepair } from '../../../src/recorder/repair_plan.ts';
import { appended, openWithPolicy, proposal, recorderOptions, SETTINGS, StateDirs } from './workbench.ts';

const states = new StateDirs();
after(() => states.clean());

const PACKING = { ...SETTINGS, segment_max_bytes: 20_000, compress_segments: true, checkpoint_every: 7 };
let whole = '';
let retired = '';

async function grown(journal_max_bytes: number): Promise<string> {
  const dir = states.create();
  const recorder = await openWithPolicy(dir, { settings: { ...PACKING, journal_max_bytes } });
  for (let i = 0; i < 60; i++) await appended(recorder, proposal());
  while (segmentsOf(dir).filter((name) => !name.endsWith('.gz')).length > 1) await sleep(10);
  while (journal_max_bytes > 0 && at(dir, 0).includes('/000000000000-')) await sleep(10);
  await recorder.stop();
  return dir;
}

before(async () => {
  whole = await grown(0);
  retired = await grown(20_000);
});

function segmentsOf(dir: string): string[] {
  return readdirSync(join(dir, 'journal'))
    .filter((name) => /^\d{12}-/.test(name))
    .sort()
    .map((name) => join(dir, 'journal', name));
}

const at = (dir: string, index: number): string => segmentsOf(dir).at(index) ?? '';

function copyOf(dir: string): string {
  const copy = states.create();
  cpSync(dir, copy, { recursive: true });
  return copy;
}

function context(dir: string) {
  return {
    layout: layoutOf(dir, join(dir, 'run')),
    keyring: openKeyring(join(dir, 'keys')),
    ledger: { limit_keys_max: 100, request_window_us: 1, commit: (key: string) => key },
  };
}

const faultsOf = (dir: string): string[] =>
  inspectJournal(context(dir)).findings.flatMap(({ level, code }) => (level === 'fault' ? [code] : []));

/** Content of every file, by path. */
function fingerprint(dir: string): Map<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return new Map(
    files.map((one) => {
      const path = join(one.parentPath, one.name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

/** Unpacks one segment, so that it can be edited as text. */
function editLines(path: string, edit: (lines: string[]) => string[]): void {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  rmSync(path);
  writeFileSync(path.replace(/\.gz$/, ''), `${edit(text.trimEnd().split('\n')).join('\n')}\n`);
}

test('a good journal has no finding; all kept checkpoints were compared, and nothing was changed', async () => {
  for (const dir of [whole, retired]) {
    const earlier = fingerprint(dir);
    const report = inspectJournal(context(dir));
    assert.deepEqual(report.findings, []);
    const kept = readdirSync(join(dir, 'checkpoints')).filter((name) => /^\d{12}$/.test(name)).length;
    assert.equal(report.checkpoints_compared, kept);
    assert.ok(kept >= 8);
    assert.equal((await planRepair(recorderOptions(dir))).next_start, 'start');
    assert.deepEqual(fingerprint(dir), earlier);
  }
  assert.equal(inspectJournal(context(whole)).first_seq, 0);
  assert.ok(inspectJournal(context(retired)).first_seq > 0);
});

const DAMAGES: { [name: string]: [from: () => string, damage: (dir: string) => void, code: string] } = {
  'a line left out of a packed segment': [
    () => whole,
    (dir) => editLines(at(dir, 1), (lines) => lines.filter((_, i) => i !== 3)),
    'LINE_FOREIGN',
  ],
  'a changed letter in a payload': [
    () => whole,
    (dir) =>
      editLines(at(dir, 1), (lines) =>
        lines.map((line, i) => (i === 2 ? `${line.slice(0, 200)}A${line.slice(201)}` : line)),
      ),
    'LINE_INVALID',
  ],
  'a flipped byte in a packed file': [
    () => whole,
    (dir) => {
      const bytes = readFileSync(at(dir, 0));
      bytes.writeUInt8(bytes.readUInt8(900) ^ 1, 900);
      writeFileSync(at(dir, 0), bytes);
    },
    'SEGMENT_UNREADABLE',
  ],
  'a missing segment': [() => whole, (dir) => rmSync(at(dir, 1)), 'SEGMENT_MISSING'],
  'a segment cut before its seal': [
    () => whole,
    (dir) => editLines(at(dir, 1), (lines) => lines.slice(0, -1)),
    'SEAL_MISSING',
  ],
  'records missing at the end': [
    () => whole,
    (dir) => editLines(at(dir, -1), (lines) => lines.slice(0, 1)),
    'HEAD_BEHIND',
  ],
  'a checkpoint with another size': [
    () => whole,
    (dir) => {
      const [one = ''] = readdirSync(join(dir, 'checkpoints'));
      cpSync(join(dir, 'checkpoints', one), join(dir, 'checkpoints', '000000000003'));
    },
    'CHECKPOINT_INVALID',
  ],
  'a checkpoint that was edited': [
    () => whole,
    (dir) => {
      const path = join(dir, 'checkpoints', 'latest');
      writeFileSync(path, readFileSync(path, 'utf8').replace(/\n(\d+)\n/, '\n1$1\n'));
    },
    'CHECKPOINT_INVALID',
  ],
  'removed segments without what proves them': [
    () => retired,
    (dir) => rmSync(join(dir, 'journal', 'retired'), { recursive: true }),
    'RETIRED_UNPROVEN',
  ],
  'a changed leaf of a removed segment': [
    () => retired,
    (dir) => {
      const folder = join(dir, 'journal', 'retired');
      const [name = ''] = readdirSync(folder)
        .filter((one) => one.endsWith('.leaves'))
        .sort();
      const bytes = readFileSync(join(folder, name));
      bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
      writeFileSync(join(folder, name), bytes);
    },
    'CHECKPOINT_MISMATCH',
  ],
  'removed segments and no ledger snapshot': [
    () => retired,
    (dir) => rmSync(join(dir, 'ledger'), { recursive: true }),
    'NO_START',
  ],
  'quarantine that was edited': [
    () => whole,
    (dir) => {
      mkdirSync(join(dir, 'journal', 'quarantine'));
      writeFileSync(join(dir, 'journal', 'quarantine', 'x.jsonl.7.0123456789abcdef'), 'torn');
    },
    'QUARANTINE_CHANGED',
  ],
};

for (const [name, [from, damage, code]] of Object.entries(DAMAGES)) {
  test(`check finds ${name}`, () => {
    const dir = copyOf(from());
    damage(dir);
    assert.ok(faultsOf(dir).includes(code), `${faultsOf(dir)}`);
  });
}

test('a torn tail is a note for check, and a cut that is planned exactly as it is then made', async () => {
  const dir = copyOf(whole);
  appendFileSync(at(dir, -1), '{"payloadType":"torn');
  const report = inspectJournal(context(dir));
  assert.deepEqual(
    report.findings.map(({ level, code }) => [level, code]),
    [['note', 'LINE_UNFINISHED']],
  );
  const earlier = fingerprint(dir);
  const plan = await planRepair(recorderOptions(dir));
  assert.deepEqual(fingerprint(dir), earlier);
  assert.equal(plan.next_start, 'recover');
  const [cut] = plan.changes;
  assert.equal(cut?.action, 'cut');
  assert.equal(cut?.bytes, 20);
  const recorder = await openRecorder(recorderOptions(dir));
  assert.equal(recorder.status().phase, 'running');
  await recorder.stop();
  const kept = readdirSync(join(dir, 'journal', 'quarantine')).map((one) =>
    createHash('sha256')
      .update(readFileSync(join(dir, 'journal', 'quarantine', one)))
      .digest('hex'),
  );
  assert.deepEqual(kept, [cut?.digest?.slice('sha256:'.length)]);
  assert.deepEqual(faultsOf(dir), []);
});

test('a missing last newline is planned, and so is a refusal with the words of the start', async () => {
  const short = copyOf(whole);
  const path = at(short, -1);
  truncateSync(path, readFileSync(path).length - 1);
  assert.deepEqual((await planRepair(recorderOptions(short))).changes, [{ action: 'complete_line', path }]);
  const broken = copyOf(whole);
  rmSync(at(broken, 1));
  rmSync(join(broken, 'ledger'), { recursive: true });
  const plan = await planRepair(recorderOptions(broken));
  assert.equal(plan.next_start, 'refuse');
  await assert.rejects(openRecorder(recorderOptions(broken)), { message: plan.refusal });
});
