/**
 * Promise: a throttled request waits for the slot that its receipt reserved, through the real Envoy; what would wait too
 * long is refused; an abort still uses its slot up; replay finds no difference.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { throughProxy } from '../../support/through_proxy.ts';

/** Long beside the time over which a busy machine spreads requests that are sent at once. */
const PERIOD_MS = 250;
const BURST = 5;
const MAX_DELAY_MS = 1_000;
const AT_ONCE = 20;

let running: Running;
before(async () => {
  process.env['CLAWGRESS_CHECK_TIMEOUT_MS'] = '10000';
  running = await startClawgress();
});
after(async () => {
  await running.stop();
  running.remove();
});

const records = () => readJournal(running.endpoints.journal_dir, running.endpoints.public_keys);

it('waits for the slots of its receipts, and refuses what would wait too long', {
  timeout: 400_000,
}, async () => {
  const [agent] = running.agents;
  assert.ok(agent);
  const upstream = new URL(running.endpoints.demo.upstream_http);
  const before = records().filter(({ type }) => type === 'policy').length;
  writeFileSync(
    join(running.stateDir, 'policy.yaml'),
    [
      'schema: clawgress/policy/v1',
      'id: throttle-test',
      'rules:',
      `  - {id: demo, action: allow, match: {destination: {hosts: ["${upstream.hostname}"]}}}`,
      'limits:',
      `  - {id: pace, per: agent, rps: ${1000 / PERIOD_MS}, burst: ${BURST}, mode: throttle, max_delay_ms: ${MAX_DELAY_MS}}`,
      '',
    ].join('\n'),
  );
  await eventually(
    () => (records().filter(({ type }) => type === 'policy').length > before ? true : undefined),
    'the new policy',
  );
  const pool = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const ask = async () => {
    const started = performance.now();
    const answer = await throughProxy({
      proxy: running.endpoints.explicit_proxy,
      url: `${running.endpoints.demo.upstream_http}/slow-enough`,
      credential: agent,
      agent: pool,
    });
    return { status: answer?.status, took: performance.now() - started };
  };
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
  pool.destroy();
  const decisions = records().filter(
    ({ type, policy_id }) => type === 'decision' && policy_id === 'throttle-test',
  );
  assert.equal(decisions.length, AT_ONCE);
  const allowed = decisions.filter(({ verdict }) => verdict === 'allow');
  const delays = allowed.map(({ delay_ms = 0 }) => Number(delay_ms));
  assert.ok(Math.max(...delays) <= MAX_DELAY_MS && Math.max(...delays) > PERIOD_MS, delays.join());
  assert.ok(allowed.length >= BURST + MAX_DELAY_MS / PERIOD_MS, `${allowed.length} allowed`);
  // Slots lie one period apart: ledger time of the decision plus the wait.
  const slots = allowed
    .map(({ ledger_ms, delay_ms = 0 }) => Number(ledger_ms) + Number(delay_ms))
    .sort((a, b) => a - b);
  for (let i = BURST; i < slots.length; i++)
    assert.ok((slots[i] ?? 0) - (slots[i - BURST] ?? 0) >= PERIOD_MS - 2, slots.join());
  for (const { verdict, reason, delay_max_ms } of decisions) {
    if (verdict === 'deny') assert.equal(reason, 'LIMIT_RPS');
    assert.ok(Number(delay_max_ms) > MAX_DELAY_MS);
  }
  assert.equal(answers.filter(({ status }) => status === 429).length, AT_ONCE - allowed.length);
  const slowest = Math.max(...answers.map(({ took }) => took));
  assert.ok(slowest >= Math.max(...delays), 'nobody was let through before its slot');
});
