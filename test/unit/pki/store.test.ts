import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openKeyFolder, readKeyFile, writeKeyFile } from '../../../src/keys/key_file.ts';
import { AuthorityStore, trustedRoots } from '../../../src/pki/store.ts';
import { ownRoot } from '../../support/authority.ts';

let dir: string;
let store: AuthorityStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cg-ca-'));
  store = new AuthorityStore(dir, { openFolder: openKeyFolder, read: readKeyFile, write: writeKeyFile });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('the first is root, its key is ours alone, and it is trusted and signs', async () => {
  const now = Date.now();
  const root = await ownRoot(now);
  assert.equal(store.add('own', root, now), 'root');
  assert.equal(statSync(join(dir, 'root.key')).mode & 0o777, 0o600);
  const signing = store.signing(now);
  assert.equal(signing?.keyPem, root.keyPem);
  assert.equal(signing?.chainPem, root.chainPem);
  assert.deepEqual(trustedRoots(store.list(), now), [root.chainPem]);
});

test('a rotated root is trusted at once, signs when its time comes, and the old one stays trusted', async () => {
  const now = Date.now();
  const [old, next] = [await ownRoot(now), await ownRoot(now)];
  store.add('own', old, now);
  assert.equal(store.add('own', next, now + 1_000), 'root-2');
  assert.deepEqual(trustedRoots(store.list(), now), [next.chainPem, old.chainPem]);
  assert.equal(store.signing(now)?.name, 'root');
  assert.equal(store.signing(now + 1_000)?.name, 'root-2');
  store.remove('root');
  assert.deepEqual(trustedRoots(store.list(), now), [next.chainPem]);
  assert.ok(!existsSync(join(dir, 'root.key')), 'the key is gone');
});

test('a root is trusted until its end and no longer', async () => {
  const root = await ownRoot();
  store.add('own', root, 0);
  const end = store.list()[0]?.not_after_ms ?? 0;
  assert.equal(trustedRoots(store.list(), end - 1).length, 1);
  assert.equal(trustedRoots(store.list(), end).length, 0);
  assert.equal(store.signing(end), undefined);
});

test('a key that others can read is refused', async () => {
  store.add('own', await ownRoot(), 0);
  chmodSync(join(dir, 'root.key'), 0o640);
  assert.throws(() => store.signing(Date.now()), /root\.key has mode 0640.*chmod 600/s);
  chmodSync(join(dir, 'root.key'), 0o600);
  chmodSync(dir, 0o755);
  assert.throws(() => store.signing(Date.now()), /has mode 0755.*chmod 700/s);
});

test('what is not listed is a leftover: never trusted, never used, replaced', async () => {
  const [left, root] = [await ownRoot(), await ownRoot()];
  writeFileSync(join(dir, 'root.pem'), left.chainPem);
  writeFileSync(join(dir, 'root.key'), left.keyPem, { mode: 0o600 });
  assert.deepEqual(store.list(), []);
  assert.equal(store.signing(Date.now()), undefined);
  store.add('own', root, 0);
  assert.equal(readFileSync(join(dir, 'root.pem'), 'utf8'), root.chainPem);
  writeFileSync(join(dir, 'root-2.key'), left.keyPem, { mode: 0o600 });
  assert.equal(store.add('own', left, 0), 'root-3');
});

test('an unreadable list or a missing file is said, not guessed', async () => {
  store.add('own', await ownRoot(), 0);
  rmSync(join(dir, 'root.key'));
  assert.throws(() => store.signing(Date.now()), /root\.key is missing/);
  rmSync(join(dir, 'root.pem'));
  assert.throws(() => store.list(), /root\.pem is missing/);
  writeFileSync(join(dir, 'authorities.json'), '{}');
  assert.throws(() => store.list(), /not a list of authorities/);
});

test('there is a bound to how many are trusted', async () => {
  const root = await ownRoot();
  for (let n = 0; n < 16; n++) store.add('own', root, 0);
  assert.throws(() => store.add('own', root, 0), /16 authorities already/);
});
