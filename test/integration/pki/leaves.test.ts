import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkImport } from '../../../src/pki/import_check.ts';
import { issueLeaf, newLeafKey } from '../../../src/pki/leaf.ts';
import { type Authority, certificatesOf, openSigner } from '../../../src/pki/signer.ts';
import { ownRoot } from '../../support/authority.ts';
import { go, has, node, openssl, type Presented, python, type StrictClient } from './strict_clients.ts';

const NAMES = [
  'api.example.com',
  'a.b.c.d.example.com',
  `${'l'.repeat(63)}.${'m'.repeat(63)}.example.com`,
  'xn--bcher-kva.example',
  '192.0.2.7',
  '[2001:db8::7]',
];

const CLIENTS: readonly (readonly [string, boolean, (dir: string) => StrictClient])[] = [
  ['OpenSSL -x509_strict', has('openssl', 'version'), openssl],
  ['Node', true, () => node],
  ['Python VERIFY_X509_STRICT', has('python3', '--version'), python],
  ['Go', has('go', 'version'), go],
];

function present(authority: Authority, name: string, now = Date.now()): Presented {
  const isAddress = /^[0-9.]+$|^\[/.test(name);
  const host = name.replace(/^\[|\]$/g, '');
  const leaf = issueLeaf(openSigner(authority), newLeafKey(), { host, isAddress }, now);
  const trusted = certificatesOf(authority.chainPem).at(-1) ?? '';
  return { chain: leaf.cert_chain_pem, key: leaf.private_key_pem, trusted: `${trusted}\n` };
}

/** An authority of somebody else's PKI: printable and UTF-8 names, another curve or RSA, made with openssl. */
function enterprise(dir: string, key: readonly string[]): Authority {
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  const ca = (path: string) =>
    `basicConstraints=critical,CA:TRUE${path}\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n`;
  writeFileSync(join(dir, 'root.ext'), ca(''));
  writeFileSync(join(dir, 'sub.ext'), `${ca(',pathlen:0')}authorityKeyIdentifier=keyid\n`);
  run(
    'req',
    ...key,
    '-nodes',
    '-keyout',
    'r.key',
    '-out',
    'r.csr',
    '-utf8',
    '-subj',
    '/C=DE/O=Bücher & Söhne/CN=Root',
  );
  run(
    'x509',
    '-req',
    '-in',
    'r.csr',
    '-signkey',
    'r.key',
    '-days',
    '30',
    '-extfile',
    'root.ext',
    '-out',
    'r.pem',
  );
  run(
    'req',
    ...key,
    '-nodes',
    '-keyout',
    's.key',
    '-out',
    's.csr',
    '-utf8',
    '-subj',
    '/C=DE/O=Bücher & Söhne/CN=Egress, two',
  );
  run(
    'x509',
    '-req',
    '-in',
    's.csr',
    '-CA',
    'r.pem',
    '-CAkey',
    'r.key',
    '-CAcreateserial',
    '-days',
    '30',
    '-extfile',
    'sub.ext',
    '-out',
    's.pem',
  );
  const read = (file: string) => readFileSync(join(dir, file), 'utf8');
  const checked = checkImport(read('s.pem') + read('r.pem'), read('s.key'), Date.now());
  assert.ok(checked.ok, 'the enterprise authority is taken');
  return checked.value;
}

for (const [what, isHere, make] of CLIENTS) {
  describe(`leaves in ${what}`, { skip: isHere ? false : `SKIPPED: ${what} is not installed` }, () => {
    let dir = '';
    let client: StrictClient;
    before(() => {
      dir = mkdtempSync(join(tmpdir(), 'clawgress-leaves-'));
      client = make(dir);
    });
    after(() => rmSync(dir, { recursive: true, force: true }));

    it('are accepted for every kind of name', async () => {
      const root = await ownRoot();
      for (const name of NAMES) assert.equal(await client(present(root, name), name), '', name);
    });

    it('are accepted below an imported authority, whatever its key', async () => {
      for (const key of [
        ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
        ['-newkey', 'rsa:2048'],
      ]) {
        assert.equal(
          await client(present(enterprise(dir, key), 'api.example.com'), 'api.example.com'),
          '',
          key.join(' '),
        );
      }
    });

    it('are accepted inside the name constraints of their root, and only there', async () => {
      const root = await ownRoot(Date.now(), ['example.com', 'example.org']);
      assert.equal(await client(present(root, 'api.example.com'), 'api.example.com'), '');
      assert.notEqual(await client(present(root, 'api.example.net'), 'api.example.net'), '');
      assert.notEqual(await client(present(root, '192.0.2.7'), '192.0.2.7'), '');
    });

    it('are refused for another name, below another root, and after their end', async () => {
      const [root, other] = [await ownRoot(), await ownRoot()];
      const leaf = present(root, 'api.example.com');
      assert.notEqual(await client(leaf, 'api.example.net'), '');
      assert.notEqual(await client({ ...leaf, trusted: other.chainPem }, 'api.example.com'), '');
      const old = Date.now() - 2 * 86_400_000;
      assert.notEqual(
        await client(present(await ownRoot(old), 'api.example.com', old), 'api.example.com'),
        '',
      );
    });
  });
}
