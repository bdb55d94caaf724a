import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeZip } from '../../../../src/core/bundle/zip_write.ts';
import { verifyBundle } from '../../../../src/core/verify/verify_bundle.ts';
import {
  bundleOf,
  memberOf,
  membersOf,
  nodeCrypto,
  resigned,
  trustOf,
  withMember,
} from '../../../support/evidence_bundle.ts';
import { hexOf, testKey } from '../../../support/evidence_keys.ts';
import { canonical, smallLog } from '../../../support/evidence_log.ts';

const log = smallLog();
log.delegate(testKey('epoch-2'));
log.decision();
log.outcome();
const trust = trustOf(log);

test('every contiguous range verifies by itself', () => {
  for (let since = 1; since < log.lines.length; since += 1) {
    const report = verifyBundle(bundleOf(log, { since }), trust, nodeCrypto);
    assert.deepEqual(report.findings, []);
    assert.equal(report.verdict, 'VERIFIED');
    assert.deepEqual([report.range?.complete, report.range?.first_seq], [false, since]);
  }
});

test('a range carries only the delegations that its own records rest on', () => {
  const delegations = (since: number) =>
    Buffer.from(memberOf(membersOf(log, { since }), 'keys/delegations.jsonl').bytes)
      .toString()
      .trimEnd()
      .split('\n');
  assert.deepEqual(delegations(5), [`${log.lines[0]}`, `${log.lines[1]}`]);
  assert.deepEqual(delegations(8), [`${log.lines[0]}`, `${log.lines[7]}`]);
});

test('a range whose tail is beyond the checkpoint is END_UNPROVEN', () => {
  const report = verifyBundle(bundleOf(log, { since: 3, checkpoint: log.checkpoint(8) }), trust, nodeCrypto);
  assert.equal(report.verdict, 'END_UNPROVEN');
});

test('frontier, proofs and delegations are held against the signed tree', () => {
  const members = membersOf(log, { since: 4 });
  const frontier = JSON.parse(Buffer.from(memberOf(members, 'tlog/frontier.json').bytes).toString());
  const proofs = JSON.parse(Buffer.from(memberOf(members, 'tlog/delegations.json').bytes).toString());
  const refused = (name: string, value: unknown, code: string) => {
    const bytes = typeof value === 'string' || value === undefined ? value : canonical(value);
    const report = verifyBundle(writeZip(resigned(log, withMember(members, name, bytes))), trust, nodeCrypto);
    assert.equal(report.verdict, 'REFUSED', `${name} ${code}`);
    const found = report.findings.map((finding) => finding.code);
    assert.ok(
      found.some((one) => one === code),
      `${name}: ${code} not in ${found.join()}`,
    );
  };
  assert.equal(frontier.size, 4);
  refused('tlog/frontier.json', { ...frontier, frontier: [hexOf('x')] }, 'TREE_MISMATCH');
  refused('tlog/frontier.json', { ...frontier, frontier: [] }, 'TREE_MISMATCH');
  refused('tlog/frontier.json', { ...frontier, frontier: [hexOf('x'), hexOf('y')], size: 3 }, 'SEQ_GAP');
  refused('tlog/frontier.json', { ...frontier, size: 0, frontier: [] }, 'TREE_MISMATCH');
  refused('tlog/frontier.json', '{', 'TREE_MISMATCH');
  refused('tlog/frontier.json', undefined, 'TREE_MISMATCH');
  refused('tlog/delegations.json', [proofs[0], { ...proofs[1], proof: [hexOf('x')] }], 'TREE_MISMATCH');
  refused('tlog/delegations.json', [proofs[1], proofs[0]], 'TREE_MISMATCH');
  refused('tlog/delegations.json', [proofs[0]], 'TREE_MISMATCH');
  refused('tlog/delegations.json', [], 'TREE_MISMATCH');
  refused('tlog/delegations.json', undefined, 'TREE_MISMATCH');
  const [genesis, delegation] = log.lines;
  const lines = (...some: unknown[]) => some.map((line) => `${line}\n`).join('');
  refused('keys/delegations.jsonl', lines(delegation, genesis), 'DELEGATION_INVALID');
  refused('keys/delegations.jsonl', lines(genesis), 'KEY_UNKNOWN');
  refused('keys/delegations.jsonl', '', 'DELEGATION_INVALID');
  refused('keys/delegations.jsonl', lines(genesis, log.lines[2]), 'DELEGATION_INVALID');
  refused('keys/delegations.jsonl', lines(genesis, 'x'), 'LINE_INVALID');
  refused('keys/delegations.jsonl', lines(genesis, log.lines[7]), 'DELEGATION_INVALID');
});

test('a delegation from a fork of the log is not in the tree', () => {
  const fork = smallLog();
  fork.lines.length = 1;
  fork.delegate(testKey('mallory'), { not_after: fork.now(3_600_000) });
  const members = membersOf(log, { since: 4 });
  const lines = `${log.lines[0]}\n${fork.lines[1]}\n`;
  const forged = resigned(log, withMember(members, 'keys/delegations.jsonl', lines));
  const report = verifyBundle(writeZip(forged), trust, nodeCrypto);
  assert.equal(report.verdict, 'REFUSED');
  assert.ok(
    report.findings.some(
      ({ code, where }) => code === 'TREE_MISMATCH' && where === 'keys/delegations.jsonl:2',
    ),
  );
});

test('a range is never passed off as complete, nor a complete log as a range', () => {
  const range = membersOf(log, { since: 4 });
  const bare = range.filter(({ name }) => !/frontier|delegations/.test(name));
  assert.equal(verifyBundle(writeZip(resigned(log, bare)), trust, nodeCrypto).verdict, 'REFUSED');
  const complete = membersOf(log);
  const frontier = withMember(complete, 'tlog/frontier.json', memberOf(range, 'tlog/frontier.json').bytes);
  assert.equal(verifyBundle(writeZip(resigned(log, frontier)), trust, nodeCrypto).verdict, 'REFUSED');
});

test('lines of a range: removed, swapped, cut', () => {
  const members = membersOf(log, { since: 4 });
  const text = log.lines.slice(4).map((line) => `${line}\n`);
  const variants = [
    text.slice(1),
    text.slice(0, -1),
    [text[1], text[0], ...text.slice(2)],
    [...text.slice(0, 2), ...text.slice(3)],
  ];
  for (const variant of variants) {
    const changed = resigned(log, withMember(members, 'journal.jsonl', variant.join('')));
    assert.equal(verifyBundle(writeZip(changed), trust, nodeCrypto).verdict, 'REFUSED');
  }
});
