import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { locateEnvoy, newEnough, parseEnvoyVersion } from '../../../src/intercept/envoy_binary.ts';

describe('locateEnvoy', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-locate-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A program that only knows its version. */
  function fake(folder: string, version: string): string {
    mkdirSync(join(dir, folder), { recursive: true });
    const path = join(dir, folder, 'envoy');
    writeFileSync(path, `#!/bin/sh\necho; echo "$0  version: 9e55/${version}/Clean/RELEASE/BoringSSL"\n`, {
      mode: 0o755,
    });
    return path;
  }
  const search = (...folders: string[]) => ({
    path: folders.map((folder) => join(dir, folder)).join(delimiter),
    cacheDir: join(dir, 'cache'),
  });

  it('takes the configured binary and nothing else', async () => {
    fake('path', '1.41.0');
    const bin = fake('own', '1.40.2');
    assert.deepEqual(await locateEnvoy({ ...search('path'), bin }), {
      ok: true,
      value: { path: bin, version: '1.40.2' },
    });
    const none = await locateEnvoy({ ...search('path'), bin: join(dir, 'missing') });
    assert.ok(!none.ok && none.problem.code === 'ENVOY_UNUSABLE');
    const old = await locateEnvoy({ ...search('path'), bin: fake('old', '1.39.9') });
    assert.ok(!old.ok && old.problem.code === 'ENVOY_TOO_OLD' && old.problem.message.includes('1.39.9'));
  });

  it('prefers PATH to the cache and skips what is too old', async () => {
    fake('old', '1.39.0');
    const good = fake('path', '1.40.0');
    const cached = fake('cache', '1.40.1');
    assert.deepEqual(await locateEnvoy(search('nowhere', 'old', 'path')), {
      ok: true,
      value: { path: good, version: '1.40.0' },
    });
    assert.deepEqual(await locateEnvoy(search('old')), {
      ok: true,
      value: { path: cached, version: '1.40.1' },
    });
  });

  it('says what it found, or that there is nothing', async () => {
    const none = await locateEnvoy(search('nowhere'));
    assert.ok(!none.ok && none.problem.code === 'ENVOY_MISSING');
    fake('old', '1.30.0');
    const old = await locateEnvoy(search('old'));
    assert.ok(!old.ok && old.problem.code === 'ENVOY_TOO_OLD');
  });

  it('ignores relative PATH members', async () => {
    const none = await locateEnvoy({ path: `.${delimiter}bin`, cacheDir: join(dir, 'cache') });
    assert.ok(!none.ok);
  });
});

describe('versions', () => {
  it('are read from what Envoy prints and compared as numbers', () => {
    assert.equal(parseEnvoyVersion('\nenvoy  version: 9e55809/1.40.0/Clean/RELEASE/BoringSSL\n'), '1.40.0');
    assert.equal(parseEnvoyVersion('envoy 1.40.0'), undefined);
    for (const good of ['1.40.0', '1.40.1', '1.100.0', '2.0.0']) assert.ok(newEnough(good), good);
    for (const bad of ['1.39.99', '1.4.0', '0.99.0']) assert.ok(!newEnough(bad), bad);
  });
});
