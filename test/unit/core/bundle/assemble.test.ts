import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { manifestBytes, SUBJECTS_MAX, sumsOf } from '../../../../src/core/bundle/manifest.ts';
import type { Member } from '../../../../src/core/bundle/member.ts';
import { pemOfSpki, rawOfSpki, spkiOfPem } from '../../../../src/core/bundle/public_key.ts';
import { parseSigstore } from '../../../../src/core/bundle/sigstore.ts';
import { entryTiles, hashTiles } from '../../../../src/core/bundle/tiles.ts';
import { memberOf, membersOf, nodeCrypto } from '../../../support/evidence_bundle.ts';
import { hexOf, sha256 } from '../../../support/evidence_keys.ts';
import { EvidenceLog, leafOf, smallLog, treeRoot } from '../../../support/evidence_log.ts';

const log = smallLog();
const members = membersOf(log);
const text = (name: string) => Buffer.from(memberOf(members, name).bytes).toString();

test('the bundle holds the journal, its view, tree, policy, keys and signed manifest', () => {
  assert.equal(text('journal.jsonl'), log.lines.map((line) => `${line}\n`).join(''));
  assert.equal(text('tlog/checkpoint'), log.checkpoint());
  assert.equal(text(`policy/${hexOf(log.policy)}.json`), log.policy);
  for (const key of [log.root, log.logKey, log.epoch, log.manifestEd25519, log.manifestP256])
    assert.equal(text(`keys/${key.keyId}.pem`), key.pem);
  const [notice, ...bodies] = text('journal.view.jsonl').trimEnd().split('\n');
  assert.equal(JSON.parse(notice ?? '').authoritative, false);
  assert.deepEqual(
    bodies.map((body) => JSON.parse(body).seq),
    [0, 1, 2, 3, 4, 5, 6],
  );
});

test('the manifest is an in-toto statement over every other file', () => {
  const manifest = JSON.parse(text('manifest.json'));
  assert.equal(manifest._type, 'https://in-toto.io/Statement/v1');
  const expected = members
    .filter(({ name }) => !name.startsWith('manifest.'))
    .map(({ name, bytes }) => ({ name, digest: { sha256: hexOf(bytes) } }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.deepEqual(manifest.subject, expected);
  const { population } = manifest.predicate;
  assert.equal(population.records, 7);
  assert.deepEqual(population.by_verdict, [
    { name: 'allow', count: 1 },
    { name: 'deny', count: 1 },
  ]);
});

test('stock tools: the commands of the README verify every receipt and every file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-bundle-'));
  try {
    for (const { name, bytes } of members) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const readme = text('README.md');
    const block = (title: string) => {
      const section = readme.split(`## ${title}`)[1]?.split('##')[0] ?? '';
      return section.match(/^ {4}.*$/gm)?.join('\n') ?? '';
    };
    const run = (script: string) => spawnSync('bash', ['-ec', script], { cwd: folder, encoding: 'utf8' });
    const sums = run(block('All files'));
    assert.equal(sums.status, 0, sums.stderr);
    const receipt = block('One receipt');
    for (let n = 1; n <= log.lines.length; n += 1) {
      const { status, stderr } = run(receipt.replace('n=1', `n=${n}`));
      assert.equal(status, 0, stderr);
    }
    const forged = run(receipt.replace('openssl', 'printf x >> body.pae; openssl'));
    assert.notEqual(forged.status, 0);
    const chain = run(`n=3\n${block('The chain')}`);
    assert.equal(chain.stdout.slice(0, 64), JSON.parse(text('journal.view.jsonl').split('\n')[4] ?? '').prev);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('same input, same bytes, but for the randomised P-256 signature', () => {
  const again = membersOf(log);
  for (const { name, bytes } of members) {
    if (name !== 'manifest.p256.sigstore.json') assert.deepEqual(memberOf(again, name).bytes, bytes, name);
  }
});

test('what cannot become a bundle is named', () => {
  const problem = (change: Parameters<typeof membersOf>[1]) => {
    try {
      membersOf(log, change);
      return 'assembled';
    } catch (error) {
      return JSON.parse((error as Error).message).code;
    }
  };
  assert.equal(problem({ journal: [] }), 'EMPTY');
  assert.equal(problem({ journal: [Buffer.from('x')] }), 'LINE_INVALID');
  assert.equal(problem({ journal: log.lines.slice(1) }), 'GENESIS_MISSING');
  assert.equal(problem({ checkpoint: 'x' }), 'CHECKPOINT_INVALID');
  assert.equal(problem({ keys: '{}' }), 'KEYS_INVALID');
  assert.equal(problem({ policies: [] }), 'POLICY_MISSING');
  assert.throws(
    () => membersOf(log, { since: 3, before: { leaves: [], delegations: log.lines.slice(0, 2) } }),
    RangeError,
  );
});

test('above the subject limit SHA256SUMS stands for all', () => {
  const many: Member[] = Array.from({ length: SUBJECTS_MAX }, (_, i) => ({
    name: `f${i}`,
    bytes: Buffer.of(i & 255),
  }));
  const sums = sumsOf(nodeCrypto.sha256, many);
  const manifest = JSON.parse(
    Buffer.from(manifestBytes(nodeCrypto.sha256, [...many, sums], {} as never)).toString(),
  );
  assert.deepEqual(manifest.subject, [{ name: 'SHA256SUMS', digest: { sha256: hexOf(sums.bytes) } }]);
  assert.equal(Buffer.from(sums.bytes).toString().split('\n').length, SUBJECTS_MAX + 1);
});

test('tiles: names, widths and the root they lead to', () => {
  const lines = Array.from({ length: 600 }, (_, i) => Buffer.from(`line ${i}`));
  const leaves = lines.map((line) => new Uint8Array(leafOf(line)));
  const tiles = hashTiles(nodeCrypto.sha256, leaves);
  assert.deepEqual(
    tiles.map(({ name, bytes }) => `${name} ${bytes.length / 32}`),
    ['tlog/tile/0/000 256', 'tlog/tile/0/001 256', 'tlog/tile/0/002.p/88 88', 'tlog/tile/1/000.p/2 2'],
  );
  const level1 = memberOf(tiles, 'tlog/tile/1/000.p/2').bytes;
  assert.deepEqual(
    Buffer.from(level1.subarray(0, 32)),
    treeRoot(leaves.slice(0, 256).map((leaf) => Buffer.from(leaf))),
  );
  const [first, , last] = entryTiles(lines);
  assert.equal(
    Buffer.from(first?.bytes ?? [])
      .toString('latin1')
      .slice(0, 8),
    '\0\x06line 0',
  );
  assert.equal(last?.name, 'tlog/tile/entries/002.p/88');
  assert.deepEqual(hashTiles(nodeCrypto.sha256, []), []);
  assert.equal(hashTiles(nodeCrypto.sha256, leaves.slice(0, 256)).at(-1)?.name, 'tlog/tile/1/000.p/1');
});

test('tile names follow the three-digit groups of tlog-tiles', () => {
  const names = entryTiles(Array.from({ length: 256_000 + 1 }, () => new Uint8Array(0))).map(
    ({ name }) => name,
  );
  assert.equal(names[999], 'tlog/tile/entries/999');
  assert.equal(names[1000], 'tlog/tile/entries/x001/000.p/1');
});

test('public keys: PEM and SPKI have one form', () => {
  const { pem, spki, raw } = new EvidenceLog().root;
  assert.equal(pemOfSpki(spki), pem);
  assert.deepEqual(spkiOfPem(pem), { ok: true, value: new Uint8Array(spki) });
  assert.deepEqual(rawOfSpki(spki, 'ed25519'), { ok: true, value: new Uint8Array(raw) });
  for (const bad of [
    pem.trim(),
    ` ${pem}`,
    pem.replace('PUBLIC', 'PRIVATE'),
    pem.replaceAll('\n', '\r\n'),
    '',
  ])
    assert.equal(spkiOfPem(bad).ok, false);
  assert.equal(rawOfSpki(spki, 'ecdsa-p256').ok, false);
  assert.equal(rawOfSpki(Buffer.concat([spki, Buffer.of(0)]), 'ed25519').ok, false);
});

test('a sigstore envelope has one spelling', () => {
  const manifest = memberOf(members, 'manifest.json').bytes;
  const envelope = text('manifest.ed25519.sigstore.json');
  const isRead = (changed: string) => parseSigstore(Buffer.from(changed), manifest).ok;
  assert.ok(isRead(envelope));
  const variants = [
    envelope.trimEnd(),
    `${envelope}\n`,
    envelope.replace('"tlogEntries":[]', '"tlogEntries":[{}]'),
    envelope.replace('v0.3', 'v0.2'),
    envelope.replace(/"hint":"./, '"hint":"_'),
    envelope.replace('{"mediaType"', '{"x":1,"mediaType"'),
  ];
  for (const variant of variants) assert.equal(isRead(variant), false);
  assert.equal(parseSigstore(Buffer.from(envelope), sha256('other')).ok, false);
});
