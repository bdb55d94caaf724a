import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrustFile } from '../../../../src/core/bundle/trust_file.ts';
import { nodeCrypto } from '../../../support/evidence_bundle.ts';
import { testKey } from '../../../support/evidence_keys.ts';
import { EvidenceLog, trustEntry } from '../../../support/evidence_log.ts';

const log = new EvidenceLog();
const read = (value: unknown) =>
  parseTrustFile(nodeCrypto.sha256, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const problem = (value: unknown) => {
  const result = read(value);
  return result.ok ? 'accepted' : `${result.problem.code} ${result.problem.at}`.trim();
};

test('a trust file gives raw keys, purposes and times', () => {
  const revoked = {
    ...trustEntry(log.epoch, 'receipt'),
    valid_until: '2026-01-03T00:00:00.000Z',
    revoked_at: '2026-01-02T12:00:00.000Z',
  };
  const result = read({
    keys: [trustEntry(log.root, 'root'), trustEntry(log.manifestP256, 'manifest'), revoked],
  });
  assert.ok(result.ok);
  const [root, p256, epoch] = result.value.keys;
  assert.deepEqual(root?.raw, new Uint8Array(log.root.raw));
  assert.equal(p256?.raw.length, 64);
  assert.equal(epoch?.validUntilMs, Date.UTC(2026, 0, 3));
  assert.equal(epoch?.revokedAtMs, Date.UTC(2026, 0, 2, 12));
});

test('anything else is refused by name and place', () => {
  const entry = trustEntry(log.root, 'root');
  const cases: [unknown, string][] = [
    ['', 'JSON_INVALID'],
    ['{"keys":[],"keys":[]}', 'JSON_INVALID'],
    [[], 'FIELD_INVALID /keys'],
    [{}, 'FIELD_INVALID /keys'],
    [{ keys: {} }, 'FIELD_INVALID /keys'],
    [{ keys: [], more: 1 }, 'FIELD_INVALID /keys'],
    [{ keys: [null] }, 'FIELD_INVALID /keys/0'],
    [{ keys: [{ ...entry, note: 'x' }] }, 'FIELD_UNKNOWN /keys/0/note'],
    [{ keys: [{ ...entry, keyid: 1 }] }, 'FIELD_INVALID /keys/0/keyid'],
    [{ keys: [{ ...entry, purpose: undefined }] }, 'FIELD_INVALID /keys/0/purpose'],
    [{ keys: [{ ...entry, purpose: 'toString' }] }, 'FIELD_INVALID /keys/0/purpose'],
    [{ keys: [{ ...entry, algorithm: 'rsa' }] }, 'FIELD_INVALID /keys/0/algorithm'],
    [{ keys: [{ ...entry, algorithm: 'ecdsa-p256' }] }, 'KEY_INVALID /keys/0/public_key_pem'],
    [{ keys: [{ ...entry, public_key_pem: `x${log.root.pem}` }] }, 'KEY_INVALID /keys/0/public_key_pem'],
    [{ keys: [{ ...entry, public_key_pem: testKey('other').pem }] }, 'KEY_ID_MISMATCH /keys/0/keyid'],
    [{ keys: [{ ...entry, keyid: log.root.keyId.toUpperCase() }] }, 'KEY_ID_MISMATCH /keys/0/keyid'],
    [{ keys: [{ ...entry, valid_from: 'yesterday' }] }, 'FIELD_INVALID /keys/0/valid_from'],
    [{ keys: [{ ...entry, revoked_at: null }] }, 'FIELD_INVALID /keys/0/revoked_at'],
    [{ keys: [entry, entry] }, 'KEY_DOUBLE /keys/1'],
  ];
  for (const [value, expected] of cases) assert.equal(problem(value), expected);
});
