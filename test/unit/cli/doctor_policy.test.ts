/** The doctor judges the bundle on disk as the gateway does, and looks at who can choose the keys. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Patient } from '../../../src/cli/doctor_checks.ts';
import { checkSignedPolicy } from '../../../src/cli/doctor_policy.ts';
import { layoutOf } from '../../../src/config/layout.ts';
import { bundle, KEY, newKey, type TestKey } from '../core/policy_bundle/sample.ts';

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

test('a good bundle, one that ends soon, one of another key, and a key file that anybody may write', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cg-doctor-policy-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'live.bundle.json');
  const keys = join(folder, 'keys.json');
  const trust = (key: TestKey) => ({
    ...{ keyid: key.keyId, algorithm: 'ed25519', public_key_pem: key.pem, purpose: 'policy' },
    valid_from: inDays(-1),
  });
  writeFileSync(keys, JSON.stringify({ keys: [trust(KEY)] }), { mode: 0o644 });
  const policy = { trust: 'signed', file: '', bundle: file, keys, stale: 'deny' };
  const layout = layoutOf(join(folder, 'state'), join(folder, 'sockets'));
  const patient = { settings: { policy }, layout } as unknown as Patient;
  const look = () => checkSignedPolicy(patient);
  assert.match(look().detail, /does not exist/);
  const put = (days: number, key = KEY) =>
    writeFileSync(file, bundle({ valid_until: inDays(days) }, undefined, key));
  put(30);
  assert.equal(look().status, 'ok');
  put(1);
  assert.equal(look().status, 'warn');
  put(30, newKey());
  assert.deepEqual([look().status, /KEY_UNKNOWN/.test(look().detail)], ['fail', true]);
  put(30);
  chmodSync(keys, 0o664);
  assert.match(`${look().status} ${look().detail} ${look().fix}`, /^fail .* other users.* chmod go-w /);
});
