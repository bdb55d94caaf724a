import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bypassRecorder, encodeFacts } from '../../../src/cli/doctor_bypass_facts.ts';
import { readBounded, readReport } from '../../../src/cli/doctor_bypass_file.ts';
import { bypassCommand } from '../../../src/cli/doctor_bypass_flags.ts';
import { bypassWorld } from '../../../src/cli/doctor_bypass_world.ts';
import { CliError } from '../../../src/cli/exit.ts';
import type { BypassProbeFacts } from '../../../src/core/receipt/records.ts';

const NONCE = '5a'.repeat(16);

const usage = (pattern: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === 2 && pattern.test(error.message);

test('each mode has its own flags, and they do not mix', () => {
  assert.equal(bypassCommand({ json: true, suggestFixes: true }), undefined, 'the ordinary doctor');
  for (const flags of [
    { bypass: true, target: 'x' },
    { bypassTarget: true },
    { bypassRecord: 'f', arrivals: 'g' },
  ])
    assert.equal(typeof bypassCommand(flags), 'function');
  assert.throws(() => bypassCommand({ target: '192.0.2.1:1' }), usage(/--target without its mode/));
  assert.throws(() => bypassCommand({ bypass: true, arrivals: 'f' }), usage(/--arrivals without its mode/));
  assert.throws(() => bypassCommand({ bypass: true, bypassTarget: true }), usage(/two modes/));
});

test('a wrong flag says what was found and what is allowed', () => {
  const world = (flags: Record<string, string>) => bypassWorld(flags, NONCE, new Set());
  assert.throws(
    () => world({ target: 'example.com:443' }),
    usage(/--target: found 'example.com:443'; allowed/),
  );
  assert.throws(() => world({ allowed: 'no port' }), usage(/--allowed: found/));
  assert.throws(() => world({ dnsZone: 'a b' }), usage(/--dns-zone: found/));
  assert.throws(() => world({ proxy: 'cgk_secret' }), usage(/^--proxy: (?!.*cgk_secret)/));
  const { targets, dnsTarget } = world({ target: '198.51.100.7:443' });
  assert.deepEqual([targets[0]?.host, dnsTarget], ['198.51.100.7', { host: '198.51.100.7', port: 53 }]);
});

test('facts cross the control socket whole, or not at all', async () => {
  const facts: BypassProbeFacts = {
    lifecycle: 'bypass_probe',
    nonce: NONCE,
    report_digest: `sha256:${'0'.repeat(64)}`,
    probed_ts: '2026-01-01T00:00:00.000Z',
    held: 1,
    leaked: 1,
    not_tested: 0,
    leaks: ['relay'],
  };
  const recorded: BypassProbeFacts[] = [];
  const record = bypassRecorder({ recordBypassProbe: async (one) => void recorded.push(one) });
  assert.deepEqual(await record(encodeFacts(facts)), { recorded: true });
  assert.deepEqual(recorded, [facts]);
  const wrong = [
    { ...facts, extra: 1 },
    { ...facts, held: -1 },
    { ...facts, lifecycle: 'genesis' },
  ];
  const encoded = wrong.map((one) => encodeFacts(one as BypassProbeFacts));
  for (const text of [...encoded, '', '%%%', 'A'.repeat(9_000)])
    await assert.rejects(record(text), /bypass probe/);
  assert.equal(recorded.length, 1);
});

test('files are read up to a bound', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cg-bypass-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'report.json');
  writeFileSync(path, 'x'.repeat(100));
  assert.equal(readBounded(path, 10).length, 11);
  assert.equal(readBounded(path, 100).length, 100);
  assert.throws(() => readReport(path, '--control'), usage(/--control: .*not strict JSON/));
});
