import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  follow,
  INSPECTIONS_TOLD_MAX,
  newestFirst,
  oldestFirst,
  receipts,
} from '../../../src/cli/journal_reader.ts';
import { EvidenceLog } from '../../support/evidence_log.ts';

const SECOND = '01890a5d-ac96-774b-bcce-b302099a8058';
let dir: string;
let log: EvidenceLog;
let segment: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cg-journal-'));
  log = new EvidenceLog();
  log.genesis();
  log.delegate();
  log.decision();
  log.outcome();
  log.decision({ receipt_id: SECOND, verdict: 'deny', reason: 'POLICY_NO_MATCH', rule_id: undefined });
  segment = join(dir, `000000000000-${log.logId.slice(0, 8)}.jsonl`);
  writeFileSync(segment, log.lines.map((line) => `${line}\n`).join(''));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const seqs = (records: Iterable<{ record: { seq: number } }>) => [...records].map(({ record }) => record.seq);

test('records come in either order, over several segments', () => {
  const lines = log.lines.map((line) => `${line}\n`);
  writeFileSync(segment, lines.slice(0, 3).join(''));
  writeFileSync(join(dir, `000000000003-${log.logId.slice(0, 8)}.jsonl`), lines.slice(3).join(''));
  assert.deepEqual(seqs(oldestFirst(dir)), [0, 1, 2, 3, 4]);
  assert.deepEqual(seqs(newestFirst(dir)), [4, 3, 2, 1, 0]);
});

test('each decision comes with its own outcome, newest first', () => {
  const found = [...receipts(dir, () => true)];
  assert.deepEqual(
    found.map(({ decision, outcome }) => [decision.record.receipt_id === SECOND, outcome?.state]),
    [
      [true, undefined],
      [false, 'completed'],
    ],
  );
  assert.equal([...receipts(dir, (record) => record.verdict === 'allow')].length, 1);
});

test('each decision comes with its inspections, oldest first, and no more than are told', () => {
  const marks = INSPECTIONS_TOLD_MAX + 5;
  for (let index = 0; index < marks; index++) log.inspection({ index, state: 'mark' });
  log.inspection({ index: marks });
  writeFileSync(segment, log.lines.map((line) => `${line}\n`).join(''));
  const [denied, allowed] = [...receipts(dir, () => true)];
  assert.equal(denied?.inspections, undefined);
  const told = allowed?.inspections?.map(({ index }) => index) ?? [];
  assert.equal(told.length, INSPECTIONS_TOLD_MAX);
  assert.deepEqual(
    told,
    [...told].sort((a, b) => a - b),
  );
  assert.equal(told.at(-1), marks);
});

test('a write under way at the end of the file is passed over', () => {
  const whole = log.decision({ receipt_id: '01890a5d-ac96-774b-bcce-b302099a8059' });
  for (const cut of [1, 40, whole.length - 1, whole.length]) {
    writeFileSync(
      segment,
      log.lines
        .slice(0, 5)
        .map((line) => `${line}\n`)
        .join(''),
    );
    appendFileSync(segment, whole.subarray(0, cut));
    assert.deepEqual(seqs(oldestFirst(dir)), [0, 1, 2, 3, 4], `cut at ${cut}`);
  }
});

test('a complete line that is no record is an error that names its place', () => {
  appendFileSync(segment, '{"payloadType":"x"}\n');
  assert.throws(() => [...newestFirst(dir)], /the line at byte \d+ is not a journal record/);
});

test('an empty or missing folder has no receipts', () => {
  assert.deepEqual([...receipts(join(dir, 'none'), () => true)], []);
});

test('follow yields what is appended from now on, once it is complete, also in a new segment', async () => {
  const stop = new AbortController();
  const stream = follow(dir, stop.signal);
  const next = stream.next();
  const third = log.decision({ receipt_id: '01890a5d-ac96-774b-bcce-b302099a8059' });
  appendFileSync(segment, third.subarray(0, 100));
  appendFileSync(segment, Buffer.concat([third.subarray(100), Buffer.from('\n')]));
  assert.equal((await next).value?.record.seq, 5);
  const fourth = log.decision({ receipt_id: '01890a5d-ac96-774b-bcce-b302099a8060' });
  writeFileSync(join(dir, `000000000006-${log.logId.slice(0, 8)}.jsonl`), `${fourth}\n`);
  assert.equal((await stream.next()).value?.record.seq, 6);
  stop.abort();
  assert.equal((await stream.next()).done, true);
});

test('what retention removes while it is read is passed over, in every direction', async () => {
  const lines = log.lines.map((line) => `${line}\n`);
  const second = join(dir, `000000000003-${log.logId.slice(0, 8)}.jsonl`);
  const split = () => {
    writeFileSync(segment, lines.slice(0, 3).join(''));
    writeFileSync(second, lines.slice(3).join(''));
  };
  split();
  const backwards = newestFirst(dir);
  assert.equal(backwards.next().value?.record.seq, 4);
  rmSync(segment);
  assert.deepEqual(seqs(backwards), [3]);
  split();
  const forwards = oldestFirst(dir);
  assert.equal(forwards.next().value?.record.seq, 0);
  rmSync(second);
  assert.deepEqual(seqs(forwards), [1, 2]);
});
