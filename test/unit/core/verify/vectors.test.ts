import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyBundle } from '../../../../src/core/verify/verify_bundle.ts';
import { nodeCrypto, trustOf } from '../../../support/evidence_bundle.ts';
import { EvidenceLog } from '../../../support/evidence_log.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const VECTORS = join(ROOT, 'test/vectors/bundle');
const GOLDEN = join(ROOT, 'bundles/pef-v0');
const trustAt = (folder: string) =>
  trustOf(new EvidenceLog(), readFileSync(join(folder, 'keys.json'), 'utf8'));

const defects = readdirSync(VECTORS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('there are vectors', () => {
  assert.ok(defects.includes('good') && defects.length > 20);
});

for (const name of defects) {
  test(`vector ${name}`, () => {
    const zip = readFileSync(join(VECTORS, name, 'evidence.zip'));
    const expected = JSON.parse(readFileSync(join(VECTORS, name, 'expected.json'), 'utf8'));
    const { verdict, findings } = verifyBundle(zip, trustAt(VECTORS), nodeCrypto);
    const codes = findings.map(({ code }) => code);
    assert.equal(verdict, expected.verdict, codes.join());
    for (const code of expected.codes) assert.ok(codes.includes(code), `${code} not in ${codes.join()}`);
    if (verdict === 'VERIFIED') assert.deepEqual(findings, []);
  });
}

test('the golden bundle of format version 0 verifies as it did on its first day', () => {
  for (const name of ['complete', 'range']) {
    const report = verifyBundle(readFileSync(join(GOLDEN, `${name}.zip`)), trustAt(GOLDEN), nodeCrypto);
    assert.deepEqual(report, JSON.parse(readFileSync(join(GOLDEN, `${name}.report.json`), 'utf8')));
    assert.equal(report.verdict, 'VERIFIED');
  }
});
