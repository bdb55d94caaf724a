import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../../../../src/core/bundle/member.ts';
import { writeZip } from '../../../../src/core/bundle/zip_write.ts';
import type { FindingCode } from '../../../../src/core/verify/findings.ts';
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
import { testKey, testP256Key } from '../../../support/evidence_keys.ts';
import { EvidenceLog, smallLog } from '../../../support/evidence_log.ts';

const log = smallLog();
const members = membersOf(log);
const trust = trustOf(log);

function codesOf(changed: readonly Member[]): { verdict: string; codes: Set<FindingCode> } {
  const { verdict, findings } = verifyBundle(writeZip(changed), trust, nodeCrypto);
  return { verdict, codes: new Set(findings.map(({ code }) => code)) };
}

/** The change alone, then with manifest and sums made anew by whoever holds the manifest keys: both must be refused. */
function refuses(changed: readonly Member[], code: FindingCode, verdict = 'REFUSED'): void {
  const outsider = codesOf(changed);
  assert.equal(outsider.verdict, verdict);
  const insider = codesOf(resigned(log, changed));
  assert.equal(insider.verdict, verdict);
  assert.ok(insider.codes.has(code), `${code} not in ${[...insider.codes].join()}`);
}

const withJournal = (lines: readonly (Buffer | string)[]) =>
  withMember(members, 'journal.jsonl', lines.map((line) => `${line}\n`).join(''));

test('the bundle verifies, and re-signing it unchanged keeps it so', () => {
  assert.deepEqual(codesOf(members), { verdict: 'VERIFIED', codes: new Set() });
  assert.deepEqual(codesOf(resigned(log, members)), { verdict: 'VERIFIED', codes: new Set() });
});

test('without a trust file nothing is more than self-consistent', () => {
  const report = verifyBundle(writeZip(members), undefined, nodeCrypto);
  assert.equal(report.verdict, 'SELF_CONSISTENT');
  assert.equal(report.caveats.length, 2);
});

/** The smallest log there is: the tests below change each of its bytes. */
function tiny(): EvidenceLog {
  const smallest = new EvidenceLog();
  smallest.genesis();
  return smallest;
}

test('a changed byte anywhere in the file is refused', () => {
  const zip = bundleOf(tiny());
  const known = trustOf(tiny());
  assert.equal(verifyBundle(zip, known, nodeCrypto).verdict, 'VERIFIED');
  for (let at = 0; at < zip.length; at += 1) {
    const changed = zip.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    assert.equal(verifyBundle(changed, known, nodeCrypto).verdict, 'REFUSED', `byte ${at}`);
  }
});

test('a changed byte in any file is refused also when the zip around it is made anew', () => {
  const smallest = membersOf(tiny());
  const known = trustOf(tiny());
  for (const { name, bytes } of smallest) {
    // Denser in what has a reader of its own, a sample of what only a digest covers.
    for (let at = 0; at < bytes.length; at += name.startsWith('manifest.') ? 31 : 101) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
      const { verdict } = verifyBundle(writeZip(withMember(smallest, name, changed)), known, nodeCrypto);
      assert.equal(verdict, 'REFUSED', `${name} byte ${at}`);
    }
  }
});

test('a flipped bit in a line is refused even by the hand that signs manifests', () => {
  const [line = Buffer.alloc(0)] = log.lines.slice(4);
  for (let at = 0; at < line.length; at += 101) {
    const changed = Buffer.from(line);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
    const lines = log.lines.map((other, i) => (i === 4 ? changed : other));
    const { verdict, codes } = codesOf(resigned(log, withJournal(lines.map((l) => l.toString('latin1')))));
    assert.equal(verdict, 'REFUSED', `byte ${at}`);
    assert.ok(codes.has('TREE_MISMATCH'), `byte ${at}`);
  }
});

test('removed, doubled, swapped, truncated and re-spaced lines', () => {
  const lines = log.lines;
  const [l0, l1, l2, l3, l4, l5, l6] = lines.map((line) => line.toString());
  assert.ok(l0 && l1 && l2 && l3 && l4 && l5 && l6);
  refuses(withJournal([l0, l1, l2, l3, l5, l6]), 'SEQ_GAP');
  refuses(withJournal([l0, l1, l2, l3, l5, l6]), 'CHAIN_BREAK');
  refuses(withJournal([l0, l1, l2, l3, l4, l4, l5, l6]), 'SEQ_GAP');
  refuses(withJournal([l0, l1, l2, l3, l5, l4, l6]), 'CHAIN_BREAK');
  refuses(withJournal([l0, l1, l2, l3, l4, l5]), 'TREE_MISMATCH');
  refuses(withJournal([l1, l2, l3, l4, l5, l6]), 'SEQ_GAP');
  refuses(withJournal([l0, l1, l2, l3, l4, l5, l6.slice(0, -9)]), 'LINE_INVALID');
  refuses(
    withJournal([l0, l1, l2, l3, l4, l5, l6.replace('","signatures', '", "signatures')]),
    'LINE_INVALID',
  );
  refuses(withJournal([l0, l1, l2, l3, l4, l5, l6, '']), 'LINE_INVALID');
  refuses(withJournal([l0, l1, l2, l3, l4, l5, `${l6}\r`]), 'LINE_INVALID');
  const unfinished = Buffer.from(memberOf(withJournal(lines), 'journal.jsonl').bytes).subarray(0, -1);
  refuses(withMember(members, 'journal.jsonl', unfinished), 'LINE_INVALID');
});

test('an empty journal has a verdict of its own', () => {
  refuses(withMember(members, 'journal.jsonl', ''), 'EMPTY', 'EMPTY');
  assert.equal(verifyBundle(writeZip([]), trust, nodeCrypto).verdict, 'REFUSED');
  assert.equal(verifyBundle(new Uint8Array(0), trust, nodeCrypto).verdict, 'REFUSED');
});

test('undeclared and missing files', () => {
  const extra = codesOf(withMember(members, 'policy/'.concat('0'.repeat(64), '.json'), '{}'));
  assert.ok(extra.codes.has('MEMBER_UNDECLARED'));
  refuses(withMember(members, 'evil.sh', 'rm'), 'MEMBER_UNDECLARED');
  refuses(withMember(members, 'artifacts/x', 'x'), 'MEMBER_UNDECLARED');
  for (const { name } of members) {
    const { verdict, codes } = codesOf(withMember(members, name, undefined));
    assert.equal(verdict, 'REFUSED', name);
    if (name !== 'manifest.json') assert.ok(codes.has('MEMBER_MISSING'), name);
    if (/^(manifest\.|SHA256SUMS)/.test(name)) continue;
    const again = codesOf(resigned(log, withMember(members, name, undefined)));
    assert.equal(again.verdict, 'REFUSED', name);
    assert.ok(again.codes.has('MEMBER_MISSING'), name);
  }
});

test('another file under a good name', () => {
  const policy = members.find(({ name }) => name.startsWith('policy/'))?.name ?? '';
  refuses(withMember(members, policy, '{"id":"other"}'), 'MEMBER_DIGEST');
  refuses(withMember(members, 'journal.view.jsonl', '{}\n'), 'VIEW_MISMATCH');
  refuses(withMember(members, 'tlog/tile/0/000.p/7', Buffer.alloc(224)), 'TREE_MISMATCH');
  refuses(withMember(members, 'tlog/tile/0/001', Buffer.alloc(224)), 'TREE_MISMATCH');
  refuses(withMember(members, 'tlog/tile/entries/000.p/7', 'x'), 'TREE_MISMATCH');
  refuses(withMember(members, 'keys/keys.json', '{}'), 'TRUST_INVALID');
  refuses(withMember(members, `keys/${log.epoch.keyId}.pem`, testKey('x').pem), 'TRUST_INVALID');
  refuses(withMember(members, `keys/${testKey('x').keyId}.pem`, testKey('x').pem), 'TRUST_INVALID');
  refuses(withMember(members, 'keys/log.vkey', 'x'), 'TRUST_INVALID');
});

test('checkpoints: another key, another log, another size, another root', () => {
  const checkpoint = (text: string) => withMember(members, 'tlog/checkpoint', text);
  const good = log.checkpoint();
  const other = smallLog();
  other.decision();
  refuses(checkpoint(log.checkpoint(7, testKey('x'))), 'CHECKPOINT_INVALID');
  refuses(checkpoint(log.checkpoint(7, log.logKey, 'other/log')), 'CHECKPOINT_INVALID');
  refuses(checkpoint(other.checkpoint()), 'TREE_MISMATCH');
  refuses(checkpoint(good.replace('\n7\n', '\n6\n')), 'SIG_INVALID');
  refuses(checkpoint(good.replace('\n7\n', '\n6\n')), 'TREE_MISMATCH');
  refuses(checkpoint(`${good}${good.split('\n').at(-2)}\n`), 'CHECKPOINT_INVALID');
  refuses(checkpoint('nothing'), 'CHECKPOINT_INVALID');
});

test('records beyond the checkpoint are a verdict of their own', () => {
  const report = verifyBundle(bundleOf(log, { checkpoint: log.checkpoint(5) }), trust, nodeCrypto);
  assert.equal(report.verdict, 'END_UNPROVEN');
  assert.deepEqual(
    report.findings.map(({ code }) => code),
    ['END_UNPROVEN'],
  );
});

test('the same evidence under other keys is refused', () => {
  const isKnown = (purpose: string) => {
    const keys = [
      [purpose === 'root' ? testKey('x') : log.root, 'root'],
      [purpose === 'log' ? testKey('x') : log.logKey, 'log'],
      [purpose === 'manifest' ? testKey('x') : log.manifestEd25519, 'manifest'],
      [purpose === 'p256' ? testP256Key('x') : log.manifestP256, 'manifest'],
    ] as const;
    return verifyBundle(
      writeZip(members),
      trustOf(log, log.trustFile(keys.map(([key, role]) => [key, role]))),
      nodeCrypto,
    );
  };
  assert.equal(isKnown('none').verdict, 'VERIFIED');
  for (const purpose of ['root', 'log', 'manifest', 'p256']) {
    const { verdict, findings } = isKnown(purpose);
    assert.equal(verdict, 'REFUSED', purpose);
    assert.ok(
      findings.every(({ code }) => code === 'KEY_UNKNOWN'),
      purpose,
    );
  }
});

test('a key serves one purpose', () => {
  const swapped = log.trustFile([
    [log.root, 'log'],
    [log.logKey, 'root'],
    [log.manifestEd25519, 'manifest'],
    [log.manifestP256, 'manifest'],
  ]);
  assert.equal(verifyBundle(writeZip(members), trustOf(log, swapped), nodeCrypto).verdict, 'REFUSED');
});

test('a whole log made by a stranger verifies only against the stranger', () => {
  const stranger = Object.assign(new EvidenceLog(), { root: testKey('stranger') });
  stranger.genesis();
  stranger.delegate();
  stranger.start();
  const zip = bundleOf(stranger);
  assert.equal(verifyBundle(zip, undefined, nodeCrypto).verdict, 'SELF_CONSISTENT');
  const { verdict, findings } = verifyBundle(zip, trust, nodeCrypto);
  assert.equal(verdict, 'REFUSED');
  assert.equal(findings[0]?.code, 'KEY_UNKNOWN');
});

test('the manifest may say nothing that the files do not give', () => {
  const manifest = Buffer.from(memberOf(members, 'manifest.json').bytes).toString();
  const lies = [
    manifest.replace('"name":"deny"', '"name":"denied"'),
    manifest.replace('"complete":true', '"complete":false'),
    manifest.replace('"last_seq":6', '"last_seq":7'),
    manifest.replace('"version":0', '"note":"audited","version":0'),
  ];
  for (const lie of lies) refuses(withMember(members, 'manifest.json', lie), 'MANIFEST_INVALID');
  refuses(withMember(members, 'manifest.json', manifest.replace('/pef/v0', '/pef/v1')), 'VERSION_UNKNOWN');
});
