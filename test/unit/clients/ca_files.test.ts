import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { certificatesIn, collectCas, fingerprintOf, writeCaFiles } from '../../../src/clients/ca_files.ts';
import { issueDemoCertificates } from '../../../src/demo/certificate.ts';

const dir = mkdtempSync(join(tmpdir(), 'cg-ca-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const make = async () => (await issueDemoCertificates('127.0.0.1', 'x.localhost', new Date())).caPem.trim();
const [demo, intercepting, corporate, extra] = await Promise.all([make(), make(), make(), make()]);
const publicRoots = rootCertificates.slice(0, 3);
const file = (name: string, ...pems: readonly string[]) => {
  const path = join(dir, name);
  writeFileSync(path, `# a comment\n${pems.join('\n')}\n`);
  return path;
};
const fingerprints = (pems: readonly string[]) => pems.map((pem) => fingerprintOf(pem)).sort();

test('the whole store holds the system and ours; the small one only ours', () => {
  const collected = collectCas({
    gateway_files: [file('bundle.pem', demo, ...publicRoots), join(dir, 'absent.pem')],
    gateway_roots: [intercepting],
    system_files: [join(dir, 'absent.crt'), file('system.crt', ...publicRoots, corporate)],
    inherited: {
      replacing: file('ssl.pem', extra, ...publicRoots),
      adding: file('node.pem', corporate, demo),
    },
  });
  assert.ok(collected.ok, 'nothing is wrong with them');
  assert.deepEqual(fingerprints(collected.value.own), fingerprints([demo, intercepting]));
  assert.deepEqual(
    fingerprints(collected.value.all),
    fingerprints([...publicRoots, corporate, demo, intercepting, extra]),
  );
});

test('what the environment added for Node stays added', () => {
  const collected = collectCas({
    gateway_files: [],
    gateway_roots: [intercepting],
    system_files: [file('system.crt', ...publicRoots)],
    inherited: { adding: file('node.pem', corporate) },
  });
  assert.ok(collected.ok, 'nothing is wrong with them');
  assert.deepEqual(fingerprints(collected.value.own), fingerprints([corporate, intercepting]));
});

test('a machine without a store has the roots of Node', () => {
  const collected = collectCas({ gateway_files: [], gateway_roots: [], system_files: [], inherited: {} });
  assert.ok(collected.ok, 'nothing is wrong with them');
  assert.equal(collected.value.all.length, new Set(rootCertificates).size);
  assert.deepEqual(collected.value.own, []);
});

test('broken, swollen and foreign files are refused by name', () => {
  const collect = (path: string) =>
    collectCas({ gateway_files: [path], gateway_roots: [], system_files: [], inherited: {} });
  const bad = collect(file('bad.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'));
  assert.ok(!bad.ok && bad.problem.includes('bad.pem'), 'garbage');
  const many = Array.from(
    { length: 5_001 },
    () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
  );
  const swollen = collect(file('many.pem', ...many));
  assert.ok(!swollen.ok && swollen.problem.includes('more than 5000'), 'too many');
  writeFileSync(join(dir, 'huge.pem'), Buffer.alloc(8 * 1_048_576 + 1));
  const huge = collect(join(dir, 'huge.pem'));
  assert.ok(!huge.ok && huge.problem.includes('huge.pem'), 'too large');
  const key = file('key.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----');
  assert.deepEqual(certificatesIn(key), { ok: true, value: [] });
});

test('files are for this user alone unless the caller says otherwise', () => {
  const at = (name: string, mode: number) =>
    writeCaFiles(join(dir, name), { own: [demo], all: [demo, corporate] }, mode);
  const own = at('private', 0o600);
  const shared = at('shared', 0o644);
  assert.deepEqual(
    [own.own, own.all].map((path) => statSync(path).mode & 0o777),
    [0o600, 0o600],
  );
  assert.equal(statSync(join(dir, 'private')).mode & 0o777, 0o700);
  assert.deepEqual(
    [shared.own, shared.all].map((path) => statSync(path).mode & 0o777),
    [0o644, 0o644],
  );
  assert.deepEqual(certificatesIn(own.all), { ok: true, value: [demo, corporate] });
  assert.equal(readFileSync(own.own, 'utf8'), `${demo}\n`);
  assert.ok(!existsSync(`${own.own}.${process.pid}.new`), 'no draft stays behind');
});
