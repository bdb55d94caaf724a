import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LimitDemand } from '../../../src/core/policy/compiled.ts';
import { createCheck } from '../../../src/server/check.ts';
import {
  DEADLINE_RESERVE_MS,
  SLEEPERS_MAX,
  SLEEPERS_PER_AGENT_MAX,
  Sleepers,
} from '../../../src/server/sleepers.ts';
import { ALLOWED, bench, DEMAND, fail, ok, PRINCIPAL, policy, recorded, STAMP, snapshot } from './fakes.ts';
import { checkRequest, readResponse } from './official.ts';

const CALLER = { node: 'envoy-1', epoch: 'e1' };

function answerOf(bytes: Uint8Array) {
  const response = readResponse(bytes);
  const metadata = (name: string) => response.dynamic_metadata?.fields[name]?.string_value;
  const denied = response.denied_response;
  const headers = new Map(denied?.headers?.map(({ header }) => [header.key, header.value]));
  return {
    ...{
      stamp: metadata('stamp'),
      rid: metadata('rid'),
      status: statusNumber(denied?.status?.code),
      headers,
    },
    body: denied?.body ?? '',
  };
}

const NAMES: Readonly<Record<string, number>> = { TooManyRequests: 429, ServiceUnavailable: 503 };
const statusNumber = (code: unknown) => (typeof code === 'string' ? NAMES[code] : code);

if (DEMAND.op.op !== 'gcra') throw new Error('invariant: a limit of requests');
const THROTTLE: LimitDemand = { ...DEMAND, op: { ...DEMAND.op, mode: 'throttle', max_delay_us: 1_000_000 } };
const throttled = () => snapshot(policy(ALLOWED, { limits: () => [THROTTLE] }));

test('the answer comes after the delay, and the delay after the record', async () => {
  const { deps, recorder } = bench(throttled);
  const order: string[] = [];
  recorder.answer = (proposal) => {
    order.push('recorded');
    return ok({ ...recorded(proposal), delay_ms: 60 });
  };
  const answer = createCheck(deps)(checkRequest(), CALLER).then((bytes) => {
    order.push('answered');
    return bytes;
  });
  await sleep(20);
  order.push('waiting');
  assert.equal(deps.sleepers.count, 1);
  assert.equal(answerOf(await answer).stamp, STAMP);
  assert.deepEqual(order, ['recorded', 'waiting', 'answered']);
  assert.equal(deps.sleepers.count, 0);
});

test('the recorder is told how long this Check can wait', async () => {
  const { deps, recorder } = bench(throttled);
  await createCheck(deps)(checkRequest(), CALLER);
  const bearable = recorder.proposals[0]?.delay_max_ms ?? 0;
  assert.ok(bearable > 1_700 && bearable <= 2_000 - DEADLINE_RESERVE_MS, String(bearable));
});

test('where nothing throttles, nobody takes a place', async () => {
  const { deps, recorder } = bench(() => snapshot(policy(ALLOWED, { limits: () => [DEMAND] })));
  await createCheck(deps)(checkRequest(), CALLER);
  assert.equal(recorder.proposals[0]?.delay_max_ms, undefined);
});

test('without a place the slot is not even asked for', async () => {
  const { deps, recorder } = bench(throttled);
  const agent = `${PRINCIPAL.tenant_id}/${PRINCIPAL.agent_id}`;
  for (let i = 0; i < SLEEPERS_PER_AGENT_MAX; i++) assert.ok(deps.sleepers.take(agent));
  await createCheck(deps)(checkRequest(), CALLER);
  assert.equal(recorder.proposals[0]?.delay_max_ms, 0);
  assert.equal(deps.sleepers.count, SLEEPERS_PER_AGENT_MAX);
});

test('a repeated Check that finds no place is not let through early', async () => {
  const { deps, recorder } = bench(throttled);
  const agent = `${PRINCIPAL.tenant_id}/${PRINCIPAL.agent_id}`;
  for (let i = 0; i < SLEEPERS_PER_AGENT_MAX; i++) deps.sleepers.take(agent);
  recorder.answer = (proposal) => ok({ ...recorded(proposal), delay_ms: 60 });
  const { stamp, status } = answerOf(await createCheck(deps)(checkRequest(), CALLER));
  assert.deepEqual([stamp, status], [undefined, 503]);
});

test('places are given back whatever happens', async () => {
  const { deps, recorder } = bench(throttled);
  recorder.answer = () => {
    throw new Error('broken');
  };
  await createCheck(deps)(checkRequest(), CALLER);
  recorder.answer = () => fail('RECORDER_UNAVAILABLE');
  await createCheck(deps)(checkRequest(), CALLER);
  assert.equal(deps.sleepers.count, 0);
});

test('places are bounded, per agent and in all', () => {
  const sleepers = new Sleepers();
  let taken = 0;
  for (let agent = 0; agent < 100; agent++)
    for (let i = 0; i < SLEEPERS_PER_AGENT_MAX + 5; i++) if (sleepers.take(`a${agent}`)) taken++;
  assert.equal(taken, SLEEPERS_MAX);
  sleepers.leave('a0');
  assert.ok(sleepers.take('a0'));
  assert.ok(!sleepers.take('a99'));
});

test('a folded denial is answered with its reason and without a receipt', async () => {
  const { deps, recorder, counted } = bench(throttled);
  recorder.answer = () =>
    fail({ folded: true, reason: 'LIMIT_RPS', rule_id: 'per-agent', retry_after_ms: 1_500 });
  const { status, headers, body, rid, stamp } = answerOf(await createCheck(deps)(checkRequest(), CALLER));
  assert.deepEqual([status, stamp, rid], [429, undefined, 'folded']);
  assert.equal(headers.get('x-clawgress-receipt'), undefined);
  assert.equal(headers.get('retry-after'), '2');
  const problem = JSON.parse(body);
  assert.equal(problem.code, 'LIMIT_RPS');
  assert.equal(problem.receipt_id, undefined);
  assert.deepEqual(counted, [['LIMIT_RPS', true]]);
});

test('what was degraded is recorded and counted', async () => {
  const fact = { ok: true, principal: PRINCIPAL, degraded: ['identity_freshness'] } as const;
  const { deps, recorder } = bench(() => snapshot(policy(ALLOWED), fact));
  const seen: string[] = [];
  const metrics = { ...deps.metrics, degraded: (what: string) => void seen.push(what) };
  await createCheck({ ...deps, metrics })(checkRequest(), CALLER);
  assert.deepEqual(recorder.proposals[0]?.draft.degraded, ['identity_freshness']);
  assert.deepEqual(seen, ['identity_freshness']);
});

test('with open fail_mode every failure but freshness still closes', async () => {
  const degraded = { ok: true, principal: PRINCIPAL, degraded: ['identity_freshness'] } as const;
  for (const problem of ['RECORDER_UNAVAILABLE', 'RECORDER_BUSY', 'RECORD_TOO_LARGE'] as const) {
    const { deps, recorder } = bench(() => snapshot(policy(ALLOWED), degraded));
    recorder.answer = () => fail(problem);
    assert.equal(answerOf(await createCheck(deps)(checkRequest(), CALLER)).stamp, undefined, problem);
  }
  const broken = bench(() => {
    throw new Error('no policy');
  });
  assert.equal(answerOf(await createCheck(broken.deps)(checkRequest(), CALLER)).stamp, undefined);
});
