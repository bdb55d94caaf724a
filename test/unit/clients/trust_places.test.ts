import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { cargoPlace, curlPlace } from '../../../src/clients/trust_block.ts';
import { gitPlace } from '../../../src/clients/trust_git.ts';
import { javaPlace, jdkStore } from '../../../src/clients/trust_java.ts';
import type { RunTool, TrustPlace } from '../../../src/clients/trust_place.ts';
import { trustPlaceOf } from '../../../src/clients/trust_places.ts';
import { DEBIAN_STORE, systemPlace } from '../../../src/clients/trust_system.ts';
import { issueDemoCertificates } from '../../../src/demo/certificate.ts';

const make = async () => (await issueDemoCertificates('127.0.0.1', 'x.localhost', new Date())).caPem.trim();
const [ours, older, corporate] = await Promise.all([make(), make(), make()]);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cg-trust-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const run: RunTool = (program, args) => {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, LC_ALL: 'C' };
  const done = spawnSync(program, args, { env, encoding: 'utf8' });
  return { code: done.status, out: done.status === 0 ? done.stdout : `${done.stderr}${done.stdout}` };
};
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Every place keeps this: what is repeated changes nothing, and remove undoes install. */
function keepsTheContract(place: TrustPlace): void {
  assert.equal(place.state(), 'absent');
  assert.deepEqual(place.remove(), { ok: true, value: 'unchanged' });
  assert.deepEqual(place.install(), { ok: true, value: 'changed' });
  assert.equal(place.state(), 'installed');
  assert.deepEqual(place.install(), { ok: true, value: 'unchanged' });
  assert.deepEqual(place.remove(), { ok: true, value: 'changed' });
  assert.equal(place.state(), 'absent');
  assert.deepEqual(place.remove(), { ok: true, value: 'unchanged' });
}

test('curl and cargo: the contract', () => {
  keepsTheContract(curlPlace(dir, '/c/all.pem'));
  keepsTheContract(cargoPlace(dir, '/c/all.pem'));
  assert.deepEqual(readdirSync(dir), [], 'a file that held nothing else is gone');
});

test('a file of the user comes back byte for byte, whatever stood in it', () => {
  const line = fc.oneof(
    fc.constantFrom('proxy = "x"', '# note', '', '[net]', 'retry = 3', '# <<< clawgress trust'),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      // The one thing that is added for good is a missing last line break.
      const before = `${lines.join('\n').replaceAll(/cacert|http/g, '')}\n`;
      for (const place of [curlPlace(dir, '/c/all.pem'), cargoPlace(dir, '/c/all.pem')]) {
        writeFileSync(place.where, before);
        assert.ok(place.install().ok, 'installed');
        assert.ok(readFileSync(place.where, 'utf8').startsWith(before), 'what was there stays in front');
        assert.ok(place.remove().ok, 'removed');
        assert.equal(existsSync(place.where) ? readFileSync(place.where, 'utf8') : '', before);
      }
    }),
    { numRuns: 60 },
  );
});

test('an older block is replaced, modes and links stay', () => {
  const real = join(dir, 'dotfiles-curlrc');
  writeFileSync(real, 'silent\n', { mode: 0o640 });
  chmodSync(real, 0o640);
  symlinkSync(real, join(dir, '.curlrc'));
  assert.ok(curlPlace(dir, '/old/all.pem').install().ok, 'the first');
  const place = curlPlace(dir, '/new/all.pem');
  assert.equal(place.state(), 'outdated');
  assert.deepEqual(place.install(), { ok: true, value: 'changed' });
  const text = readFileSync(real, 'utf8');
  assert.ok(text.includes('/new/all.pem') && !text.includes('/old/all.pem'), text);
  assert.ok(lstatSync(join(dir, '.curlrc')).isSymbolicLink(), 'the link stays');
  assert.equal(statSync(real).mode & 0o777, 0o640);
});

test('settings of somebody else are left alone', () => {
  const cases: readonly (readonly [TrustPlace, string])[] = [
    [curlPlace(dir, '/c/all.pem'), 'cacert = "/mine.pem"\n'],
    [curlPlace(dir, '/c/all.pem'), '--cacert /mine.pem\n'],
    [cargoPlace(dir, '/c/all.pem'), '[http]\nproxy = "x:1"\n'],
    [cargoPlace(dir, '/c/all.pem'), 'http.timeout = 3\n'],
  ];
  for (const [place, text] of cases) {
    writeFileSync(place.where, text);
    assert.equal(place.state(), 'foreign', text);
    const refused = place.install();
    assert.ok(!refused.ok && refused.problem.next.includes('/c/all.pem'), 'says what to write by hand');
    assert.equal(readFileSync(place.where, 'utf8'), text);
  }
});

test('git: the contract, and a value of somebody else stays', (t) => {
  if (!has('git')) return t.skip('SKIPPED: git is not installed');
  keepsTheContract(gitPlace('/c/all.pem', run));
  run('git', ['config', '--global', 'http.sslCAInfo', '/mine.pem']);
  const place = gitPlace('/c/all.pem', run);
  assert.equal(place.state(), 'foreign');
  const refused = place.install();
  assert.ok(!refused.ok && refused.problem.message.includes('/mine.pem'), 'refused');
  assert.deepEqual(place.remove(), { ok: true, value: 'unchanged' });
  assert.equal(run('git', ['config', '--global', '--get', 'http.sslCAInfo']).out, '/mine.pem\n');
});

test('the system store: the real update program, in folders of our own', (t) => {
  if (!has('update-ca-certificates')) return t.skip('SKIPPED: update-ca-certificates is not installed');
  const folders = ['certs', 'anchors', 'etc', 'hooks'].map((name) => join(dir, name));
  for (const folder of folders) mkdirSync(folder);
  const [certs = '', anchors_dir = '', etc = '', hooks = ''] = folders;
  writeFileSync(join(anchors_dir, 'corporate.crt'), `${corporate}\n`);
  const conf = join(dir, 'ca.conf');
  writeFileSync(conf, '');
  const store = {
    anchors_dir,
    update: [
      ...DEBIAN_STORE.update,
      ...['--certsdir', certs, '--localcertsdir', anchors_dir, '--etccertsdir', etc],
      ...['--hooksdir', hooks, '--certsconf', conf],
    ] as [string, ...string[]],
  };
  const bundle = () => readFileSync(join(etc, 'ca-certificates.crt'), 'utf8');
  const body = (pem: string) => pem.split('\n').slice(1, -1).join('');
  const place = systemPlace([ours], store, run);
  assert.ok(place.install().ok, 'installed');
  assert.ok(bundle().replaceAll('\n', '').includes(body(ours)), 'programs that read the store see it');
  assert.ok(place.remove().ok, 'removed');
  assert.ok(!bundle().replaceAll('\n', '').includes(body(ours)), 'and no longer');
  assert.ok(bundle().replaceAll('\n', '').includes(body(corporate)), 'what others installed stays');
  assert.ok(!readdirSync(etc).some((name) => name.startsWith('clawgress')), 'no link to it is left');
  keepsTheContract(systemPlace([ours], store, run));

  assert.ok(systemPlace([older], store, run).install().ok, 'an older CA');
  assert.equal(place.state(), 'outdated');
  assert.ok(place.install().ok, 'the new one takes its place');
  assert.ok(!bundle().replaceAll('\n', '').includes(body(older)), 'the old one is trusted no more');
});

test('the system store: a failing update leaves nothing half done', () => {
  const place = systemPlace([ours], { anchors_dir: dir, update: ['false'] }, run);
  const failed = place.install();
  assert.ok(!failed.ok && failed.problem.message.includes('false failed'), 'says so');
  assert.deepEqual(readdirSync(dir), []);
  const nowhere = systemPlace([ours], { anchors_dir: join(dir, 'none'), update: ['true'] }, run).install();
  assert.ok(!nowhere.ok && nowhere.problem.message.includes('does not exist'), 'no such system');
});

test('Java: the contract on a copy of the JDK’s store, and in a store of the user', (t) => {
  const jdk = jdkStore(process.env);
  if (!has('keytool') || jdk === undefined) return t.skip('SKIPPED: no JDK is installed');
  const file = join(dir, 'copy');
  keepsTheContract(javaPlace([ours], { file, copy_of: jdk }, run));
  assert.ok(!existsSync(file), 'the copy is gone');

  const own = join(dir, 'user-store');
  copyFileSync(jdk, own);
  const entries = () =>
    Number(
      /contains (\d+)/.exec(run('keytool', ['-list', '-keystore', own, '-storepass', 'changeit']).out)?.[1],
    );
  const before = entries();
  assert.ok(javaPlace([older], { file: own }, run).install().ok, 'an older CA');
  const place = javaPlace([ours], { file: own }, run);
  assert.equal(place.state(), 'outdated');
  assert.ok(place.install().ok, 'the new one takes its place');
  assert.equal(entries(), before + 1);
  assert.ok(place.remove().ok, 'removed');
  assert.equal(entries(), before);
});

test('Java: a store that is none says what is wrong', (t) => {
  if (!has('keytool')) return t.skip('SKIPPED: no JDK is installed');
  const file = join(dir, 'broken');
  writeFileSync(file, 'no key store');
  const refused = javaPlace([ours], { file }, run).install();
  assert.ok(!refused.ok && refused.problem.message.startsWith('keytool failed: '), 'refused');
});

test('Node and Python have variables only; apt uses the system store', () => {
  const context = {
    own: [ours],
    ca_file: '/c/all.pem',
    home: dir,
    system: { anchors_dir: dir, update: ['true'] as [string] },
    run,
  };
  assert.equal(trustPlaceOf('node', context), undefined);
  assert.equal(trustPlaceOf('python', context), undefined);
  assert.equal(trustPlaceOf('java', context), undefined);
  assert.equal(trustPlaceOf('apt', context)?.where, trustPlaceOf('system', context)?.where);
});
