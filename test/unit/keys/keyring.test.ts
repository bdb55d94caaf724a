import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { writeKeyFile } from '../../../src/keys/key_file.ts';
import { openKeyring } from '../../../src/keys/keyring.ts';

const KEYRING = new URL('../../../src/keys/keyring.ts', import.meta.url).href;

const root = mkdtempSync(join(tmpdir(), 'clawgress-keys-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, `keys-${folders++}`);
const message = Buffer.from('message');

test('creates a private folder with private files, and finds the same keys again', () => {
  const folder = newFolder();
  const first = openKeyring(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.ok(readdirSync(folder).length >= 6);
  for (const name of readdirSync(folder))
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  const again = openKeyring(folder);
  for (const key of ['root', 'log', 'manifestEd25519', 'manifestP256'] as const) {
    assert.equal(again[key].keyId, first[key].keyId);
  }
  assert.equal(again.hmacKeyId, first.hmacKeyId);
  assert.equal(again.hmac('label', 'x'), first.hmac('label', 'x'));
  assert.deepEqual(again.commitSaltKey, first.commitSaltKey);
});

test('a key file is written once: whoever comes second has the first one', () => {
  const folder = newFolder();
  const { root } = openKeyring(folder);
  const path = join(folder, 'root.pem');
  const before = readFileSync(path);
  assert.equal(writeKeyFile(path, 'another'), false);
  assert.deepEqual(readFileSync(path), before);
  assert.equal(openKeyring(folder).root.keyId, root.keyId);
  assert.ok(readdirSync(folder).every((name) => !name.endsWith('.new')));
});

test('processes that start at once on no keys all end up with the same ones', async () => {
  const folder = newFolder();
  const code = `import { openKeyring } from ${JSON.stringify(KEYRING)};
    const keys = openKeyring(${JSON.stringify(folder)});
    console.log([keys.root, keys.log, keys.manifestP256].map((one) => one.keyId).join(), keys.hmac('a', 'b'));`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', code];
  const said = await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, args)));
  const keys = openKeyring(folder);
  const held = [keys.root, keys.log, keys.manifestP256].map((one) => one.keyId).join();
  for (const { stdout } of said) assert.equal(stdout, `${held} ${keys.hmac('a', 'b')}\n`);
});

test('every key has one purpose: all differ', () => {
  const keys = openKeyring(newFolder());
  const ids = [keys.root, keys.log, keys.manifestEd25519, keys.manifestP256, keys.newEpoch()].map(
    (one) => one.keyId,
  );
  assert.equal(new Set(ids).size, ids.length);
});

test('signatures verify with the public key of the trust file, which holds nothing private', () => {
  const keys = openKeyring(newFolder());
  const epoch = keys.newEpoch();
  const text = keys.trustFile({
    since: '2030-01-01T00:00:00.000Z',
    epochs: [
      {
        key_id: epoch.keyId,
        spki_b64: Buffer.from(epoch.spkiDer).toString('base64'),
        valid_from: '2030-01-01T00:00:00.000Z',
        valid_until: '2030-01-02T00:00:00.000Z',
      },
    ],
  });
  assert.doesNotMatch(text, /PRIVATE/);
  const trust = JSON.parse(text) as {
    keys: { keyid: string; public_key_pem: string; algorithm: string; purpose: string }[];
  };
  assert.deepEqual(
    trust.keys.map(({ purpose, algorithm }) => `${purpose} ${algorithm}`),
    ['root ed25519', 'log ed25519', 'manifest ed25519', 'manifest ecdsa-p256', 'receipt ed25519'],
  );
  const signers = [keys.root, keys.log, keys.manifestEd25519, keys.manifestP256, epoch];
  for (const [i, entry] of trust.keys.entries()) {
    const key = createPublicKey(entry.public_key_pem);
    const der = key.export({ type: 'spki', format: 'der' });
    assert.equal(entry.keyid, createHash('sha256').update(der).digest('hex'));
    const signature = signers[i]?.sign(message) ?? Buffer.alloc(0);
    assert.ok(verify(entry.algorithm === 'ed25519' ? null : 'sha256', message, key, signature));
  }
});

test('refuses a file or a folder that others can read, and names the fix', () => {
  const folder = newFolder();
  openKeyring(folder);
  const file = join(folder, 'root.pem');
  for (const mode of [0o640, 0o604, 0o620, 0o666]) {
    chmodSync(file, mode);
    assert.throws(() => openKeyring(folder), {
      name: 'KeyFileError',
      message: new RegExp(`chmod 600 ${file}`),
    });
  }
  chmodSync(file, 0o600);
  chmodSync(folder, 0o750);
  assert.throws(() => openKeyring(folder), {
    name: 'KeyFileError',
    message: new RegExp(`chmod 700 ${folder}`),
  });
});

test('refuses damaged or exchanged key files without quoting them', () => {
  const folder = newFolder();
  openKeyring(folder);
  const secretLine = readFileSync(join(folder, 'log.pem'), 'utf8').split('\n')[1] ?? '';
  const damage: [string, string][] = [
    ['root.pem', 'not a key'],
    ['root.pem', readFileSync(join(folder, 'manifest-p256.pem'), 'utf8')],
    ['manifest-p256.pem', readFileSync(join(folder, 'root.pem'), 'utf8')],
    ['log.pem', `-----BEGIN PRIVATE KEY-----\n${secretLine.slice(4)}\n-----END PRIVATE KEY-----\n`],
    ['hmac.key', 'abc'],
    ['commit-salt.key', `${'A'.repeat(64)}\n`],
  ];
  for (const [name, content] of damage) {
    const path = join(folder, name);
    const good = readFileSync(path);
    writeFileSync(path, content);
    assert.throws(
      () => openKeyring(folder),
      (error: Error) =>
        error.name === 'KeyFileError' &&
        error.message.includes(path) &&
        !error.message.includes(secretLine.slice(4)),
      name,
    );
    writeFileSync(path, good);
  }
  openKeyring(folder);
});

test('labels separate the uses of the HMAC key', () => {
  const keys = openKeyring(newFolder());
  assert.match(keys.hmacKeyId, /^[0-9a-f]{16}$/);
  assert.match(keys.hmac('a', 'b'), /^[0-9a-f]{64}$/);
  assert.notEqual(keys.hmac('a', 'b'), keys.hmac('b', 'b'));
  assert.notEqual(keys.hmac('a', 'b'), openKeyring(newFolder()).hmac('a', 'b'));
});

test('an epoch key outlives a restart until it is retired', () => {
  const folder = newFolder();
  const keys = openKeyring(folder);
  const old = keys.newEpoch();
  const young = keys.newEpoch();
  assert.equal(openKeyring(folder).epoch(old.keyId)?.keyId, old.keyId);
  keys.retireEpochsExcept(young.keyId);
  assert.equal(keys.epoch(old.keyId), undefined);
  assert.equal(keys.epoch(young.keyId)?.keyId, young.keyId);
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('epoch-')).length, 1);
});
