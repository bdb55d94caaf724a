import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Histogram, Registry } from 'prom-client';
import { mergeExpositions } from '../../../src/telemetry/merge.ts';

async function exposition(count: number): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'c_total', help: 'Counted', labelNames: ['k'], registers })
    .labels('a "quoted" {brace} value')
    .inc(count);
  new Counter({ name: 'plain_total', help: 'No labels', registers }).inc(count);
  new Histogram({ name: 'h', help: 'Spread', buckets: [1, 2], registers }).observe(count);
  return await registry.metrics();
}

test('every family stands once and every sample names its process', async () => {
  const merged = mergeExpositions([
    { process: 'one', text: await exposition(1) },
    { process: 'two', text: await exposition(2) },
    { process: 'gone', text: '' },
  ]);
  const lines = merged.split('\n');
  for (const name of ['c_total', 'plain_total', 'h']) {
    assert.equal(lines.filter((line) => line.startsWith(`# TYPE ${name} `)).length, 1);
    assert.equal(lines.filter((line) => line.startsWith(`# HELP ${name} `)).length, 1);
  }
  const label = 'k="a \\"quoted\\" {brace} value"';
  for (const [process, count] of [
    ['one', 1],
    ['two', 2],
  ]) {
    assert.ok(lines.includes(`c_total{process="${process}",${label}} ${count}`));
    assert.ok(lines.includes(`plain_total{process="${process}"} ${count}`));
    assert.ok(lines.includes(`h_sum{process="${process}"} ${count}`));
    assert.ok(lines.includes(`h_bucket{process="${process}",le="+Inf"} 1`));
  }
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(samples.every((line) => /\{process="(one|two)"/.test(line)));
  // Samples of one family stand together, as the format asks.
  const families = samples.map((line) => line.split(/[{_]/, 1)[0]);
  assert.equal(families.filter((name, i) => name !== families[i - 1]).length, new Set(families).size);
});
