import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { startMetricsServer } from '../../../src/telemetry/metrics_server.ts';

const doc = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'metrics.md'), 'utf8');

interface Shape {
  readonly name: string;
  readonly type: string;
  readonly labels: string;
}

async function coded(): Promise<Shape[]> {
  const metrics = createMetrics('1.2.3').registry.getMetricsAsArray();
  return metrics
    .filter((metric) => metric.name.startsWith('clawgress_'))
    .map((metric) => {
      const { type, labelNames } = metric as unknown as { type: string; labelNames: readonly string[] };
      const labels = labelNames.filter((label) => label !== 'le').join(', ');
      return { name: metric.name, type, labels };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function documented(): Shape[] {
  return doc
    .split('\n')
    .filter((line) => line.startsWith('| `clawgress_'))
    .map((line) => {
      const [name = '', type = '', labels = ''] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', ''));
      return { name, type, labels };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

test('the documented metrics are exactly those of the code', async () => {
  const shapes = (await coded()).map(({ name, labels }) => ({ name, labels }));
  assert.deepEqual(
    documented().map(({ name, labels }) => ({ name, labels })),
    shapes,
  );
  const text = await createMetrics('1.2.3').registry.metrics();
  for (const shape of documented())
    assert.ok(text.includes(`# TYPE ${shape.name} ${shape.type}\n`), shape.name);
});

test('gauges are read at each scrape and the policy labels never pile up', async () => {
  const metrics = createMetrics('1.2.3');
  let queue = 4;
  metrics.onScrape(() => ({
    queue_records: queue,
    open_decisions: 0,
    journal_records: 9,
    checkpoint_records: 8,
    access_log_lag_bytes: 0,
    policy_age_s: 1,
  }));
  metrics.setPolicy({ policy_id: 'a', policy_hash: 'sha256:1', registry_hash: 'sha256:2' });
  metrics.setPolicy({ policy_id: 'b', policy_hash: 'sha256:3', registry_hash: 'sha256:2' });
  assert.match(await metrics.registry.metrics(), /^clawgress_recorder_queue_records 4$/m);
  queue = 5;
  const text = await metrics.registry.metrics();
  assert.match(text, /^clawgress_recorder_queue_records 5$/m);
  assert.equal(text.match(/^clawgress_policy_info\{/gm)?.length, 1);
});

test('the server answers metrics, health and nothing else', async () => {
  let healthy = true;
  const server = await startMetricsServer({
    address: '127.0.0.1',
    port: 0,
    exposition: async () => ({ contentType: 'text/plain', text: 'x 1\n' }),
    healthy: () => healthy,
    ready: async () => ({ ready: healthy, policy: { digest: 'sha256:1' } }),
  });
  try {
    const base = `http://127.0.0.1:${server.port}`;
    assert.equal(await (await fetch(`${base}/metrics`)).text(), 'x 1\n');
    assert.equal((await fetch(`${base}/healthz`)).status, 200);
    const ready = await fetch(`${base}/ready`);
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), { ready: true, policy: { digest: 'sha256:1' } });
    healthy = false;
    assert.equal((await fetch(`${base}/ready`)).status, 503);
    assert.equal((await fetch(`${base}/live`)).status, 200);
    assert.equal((await fetch(`${base}/healthz`)).status, 503);
    assert.equal((await fetch(`${base}/other`)).status, 404);
    assert.equal((await fetch(`${base}/metrics`, { method: 'POST' })).status, 405);
  } finally {
    await server.close();
  }
});
