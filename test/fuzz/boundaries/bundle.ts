import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrustFile } from '../../../src/core/bundle/trust_file.ts';
import { verifyBundle } from '../../../src/core/verify/verify_bundle.ts';
import { nodeCrypto } from '../../support/evidence_bundle.ts';
import { type Boundary, sameBytes } from '../boundary.ts';

const ROOT = join(import.meta.dirname, '../../..');
const GOLDEN = join(ROOT, 'bundles/pef-v0');
const VECTORS = join(ROOT, 'test/vectors/bundle');

/** Judge: nothing but the very bytes that were signed is VERIFIED. */
export function bundle(): Boundary {
  // The good one, too: mutation can mend a defect again.
  const genuine = [
    join(GOLDEN, 'complete.zip'),
    join(GOLDEN, 'range.zip'),
    join(VECTORS, 'good/evidence.zip'),
  ].map((path) => new Uint8Array(readFileSync(path)));
  const defects = readdirSync(VECTORS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'good')
    .map(({ name }) => new Uint8Array(readFileSync(join(VECTORS, name, 'evidence.zip'))));
  const trust = parseTrustFile(nodeCrypto.sha256, readFileSync(join(GOLDEN, 'keys.json')));
  assert.ok(trust.ok);
  return {
    name: 'bundle',
    corpus: [...genuine, ...defects],
    check(input) {
      const { verdict, findings } = verifyBundle(input, trust.value, nodeCrypto);
      if (verdict !== 'VERIFIED') {
        assert.ok(findings.length > 0 || verdict === 'EMPTY', 'refused without a finding');
        return false;
      }
      assert.ok(
        genuine.some((one) => sameBytes(one, input)),
        'a changed bundle is VERIFIED',
      );
      return true;
    },
  };
}
