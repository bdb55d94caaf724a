/**
 * Promise: limits are exact under concurrency. 64 clients against 20 rps, burst 20, for 10 s; an independent BigInt
 * GCRA over the recorded ledger times must agree request by request, and the upstream's count with the admitted ones.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { NaiveGcra } from '../../support/naive_gcra.ts';
import { readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { throughProxy } from '../../support/through_proxy.ts';

const CLIENTS = 64;
const SECONDS = 10;
const RPS = 20;
const BURST = 20;

let running: Running;
before(async () => {
  // Each request has to be judged, also while the disk of a busy machine stalls.
  process.env['CLAWGRESS_CHECK_TIMEOUT_MS'] = '10000';
  running = await startClawgress();
});
after(async () => {
  await running.stop();
  running.remove();
});

function policy(host: string): string {
  return [
    'schema: clawgress/policy/v1',
    'id: limit-test',
    'rules:',
    '  - id: demo',
    `    match: {destination: {hosts: ["${host}"], ports: [${new URL(running.endpoints.demo.upstream_http).port}], schemes: [http]}}`,
    '    action: allow',
    'limits:',
    `  - {id: per-agent, per: agent, rps: ${RPS}, burst: ${BURST}, mode: hard_stop}`,
    '',
  ].join('\n');
}

async function activate(text: string): Promise<void> {
  const records = () => readJournal(running.endpoints.journal_dir, running.endpoints.public_keys);
  const before = records().filter(({ type }) => type === 'policy').length;
  writeFileSync(join(running.stateDir, 'policy.yaml'), text);
  await eventually(
    () => (records().filter(({ type }) => type === 'policy').length > before ? true : undefined),
    'the new policy',
  );
}

it('an independent GCRA over the recorded times agrees request by request', {
  timeout: 400_000,
}, async () => {
  const [agent] = running.agents;
  assert.ok(agent);
  await activate(policy(new URL(running.endpoints.demo.upstream_http).hostname));
  const pool = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const statuses = new Map<number, number>();
  const until = Date.now() + SECONDS * 1000;
  const client = async () => {
    while (Date.now() < until) {
      const url = `${running.endpoints.demo.upstream_http}/limited`;
      const answer = await throughProxy({
        proxy: running.endpoints.explicit_proxy,
        url,
        credential: agent,
        agent: pool,
      });
      const status = answer?.status ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // Keeps the journal small while all 64 stay in contention.
      if (status === 429) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  pool.destroy();

  const decisions = readJournal(running.endpoints.journal_dir, running.endpoints.public_keys).filter(
    ({ type, request }) => type === 'decision' && request.path === '/limited',
  );
  const times: number[] = [];
  const judge = new NaiveGcra(1_000_000_000n / BigInt(RPS), BigInt(BURST));
  for (const decision of decisions) {
    const [bucket] = decision.rate_limit_bucket_state;
    times.push(Number(bucket.now));
    const admitted = judge.admit(BigInt(bucket.now) * 1000n);
    assert.equal(decision.verdict, admitted ? 'allow' : 'deny', `seq ${decision.seq}`);
    if (!admitted) assert.equal(decision.reason, 'LIMIT_RPS');
  }

  const admitted = decisions.filter(({ verdict }) => verdict === 'allow').length;
  const hits: { path: string }[] = JSON.parse(await (await fetch(running.endpoints.demo.hits_url)).text());
  assert.equal(hits.filter(({ path }) => path.startsWith('/limited')).length, admitted, 'upstream count');
  assert.equal(
    [...statuses.values()].reduce((sum, count) => sum + count, 0),
    decisions.length,
    'one decision for each request',
  );
  // By the times in the ledger, for how long the clients really took depends on the machine.
  const span_s = (Math.max(...times) - Math.min(...times)) / 1_000_000;
  assert.ok(admitted > BURST && admitted < decisions.length, `admitted ${admitted} of ${decisions.length}`);
  assert.ok(admitted <= BURST + RPS * span_s + 1, `admitted ${admitted} in ${span_s} s`);
  assert.deepEqual(
    [...statuses.keys()].filter((status) => status !== 429 && status !== 200 && status !== 404),
    [],
  );
  assert.ok(readFileSync(join(running.stateDir, 'policy.yaml'), 'utf8').includes('limit-test'));
});
