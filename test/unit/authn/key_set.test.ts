import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseKeySet } from '../../../src/authn/key_set.ts';
import { KeySource } from '../../../src/authn/key_source.ts';
import { SILENT, signingKey, temporaryFolder } from './fixtures.ts';

const ec = signingKey('ec', 'ec-1');
const text = (...keys: unknown[]) => JSON.stringify({ keys });
const sizeOf = (document: string) => {
  const keys = parseKeySet(document);
  return keys.ok ? keys.value.size : keys.problem;
};

test('only keys that can verify are taken', async () => {
  const weak = { kty: 'RSA', n: 'a'.repeat(171), e: 'AQAB' };
  const unfit = [
    null,
    1,
    [],
    { kty: 'oct', k: 'x' },
    weak,
    { ...ec.jwk, use: 'enc' },
    { ...ec.jwk, key_ops: ['sign'] },
  ];
  assert.equal(sizeOf(text(...unfit, ec.jwk)), 1);
  assert.equal(sizeOf(text(...unfit)), 'no key that could verify a token');
  for (const document of ['', '{', '[]', '{"keys":{}}', '{}', 'null']) {
    assert.equal(sizeOf(document), 'not a JWKS document: no list named keys');
  }
  assert.equal(sizeOf(text(...new Array(65).fill(ec.jwk))), 'more than 64 keys');
});

test('a private key published by mistake verifies as the public one', async () => {
  const keys = parseKeySet(text({ ...ec.privateKey.export({ format: 'jwk' }), kid: 'p' }));
  assert.ok(keys.ok);
  const chosen = await keys.value.select('ES256', 'p');
  assert.ok(chosen.ok);
  assert.equal(chosen.value.key.type, 'public');
});

test('a broken key is a failed signature, not a crash', async () => {
  const keys = parseKeySet(text({ kty: 'EC', crv: 'P-256', x: '!', y: '!', kid: 'b' }));
  assert.ok(keys.ok);
  assert.deepEqual(await keys.value.select('ES256', 'b'), { ok: false, problem: 'IDENTITY_SIGNATURE' });
});

test('two keys with one id are no choice', async () => {
  const keys = parseKeySet(text(ec.jwk, { ...signingKey('ec', 'ec-1').jwk }));
  assert.ok(keys.ok);
  assert.deepEqual(await keys.value.select('ES256', 'ec-1'), { ok: false, problem: 'IDENTITY_SIGNATURE' });
});

test('a file of keys is read, survives a bad edit, and keeps its object while nothing changes', async (t) => {
  const file = join(temporaryFolder(t), 'keys.json');
  let now_ms = 0;
  const source = new KeySource({
    issuer: 'i',
    location: `file:${file}`,
    max_age_ms: 600_000,
    log: SILENT,
    now: () => now_ms,
  });
  t.after(() => source.stop());
  writeFileSync(file, text(ec.jwk));
  await source.start();
  const first = source.current();
  assert.equal(first?.size, 1);
  const again = async () => {
    now_ms += 30_000;
    await source.refreshForUnknownKey();
    return source.current();
  };
  assert.equal(await again(), first);
  writeFileSync(file, '{"keys":');
  assert.equal(await again(), first);
  rmSync(file);
  assert.equal(await again(), first);
  writeFileSync(file, text(ec.jwk, signingKey('ed', 'e').jwk));
  assert.equal((await again())?.size, 2);
  writeFileSync(file, ' '.repeat(300_000));
  now_ms += 600_001;
  assert.equal(await again(), undefined);
});

test('a source that never answers well is reported once, without its content', async (t) => {
  const warnings: object[] = [];
  const log = { info() {}, warn: (fields: object) => void warnings.push(fields) };
  let now_ms = 0;
  const load = async () => 'cgk_not-json';
  const source = new KeySource({
    issuer: 'i',
    location: 'https://x',
    max_age_ms: 1_000,
    log,
    now: () => now_ms,
    load,
  });
  t.after(() => source.stop());
  await source.start();
  now_ms = 60_000;
  await source.refreshForUnknownKey();
  assert.equal(warnings.length, 1);
  assert.doesNotMatch(JSON.stringify(warnings), /cgk_/);
});

test('a document over HTTP: only a plain, complete, small 200 counts', async (t) => {
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/good': (response) => response.end(text(ec.jwk)),
    '/error': (response) => response.writeHead(500).end(text(ec.jwk)),
    '/moved': (response) => response.writeHead(302, { location: '/good' }).end(),
    '/large': (response) => response.end(text(ec.jwk) + ' '.repeat(300_000)),
    '/cut': (response) => {
      response.writeHead(200, { 'content-length': '5000' }).write(text(ec.jwk));
      setImmediate(() => response.destroy());
    },
  };
  const server = createServer((request, response) => answers[request.url ?? '']?.(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const sizes = async (path: string) => {
    const location = `http://127.0.0.1:${port}${path}`;
    const source = new KeySource({ issuer: 'i', location, max_age_ms: 60_000, log: SILENT, now: () => 0 });
    t.after(() => source.stop());
    await source.start();
    return source.current()?.size;
  };
  assert.equal(await sizes('/good'), 1);
  for (const path of ['/error', '/moved', '/large', '/cut']) assert.equal(await sizes(path), undefined, path);
});
