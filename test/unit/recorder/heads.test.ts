import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { compareHead, type HeldLog, type KnownHead, rolledBackText } from '../../../src/recorder/heads.ts';
import { ReportedHead } from '../../../src/recorder/heads_check.ts';
import { lineAt } from '../../../src/recorder/line_at.ts';
import { openWithPolicy, proposal, recordsOf, SETTINGS, StateDirs } from './workbench.ts';

const dirs = new StateDirs();
after(() => dirs.clean());

const LOG = 'a'.repeat(32);
const hash = (log: string, seq: number) => `${log[0]}${String(seq).padStart(63, '0')}`;

function held(records: number, firstHeld = 0): HeldLog {
  return {
    ...(records === 0 ? {} : { log_id: LOG }),
    previous_log_id: 'b'.repeat(32),
    records,
    lineHashAt: (seq) => (seq >= firstHeld && seq < records ? hash(LOG, seq) : undefined),
    rootAt: (size) => (firstHeld === 0 ? hash(LOG, size) : undefined),
  };
}

test('contradicts exactly what cannot be true beside the journal', () => {
  const head = fc.record({
    log: fc.constantFrom(LOG, 'b'.repeat(32), 'c'.repeat(32), undefined),
    records: fc.integer({ min: 1, max: 12 }),
    told: fc.constantFrom('line', 'root', 'neither'),
    honest: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), head, (own, { log, records, told, honest }) => {
      const of = honest ? LOG : 'f';
      const known: KnownHead = {
        ...{ source: 'gateway', where: 'somebody', records },
        ...(log === undefined ? {} : { log_id: log }),
        ...(told === 'line' ? { line_hash: hash(of, records - 1) } : {}),
        ...(told === 'root' ? { root: hash(of, records) } : {}),
      };
      const settled = log === 'b'.repeat(32);
      const stranger = log !== undefined && !settled && (own === 0 || log !== LOG);
      const differs = told !== 'neither' && !honest;
      const expected = settled ? false : stranger || records > own || differs;
      assert.equal(compareHead(held(own), known) !== undefined, expected);
    }),
  );
});

test('what has been retired from this disk cannot be held against it', () => {
  const old = { source: 'gateway', where: 'somebody', records: 3, line_hash: hash('f', 2) } as const;
  assert.equal(compareHead(held(10, 5), old), undefined);
  assert.notEqual(compareHead(held(10, 2), old), undefined);
});

test('the message names a few problems and the way out', () => {
  const text = rolledBackText(['one', 'two', 'three', 'four', 'five']);
  assert.match(text, /one; two; three \(and 2 more\)/);
  assert.match(text, /clawgress recorder restore-accept/);
});

test('a reported head that is not one is never passed over', () => {
  const dir = dirs.create();
  mkdirSync(join(dir, 'checkpoints'));
  const path = join(dir, 'checkpoints', 'reported.json');
  const report = new ReportedHead(path);
  assert.deepEqual(report.heads(), []);
  report.report({ source: 'gateway', where: 'g', log_id: LOG, records: 4, line_hash: hash(LOG, 3) });
  assert.equal(report.heads()[0]?.records, 4);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
      writeFileSync(path, content);
      assert.throws(() => report.heads(), /proof of a rollback/);
    }),
  );
});

test('finds the line of any record, in any segment, and none that is not there', async () => {
  const dir = dirs.create();
  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, segment_max_bytes: 1_500_000 } });
  for (let i = 0; i < 3_000; i += 100)
    await Promise.all(Array.from({ length: 100 }, () => recorder.append(proposal())));
  await recorder.stop();
  const records = recordsOf(dir);
  const journal = join(dir, 'journal');
  for (let seq = 0; seq < records.length; seq += 97) {
    const record_hash = records[seq + 1]?.['prev'];
    const found = lineAt(journal, seq);
    assert.equal(found?.record.seq, seq);
    if (record_hash === undefined) continue;
    assert.equal(
      createHash('sha256')
        .update(found?.bytes ?? '')
        .digest('hex'),
      record_hash,
    );
  }
  assert.equal(lineAt(journal, records.length), undefined);
  assert.equal(lineAt(join(dir, 'nowhere'), 0), undefined);
});
