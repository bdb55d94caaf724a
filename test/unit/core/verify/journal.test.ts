import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyJournalLines } from '../../../../src/core/verify/journal.ts';
import { bodyTextOf, nodeCrypto, trustOf } from '../../../support/evidence_bundle.ts';
import { hexOf } from '../../../support/evidence_keys.ts';
import {
  canonical,
  DEMANDS,
  type EvidenceLog,
  leafOf,
  signedLine,
  smallLog,
  treeRoot,
} from '../../../support/evidence_log.ts';

import { codes } from './journal_codes.ts';

test('an honest log has no findings, and its totals are told', () => {
  const log = smallLog();
  assert.deepEqual(codes(log), []);
  const { journal } = verifyJournalLines(log.lines, nodeCrypto, undefined);
  assert.equal(journal.totals.records, 7);
  assert.deepEqual(verifyJournalLines([], nodeCrypto, undefined).findings.kept, [
    { code: 'EMPTY', where: 'journal', detail: '' },
  ]);
});

test('gaps, recoveries, clock jumps and unknown outcomes are counted', () => {
  const log = smallLog();
  log.outcome({ state: 'unknown', status: undefined });
  log.add('lifecycle', { lifecycle: 'recovery', cut_bytes: 0, open_decisions: 1 });
  log.add('lifecycle', { lifecycle: 'clock', wall_jump_ms: -9000 });
  const counts = [
    { cause: 'codec', count: 3 },
    { cause: 'overload', count: 4 },
  ];
  log.add('lifecycle', { lifecycle: 'gap', log_file_id: 'e1', from_ts: log.now(), to_ts: log.now(), counts });
  log.add('lifecycle', { lifecycle: 'gap', log_file_id: 'e1', from_ts: log.now(), to_ts: log.now(), counts });
  assert.deepEqual(codes(log), []);
  const { totals } = verifyJournalLines(log.lines, nodeCrypto, undefined).journal;
  assert.deepEqual(totals.gaps, [
    { name: 'codec', count: 6 },
    { name: 'overload', count: 8 },
  ]);
  assert.deepEqual([totals.recoveries, totals.clock_jumps], [1, 1]);
  assert.deepEqual(totals.by_outcome, [
    { name: 'completed', count: 1 },
    { name: 'unknown', count: 1 },
  ]);
});

/** Replaces line `at` by the body changed, signed by the right key: what a malicious recorder could write. */
function rewritten(change: Record<string, unknown>, at = 4): EvidenceLog {
  const log = smallLog();
  const line = log.lines[at] ?? Buffer.alloc(0);
  log.lines[at] = signedLine(canonical({ ...JSON.parse(bodyTextOf(line)), ...change }), log.epoch);
  log.lines.length = at + 1;
  return log;
}

test('a correctly signed record out of place is refused all the same', () => {
  const cases: [Record<string, unknown>, string[]][] = [
    [{ seq: 5 }, ['SEQ_GAP journal:5']],
    [{ prev: hexOf('x') }, ['CHAIN_BREAK journal:5']],
    [{ log_id: 'f'.repeat(32) }, ['LOG_MISMATCH journal:5']],
    [{ issuer: 'other' }, ['LOG_MISMATCH journal:5']],
    [{ key_id: hexOf('x') }, ['LINE_INVALID journal:5']],
    [{ v: 1 }, ['VERSION_UNKNOWN journal:5']],
    [{ type: 'approval' }, ['VERSION_UNKNOWN journal:5']],
    [{ vendor_note: 'x' }, ['VERSION_UNKNOWN journal:5']],
    [{ verdict: 'maybe' }, ['FIELD_INVALID journal:5']],
    [{ streams: [{ kind: 'tenant', id: 'default', seq: 1, prev: hexOf('x') }] }, ['STREAM_BREAK journal:5']],
    [{ streams: [{ kind: 'tenant', id: 'default', seq: 0, prev: hexOf('x') }] }, ['STREAM_BREAK journal:5']],
  ];
  for (const [change, expected] of cases)
    assert.deepEqual(codes(rewritten(change)), expected, JSON.stringify(change));
});

test('names chosen by an attacker reach no terminal as they are', () => {
  const log = rewritten({ ['\u001b[2J\u202e'.padEnd(4000, 'x')]: 1 });
  const [finding] = verifyJournalLines(log.lines, nodeCrypto, trustOf(log)).findings.kept;
  assert.equal(finding?.code, 'VERSION_UNKNOWN');
  assert.match(finding?.detail ?? '', /^[ -~]{1,200}$/);
});

test('bodies that are not canonical are refused although their signature is good', () => {
  const log = smallLog();
  const text = bodyTextOf(log.lines[4] ?? Buffer.alloc(0));
  for (const body of [` ${text}`, text.replace('"v":0', '"v":0,"v":0'), text.replace('"v":0', '"v":0.0')]) {
    log.lines[4] = signedLine(body, log.epoch);
    log.lines.length = 5;
    assert.deepEqual(codes(log), ['LINE_INVALID journal:5']);
  }
});

test('another signature of the same key does not do', () => {
  const log = smallLog();
  const signatureOf = (line: Uint8Array | undefined) => /"sig":"([^"]+)"/.exec(String(line))?.[1] ?? '';
  const [stolen, own] = [signatureOf(log.lines[5]), signatureOf(log.lines[4])];
  assert.notEqual(stolen, own);
  log.lines[4] = Buffer.from(String(log.lines[4]).replace(own, stolen));
  log.lines.length = 5;
  assert.deepEqual(codes(log), ['SIG_INVALID journal:5']);
});

test('the second spelling of a signature is refused', () => {
  const log = smallLog();
  const line = (log.lines[4] ?? '').toString();
  const signature = Buffer.from(/"sig":"([^"]+)"/.exec(line)?.[1] ?? '', 'base64');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
  const high = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  const other = Buffer.concat([signature.subarray(0, 32), high]).toString('base64');
  log.lines[4] = Buffer.from(line.replace(/"sig":"[^"]+"/, `"sig":"${other}"`));
  log.lines.length = 5;
  assert.deepEqual(codes(log), ['SIG_INVALID journal:5']);
});

test('streams continue: a hidden or invented record of one agent shows', () => {
  const log = smallLog();
  log.streams.delete('run demo/run-1');
  log.decision({}, 'run-1');
  assert.deepEqual(codes(log), ['STREAM_BREAK journal:8']);
});

/** A seal over everything so far, by the definition in the format. */
function sealOf(log: EvidenceLog): Record<string, unknown> {
  const heads = new Map<string, Record<string, unknown>>();
  const counts = { allow: 0, deny: 0, outcome: 0 };
  for (const line of log.lines) {
    const record = JSON.parse(bodyTextOf(line));
    const event = (record.type === 'decision' ? record.verdict : record.type) as keyof typeof counts;
    if (event in counts) counts[event] += 1;
    for (const { kind, id, seq } of record.streams ?? []) {
      const before = (heads.get(`${kind}/${id}`)?.['counts'] ?? {
        allow: 0,
        deny: 0,
        outcome: 0,
      }) as typeof counts;
      heads.set(`${kind}/${id}`, {
        kind,
        id,
        last_seq: seq,
        last_hash: hexOf(line),
        counts: event in counts ? { ...before, [event]: before[event] + 1 } : before,
      });
    }
  }
  const leaves = [...heads.keys()].sort().map((name) => leafOf(Buffer.from(canonical(heads.get(name)))));
  return {
    first_seq: 0,
    streams_root: treeRoot(leaves).toString('hex'),
    stream_count: heads.size,
    counts,
  };
}

test('a seal tells what the segment held', () => {
  const log = smallLog();
  log.add('seal', sealOf(log));
  log.decision();
  log.add('seal', { ...sealOf(log), first_seq: 8, counts: { allow: 1, deny: 0, outcome: 0 } });
  assert.deepEqual(codes(log), []);
  for (const lie of [
    { first_seq: 1 },
    { stream_count: 2 },
    { streams_root: hexOf('x') },
    { counts: { allow: 2, deny: 1, outcome: 1 } },
  ]) {
    const liar = smallLog();
    liar.add('seal', { ...sealOf(liar), ...lie });
    assert.deepEqual(codes(liar), ['SEAL_MISMATCH journal:8']);
  }
});

test('inspections move the heads of their streams and are counted in no seal', () => {
  const log = smallLog();
  log.inspection({ state: 'mark' }, 'run-1');
  log.inspection({ index: 1 });
  log.add('seal', sealOf(log));
  assert.deepEqual(codes(log), []);
  const counts = { allow: 1, deny: 1, outcome: 1 };
  assert.deepEqual(
    (JSON.parse(bodyTextOf(log.lines.at(-1) ?? Buffer.alloc(0))) as { counts: object }).counts,
    counts,
  );
  log.streams.set('agent demo', { seq: 9, prev: hexOf('x') });
  log.inspection({ index: 2 });
  assert.deepEqual(codes(log), ['STREAM_BREAK journal:11']);
});

test('inspections are totalled by state, and so are answers without an end', () => {
  const log = smallLog();
  const id = (last: string) => `01890a5d-ac96-774b-bcce-b302099a900${last}`;
  for (const last of ['1', '2', '3', '4']) log.decision({ receipt_id: id(last), response: DEMANDS });
  log.decision({ receipt_id: id('5'), response: DEMANDS, verdict: 'deny', reason: 'POLICY_DENY' });
  for (const last of ['1', '2', '3']) log.inspection({ decision_ref: id(last), state: 'mark' });
  log.inspection({ decision_ref: id('1'), index: 1, state: 'policy_cut' });
  log.inspection({ decision_ref: id('2'), part: 'request' });
  log.outcome({ decision_ref: id('3') });
  log.outcome({ decision_ref: id('4'), state: 'not_sent' });
  assert.deepEqual(codes(log), []);
  const { totals } = verifyJournalLines(log.lines, nodeCrypto, undefined).journal;
  assert.deepEqual(totals.by_inspection, [
    { name: 'complete', count: 1 },
    { name: 'mark', count: 3 },
    { name: 'policy_cut', count: 1 },
  ]);
  assert.equal(totals.answers_without_end, 2, 'the second and the third; the fourth was never sent');
  const plain = verifyJournalLines(smallLog().lines, nodeCrypto, undefined).journal.totals;
  assert.deepEqual([plain.by_inspection, plain.answers_without_end], [undefined, undefined]);
});

test('findings are bounded, and counted', () => {
  const lines = Array.from({ length: 250 }, () => Buffer.from('x'));
  const { findings } = verifyJournalLines(lines, nodeCrypto, undefined);
  assert.equal(findings.kept.length, 100);
  assert.equal(findings.total, 250);
});
