import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseArrivals, withArrivals } from '../../../src/bypass/arrivals.ts';
import { PROBES } from '../../../src/bypass/probes.ts';
import {
  type BypassReport,
  controlledBy,
  countsOf,
  findingOf,
  parseReport,
  REPORT_BYTES_MAX,
  REPORT_FORMAT,
  reportDigest,
} from '../../../src/bypass/report.ts';
import { factsOf } from '../../../src/cli/doctor_bypass_record.ts';

const NONCE = 'ab'.repeat(16);

function sample(): BypassReport {
  const findings = PROBES.map(({ id }) =>
    findingOf(id, [
      { attempt: 'tcp 192.0.2.1:443', verdict: id === 'relay' ? 'leaked' : 'held', saw: 'something' },
    ]),
  );
  return {
    format: REPORT_FORMAT,
    nonce: NONCE,
    started_ts: '2026-01-01T00:00:00.000Z',
    finished_ts: '2026-01-01T00:00:02.000Z',
    uid: 1000,
    counts: countsOf(findings),
    findings,
  };
}

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value, null, 2));

test('a report is read back as it was written', () => {
  const read = parseReport(bytesOf(sample()));
  assert.ok(read.ok, 'parses');
  assert.deepEqual(read.value, sample());
  assert.equal(reportDigest(read.value), reportDigest(sample()));
  assert.deepEqual([...controlledBy(read.value)], ['tcp 192.0.2.1:443']);
});

test('a report that does not add up is refused', () => {
  const good = sample();
  const [first, ...rest] = good.findings;
  const bad: unknown[] = [
    null,
    [],
    { ...good, extra: 1 },
    { ...good, nonce: 'x' },
    { ...good, findings: rest },
    { ...good, findings: [first, first, ...rest.slice(1)] },
    { ...good, counts: { ...good.counts, held: 99 } },
    { ...good, findings: [{ ...first, verdict: 'leaked' }, ...rest] },
    { ...good, findings: [{ ...first, attempts: [] }, ...rest] },
    {
      ...good,
      findings: [{ ...first, attempts: [{ attempt: 'a\nb', verdict: 'held', saw: 's' }] }, ...rest],
    },
  ];
  for (const value of bad) assert.ok(!parseReport(bytesOf(value)).ok, JSON.stringify(value)?.slice(0, 80));
  assert.ok(!parseReport(Buffer.alloc(REPORT_BYTES_MAX + 1, 0x20)).ok, 'too long');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !parseReport(bytes).ok));
});

test('what the network says cannot write to the terminal', () => {
  const finding = findingOf('relay', [{ attempt: 'a\x1b[2J\n', verdict: 'held', saw: 'ü'.repeat(9_000) }]);
  assert.equal(finding.attempts[0]?.attempt, 'a?[2J?');
  assert.equal(finding.attempts[0]?.saw.length, 512);
});

test('what arrived has leaked, whatever the report says', () => {
  const line = (probe: string, nonce = NONCE) =>
    JSON.stringify({
      nonce,
      probe,
      transport: 'udp',
      port: 443,
      from: '192.0.2.7',
      ts: '2026-01-01T00:00:01.000Z',
    });
  const log = `${line('direct-udp-443')}\n${line('permitted')}\n${line('relay')}\n${line('dns-udp', 'cd'.repeat(16))}\n{"cut`;
  const arrivals = parseArrivals(log);
  assert.ok(arrivals.ok, 'a cut last line is left out');
  const whole = withArrivals(sample(), arrivals.value);
  const leaked = whole.findings.filter(({ verdict }) => verdict === 'leaked').map(({ probe }) => probe);
  assert.deepEqual(leaked, ['direct-udp-443', 'relay']);
  const facts = factsOf(sample(), arrivals.value);
  assert.deepEqual(facts.leaks, leaked);
  assert.deepEqual([facts.leaked, facts.held, facts.arrivals], [2, PROBES.length - 2, 2]);
  assert.equal(facts.report_digest, reportDigest(sample()), 'the digest is of what was handed in');
  assert.ok(!('arrivals' in factsOf(sample(), undefined)), 'no log, no number');
  for (const text of ['{}\n', 'x\n', `${line('relay')},\n`]) assert.ok(!parseArrivals(text).ok, text);
  fc.assert(fc.property(fc.string(), (text) => typeof parseArrivals(text).ok === 'boolean'));
});

test('docs/bypass.md lists exactly the probes, with what makes them held and the fix', () => {
  const doc = readFileSync(join(import.meta.dirname, '../../../docs/bypass.md'), 'utf8');
  const rows = [...doc.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \| (.+) \| (.+) \|$/gm)].map((row) =>
    row.slice(1, 5),
  );
  assert.deepEqual(
    rows,
    PROBES.map(({ id, tries, held, fix }) => [id, tries, held, fix]),
  );
});
