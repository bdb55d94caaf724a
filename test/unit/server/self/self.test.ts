/** Promise: a question about oneself is answered without a decision, without the stamp, and only to who can be named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ToldReceipt } from '../../../../src/core/receipt/recent_receipts.ts';
import { GUIDANCE } from '../../../../src/server/codec/next_steps.ts';
import { AGENT_ANSWERS_PER_S, ANSWERS_PER_S, Pace } from '../../../../src/server/self/pace.ts';
import type { SelfRecorder } from '../../../../src/server/self/ports.ts';
import { DEMAND, PRINCIPAL, policy, snapshot, UNMATCHED } from '../fakes.ts';
import { bytesOfHeader, checkRequest } from '../official.ts';
import { ridOf, run, stampOf } from '../one_check.ts';

const ID = '0190a000-0000-7000-8000-00000000abcd';
const TOLD: ToldReceipt = {
  receipt_id: ID,
  ts: '2026-01-01T00:00:00.000Z',
  verdict: 'deny',
  reason: 'POLICY_NO_MATCH',
  policy_hash: 'sha256:p1',
  request: { mode: 'explicit', method: 'GET', authority: 'a.example', port: 443 },
};
const RECORDER: SelfRecorder = {
  quota: (ops) => ops.map(() => ({ cap: 5, remaining: 3, reset_ms: 10 })),
  why: ({ receipt_id, agent_id }) =>
    receipt_id === ID && agent_id === PRINCIPAL.agent_id ? TOLD : undefined,
};

function asking(path: string, authority = 'clawgress.internal', mode = 'explicit') {
  return checkRequest({
    mode,
    headers: [
      bytesOfHeader(':authority', authority),
      bytesOfHeader(':path', path),
      bytesOfHeader(':method', 'GET'),
      bytesOfHeader(':scheme', mode === 'explicit' ? 'http' : 'https'),
      bytesOfHeader('x-request-id', '4f9a3d1e-0000-4000-8000-000000000001'),
    ],
  });
}

const SNAPSHOT = snapshot(
  policy(UNMATCHED, { quotas: () => [{ op: DEMAND.op, per: 'agent', match: { methods: ['GET'] } }] }),
);
const told = (path: string, recorder: Partial<SelfRecorder> = {}, current = SNAPSHOT) =>
  run(current, asking(path), ({ deps }) => Object.assign(deps, { self: { ...RECORDER, ...recorder } }));
const statusOf = ({ response }: Awaited<ReturnType<typeof told>>) => response.denied_response?.status?.code;
const json = ({ response }: Awaited<ReturnType<typeof told>>) =>
  JSON.parse(response.denied_response?.body ?? '');

test('every answer goes without stamp, without decision, and marked for the log', async () => {
  const paths = ['whoami', 'quota', `why/${ID}`, 'why/0190a000-0000-7000-8000-000000000000'];
  for (const path of paths) {
    const answer = await told(`/_clawgress/${path}`);
    assert.equal(stampOf(answer.response), undefined, path);
    assert.equal(ridOf(answer.response), 'self', path);
    assert.notEqual(answer.response.status?.code ?? 0, 0, `${path}: Envoy forwards what has code 0`);
    assert.deepEqual([answer.recorder.proposals.length, answer.counted.length], [0, 0], path);
  }
});

test('who asks, under what, where', async () => {
  const answer = await told('/_clawgress/whoami');
  const { policy_id, policy_hash, registry_hash, gateway_id, listener, ...principal } = json(answer);
  assert.deepEqual(principal, PRINCIPAL);
  assert.deepEqual(
    [policy_id, policy_hash, registry_hash, gateway_id, listener],
    ['p', 'sha256:p1', 'sha256:r1', 'gw-1', 'explicit'],
  );
});

test('what is left, limit by limit', async () => {
  const [limit] = json(await told('/_clawgress/quota')).limits;
  assert.deepEqual(limit, {
    limit_id: 'per-agent/rps',
    per: 'agent',
    mode: 'hard_stop',
    unit: 'requests',
    cap: 5,
    remaining: 3,
    reset_ms: 10,
    match: { methods: ['GET'] },
  });
});

test('why, in the words of the denial', async () => {
  const answer = json(await told(`/_clawgress/why/${ID}`));
  assert.equal(answer.detail, GUIDANCE.POLICY_NO_MATCH.detail);
  assert.deepEqual(answer.next_steps, [`Ask the operator to run: clawgress receipts why ${ID}`]);
  assert.deepEqual([answer.time, answer.outcome, answer.inspections], [TOLD.ts, null, []]);
});

test('a recorder that cannot be asked is no denial', async () => {
  const away = () => Promise.reject(new Error('lost'));
  for (const path of ['quota', `why/${ID}`]) {
    const answer = await told(`/_clawgress/${path}`, { quota: away, why: away });
    assert.equal(statusOf(answer), 503, path);
    assert.equal(ridOf(answer.response), 'self');
    assert.doesNotMatch(answer.response.denied_response?.body ?? '', /lost/);
  }
  assert.equal(statusOf(await told('/_clawgress/whoami', { quota: away, why: away })), 200);
});

test('who cannot be named is denied and recorded like anybody', async () => {
  const nobody = snapshot(policy(UNMATCHED), {
    ok: false,
    problem: 'IDENTITY_DISABLED',
    known_agent: PRINCIPAL,
  });
  const answer = await told('/_clawgress/whoami', {}, nobody);
  assert.equal(answer.proposal.draft.reason, 'IDENTITY_DISABLED');
  assert.notEqual(ridOf(answer.response), 'self');
});

test('anything else that names us is denied as that', async () => {
  for (const path of ['/_clawgress/other', '//_clawgress/whoami', '/']) {
    const answer = await told(path);
    assert.equal(answer.proposal.draft.reason, 'DESTINATION_SELF', path);
  }
});

test('a pace for each agent and for all', () => {
  const pace = new Pace();
  const admitted = (agent: string, us: number, times: number) =>
    Array.from({ length: times }, () => pace.admits(agent, us)).filter(Boolean).length;
  assert.equal(admitted('a', 5, 100), AGENT_ANSWERS_PER_S);
  assert.equal(admitted('b', 6, 1), 1);
  assert.equal(admitted('a', 1_000_000, 100), AGENT_ANSWERS_PER_S);
  const all = Array.from({ length: 100 }, (_, i) => admitted(`agent${i}`, 2_000_000, 100));
  assert.equal(
    all.reduce((sum, one) => sum + one, 0),
    ANSWERS_PER_S,
  );
});
