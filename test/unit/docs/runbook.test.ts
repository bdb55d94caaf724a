import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
const rules: readonly Rule[] = parse(read('deploy/prometheus/clawgress-alerts.yml')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);
const sections = [...read('docs/runbook.md').matchAll(/^## (\S+)$/gm)].map(([, title = '']) => title);

test('every alert has its section in the runbook, and every section its alert', () => {
  assert.ok(rules.length > 10);
  assert.deepEqual(sections.toSorted(), rules.map(({ alert }) => alert).toSorted());
  for (const { alert, annotations, labels } of rules) {
    assert.equal(annotations.runbook, `docs/runbook.md#${alert.toLowerCase()}`);
    assert.match(labels.severity, /^(page|ticket)$/);
    assert.ok(annotations.summary.length > 20);
  }
});

test('alerts ask for metrics that exist', async () => {
  const known = (await createMetrics('1').registry.getMetricsAsArray()).map(({ name }) => name);
  for (const { alert, expr } of rules) {
    for (const [name] of expr.matchAll(/\b(clawgress|process)_[a-z_]+/g)) {
      assert.ok(known.includes(name.replace(/_(bucket|sum|count)$/, '')), `${alert}: ${name}`);
    }
  }
});

test('every alert of the runbook can be found from the list of metrics', () => {
  assert.match(read('docs/metrics.md'), /\]\(runbook\.md\)/);
});

test('reasons in the runbook are reasons of the code', () => {
  const reasons = read('docs/reasons.md');
  const named = [...read('docs/runbook.md').matchAll(/`([A-Z]+_[A-Z_]+|INTERNAL)`/g)].map(
    ([, code = '']) => code,
  );
  assert.ok(named.length > 5);
  for (const code of named) assert.ok(reasons.includes(`\`${code}\``), code);
});
