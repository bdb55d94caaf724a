import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { checkImport } from '../../../src/pki/import_check.ts';

/** Certificates made with openssl: what somebody else's PKI would hand over. */
let dir = '';
const made: Record<string, { cert: string; key: string }> = {};

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore', cwd: dir });
}

const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n';

function make(name: string, issuer: string | undefined, ext: string, key: readonly string[] = P256): void {
  writeFileSync(join(dir, 'ext'), ext);
  openssl('req', ...key, '-nodes', '-keyout', `${name}.key`, '-out', 'csr', '-subj', `/O=Corp/CN=${name}`);
  const by =
    issuer === undefined
      ? ['-signkey', `${name}.key`]
      : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial'];
  openssl('x509', '-req', '-in', 'csr', ...by, '-days', '30', '-extfile', 'ext', '-out', `${name}.pem`);
  made[name] = {
    cert: readFileSync(join(dir, `${name}.pem`), 'utf8'),
    key: readFileSync(join(dir, `${name}.key`), 'utf8'),
  };
}

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'cg-import-'));
  make('root', undefined, CA);
  make('middle', 'root', CA);
  make('short', 'root', CA.replace('CA:TRUE', 'CA:TRUE,pathlen:0'));
  make('below-short', 'short', CA);
  make('leaf', 'root', 'basicConstraints=critical,CA:FALSE\n');
  make('no-sign', 'root', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n');
  make('for-clients', 'root', `${CA}extendedKeyUsage=clientAuth\n`);
  make('for-servers', 'root', `${CA}extendedKeyUsage=clientAuth,serverAuth\n`);
  make('for-any', 'root', `${CA}extendedKeyUsage=anyExtendedKeyUsage\n`);
  make('for-corp', 'root', `${CA}nameConstraints=critical,permitted;dirName:corp\n[corp]\nO=Corp\n`);
  make('for-names', 'root', `${CA}nameConstraints=critical,permitted;DNS:corp.example\n`);
  make('rsa', 'root', CA, ['-newkey', 'rsa:2048']);
  make('ed', 'root', CA, ['-newkey', 'ed25519']);
});
after(() => rmSync(dir, { recursive: true, force: true }));

const chain = (...names: string[]): string => names.map((name) => made[name]?.cert).join('');
const keyOf = (name: string): string => made[name]?.key ?? '';
const codeOf = (chainPem: string, keyPem: string, now = Date.now()): string => {
  const checked = checkImport(chainPem, keyPem, now);
  return checked.ok ? 'ok' : checked.problem.code;
};

test('a signer whose leaves every client would refuse is not taken', () => {
  for (const name of ['for-servers', 'for-any', 'for-names'])
    assert.equal(codeOf(chain(name, 'root'), keyOf(name)), 'ok', name);
  for (const name of ['for-clients', 'for-corp'])
    assert.equal(codeOf(chain(name, 'root'), keyOf(name)), 'NOT_AN_AUTHORITY', name);
});

test('a signer with its issuers and its key is taken, whatever key it has that clients accept', () => {
  for (const name of ['middle', 'short', 'rsa'])
    assert.equal(codeOf(chain(name, 'root'), keyOf(name)), 'ok', name);
  assert.equal(codeOf(chain('root'), keyOf('root')), 'ok');
  const sec1 = execFileSync('openssl', ['ec', '-in', join(dir, 'middle.key')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const checked = checkImport(chain('middle', 'root'), sec1.toString(), Date.now());
  assert.ok(checked.ok, 'an EC PRIVATE KEY is taken, too');
  assert.match(checked.value.keyPem, /^-----BEGIN PRIVATE KEY-----/);
});

test('each defect has its own answer', () => {
  const DAY = 86_400_000;
  assert.equal(codeOf('', keyOf('root')), 'CHAIN_EMPTY');
  assert.equal(codeOf(chain('root', 'middle'), keyOf('root')), 'CHAIN_ORDER');
  assert.equal(codeOf(chain('middle', 'short'), keyOf('middle')), 'CHAIN_ORDER');
  assert.equal(codeOf(chain(...Array.from({ length: 9 }, () => 'root')), keyOf('root')), 'CHAIN_TOO_LONG');
  assert.equal(codeOf(chain('middle'), keyOf('middle')), 'CHAIN_OPEN');
  assert.equal(codeOf(chain('leaf', 'root'), keyOf('leaf')), 'NOT_AN_AUTHORITY');
  assert.equal(codeOf(chain('no-sign', 'root'), keyOf('no-sign')), 'NOT_AN_AUTHORITY');
  assert.equal(codeOf(chain('below-short', 'short', 'root'), keyOf('below-short')), 'NOT_AN_AUTHORITY');
  assert.equal(codeOf(chain('middle', 'root'), keyOf('root')), 'KEY_MISMATCH');
  assert.equal(codeOf(chain('ed', 'root'), keyOf('ed')), 'KEY_KIND');
  assert.equal(codeOf(chain('middle', 'root'), 'nothing'), 'KEY_UNREADABLE');
  assert.equal(codeOf(chain('middle', 'root'), keyOf('middle'), Date.now() + 31 * DAY), 'NOT_NOW');
  assert.equal(codeOf(chain('middle', 'root'), keyOf('middle'), Date.now() - DAY), 'NOT_NOW');
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  assert.equal(codeOf(broken, keyOf('root')), 'CERTIFICATE_UNREADABLE');
});

test('an encrypted key is refused with the way out', () => {
  const sealed = execFileSync('openssl', [
    'pkey',
    '-in',
    join(dir, 'middle.key'),
    '-aes256',
    '-passout',
    'pass:x',
  ]);
  const checked = checkImport(chain('middle', 'root'), sealed.toString(), Date.now());
  assert.ok(!checked.ok && /unencrypted.*openssl pkey/.test(checked.problem.text), 'it says how to decrypt');
});

test('junk is refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(400), (text, key, at) => {
      const cert = chain('middle');
      assert.notEqual(codeOf(text, key), 'ok');
      assert.notEqual(
        codeOf(cert.slice(0, at) + text + cert.slice(at + 40), keyOf('middle')),
        'CHAIN_TOO_LONG',
      );
    }),
    { numRuns: 100 },
  );
});
