import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ALLOWED, DEMAND, ok, PRINCIPAL, policy, recorded, STAMP, snapshot, UNMATCHED } from './fakes.ts';
import { bytesOfHeader, checkRequest, PLAIN_GET, pairs } from './official.ts';

import { ridOf, run, stampOf } from './one_check.ts';

test('an allowed request is proposed in full and answered with the stamp', async () => {
  const compiled = policy(ALLOWED, { query_names: ['page'], limits: () => [DEMAND] });
  const { proposal, response, counted, errors } = await run(snapshot(compiled));
  const { receipt_id, request, decision_latency_us, ...draft } = proposal.draft;
  assert.deepEqual(draft, {
    request_id: '4f9a3d1e-0000-4000-8000-000000000001',
    envoy_node: 'envoy-1',
    envoy_epoch: 'e1',
    gateway_id: 'gw-1',
    source: '127.0.0.1:40000',
    identity: PRINCIPAL,
    policy_id: 'p',
    policy_hash: 'sha256:p1',
    registry_hash: 'sha256:r1',
    verdict: 'allow',
    reason: 'POLICY_ALLOW',
    rule_id: 'r1',
    enforcement_mode: 'enforce',
    replayable: true,
  });
  assert.equal(request.path, '/v1/items');
  assert.deepEqual(request.query_names, ['page']);
  assert.ok(Number.isSafeInteger(decision_latency_us));
  assert.deepEqual(proposal.ops, [DEMAND.op]);
  assert.deepEqual(proposal.denials, [DEMAND.denial]);
  assert.equal(proposal.request_key, 'envoy-1/4f9a3d1e-0000-4000-8000-000000000001');
  assert.match(proposal.request_digest, /^[0-9a-f]{64}$/);
  assert.equal(stampOf(response), STAMP);
  assert.equal(ridOf(response), receipt_id);
  assert.deepEqual(counted, [['POLICY_ALLOW', true]]);
  assert.deepEqual(errors, []);
});

test('the query is committed with its salt, and appears nowhere else', async () => {
  const { proposal } = await run(snapshot(policy(ALLOWED)));
  const label = `${proposal.draft.receipt_id}/request/query`;
  const expected = createHash('sha256')
    .update('clawgress/commit/v1\0')
    .update(Buffer.alloc(32, 1))
    .update(Buffer.from([0, label.length]))
    .update(label)
    .update('page=2')
    .digest('base64');
  assert.equal(proposal.draft.request.query_commitment, expected);
  assert.ok(!JSON.stringify(proposal).includes('page=2'));
});

test('credentials are judged and then taken off the request', async () => {
  let seen: unknown;
  const current = snapshot(policy(ALLOWED), (input) => {
    seen = input;
    return { ok: true, principal: PRINCIPAL };
  });
  const headers = [
    ...PLAIN_GET,
    bytesOfHeader('x-clawgress-run-id', 'a'),
    bytesOfHeader('x-envoy-external-address', 'b'),
  ];
  const { response, proposal } = await run(current, checkRequest({ headers }));
  assert.deepEqual(response.ok_response?.headers_to_remove, [
    'proxy-authorization',
    'x-clawgress-run-id',
    'x-envoy-external-address',
  ]);
  assert.deepEqual(seen, {
    mode: 'explicit',
    headers: [
      { name: 'x-request-id', value: '4f9a3d1e-0000-4000-8000-000000000001' },
      { name: 'proxy-authorization', value: 'Basic Ym90OmNna194' },
      { name: 'x-clawgress-run-id', value: 'a' },
      { name: 'x-envoy-external-address', value: 'b' },
    ],
    transport: 'loopback',
    now_ms: 1_700_000_000_000,
  });
  assert.ok(!JSON.stringify(proposal).includes('Ym90OmNna194'));
});

test('a denial is recorded too, and never stamped', async () => {
  const { response, body, proposal } = await run(snapshot(policy(UNMATCHED)));
  assert.equal(proposal.draft.verdict, 'deny');
  assert.equal(response.denied_response?.status?.code, 403);
  assert.equal(stampOf(response), undefined);
  assert.equal(ridOf(response), proposal.draft.receipt_id);
  assert.equal(body.receipt_id, proposal.draft.receipt_id);
  assert.equal(body.policy_hash, 'sha256:p1');
});

test('no identity: recorded with the problem, answered with a challenge', async () => {
  const { response, proposal } = await run(
    snapshot(policy(ALLOWED), { ok: false, problem: 'IDENTITY_MISSING' }),
  );
  assert.equal(proposal.draft.identity_problem, 'IDENTITY_MISSING');
  assert.equal(proposal.draft.identity, undefined);
  assert.equal(response.denied_response?.status?.code, 407);
});

test('a known agent that is disabled stays named in the record', async () => {
  const known_agent = { ...PRINCIPAL, status: 'disabled' as const };
  const { proposal } = await run(
    snapshot(policy(ALLOWED), async () => ({ ok: false, problem: 'IDENTITY_DISABLED', known_agent })),
  );
  assert.deepEqual(proposal.draft.identity, known_agent);
  assert.equal(proposal.draft.reason, 'IDENTITY_DISABLED');
});

test('a request without canonical form is recorded without anything the client wrote', async () => {
  const headers = PLAIN_GET.map((h) =>
    h.key === ':authority' ? bytesOfHeader(':authority', 'EVIL_host') : h,
  );
  const { proposal, response } = await run(snapshot(policy(ALLOWED)), checkRequest({ headers }));
  assert.equal(proposal.draft.verdict, 'deny');
  assert.equal(proposal.draft.request.problem, 'AUTHORITY_INVALID');
  assert.ok(!JSON.stringify(proposal).includes('EVIL_host'));
  assert.equal(response.denied_response?.status?.code, 403);
});

test('the ledger has the last word', async () => {
  const { response, body } = await run(
    snapshot(policy(ALLOWED, { limits: () => [DEMAND] })),
    checkRequest(),
    ({ recorder }) => {
      recorder.answer = (proposal) =>
        ok({
          ...recorded(proposal),
          verdict: 'deny',
          reason: 'LIMIT_RPS',
          rule_id: 'per-agent',
          retry_after_ms: 180,
          limit: { limit_id: 'per-agent/rps', remaining: 0, reset_ms: 980 },
        });
    },
  );
  const headers = new Map(pairs(response.denied_response?.headers));
  assert.equal(response.denied_response?.status?.code, 429);
  assert.equal(stampOf(response), undefined);
  assert.equal(body.retry_after_ms, 180);
  assert.equal(body.rule_id, 'per-agent');
  assert.equal(headers.get('retry-after'), '1');
  // Burst 5: tolerance is four emission intervals.
  assert.equal(headers.get('ratelimit-limit'), '5');
});

test('a repeated Check is answered with the first receipt', async () => {
  const { response } = await run(snapshot(policy(ALLOWED)), checkRequest(), ({ recorder }) => {
    recorder.answer = (proposal) => ok({ ...recorded(proposal), receipt_id: 'first', leaf_hash: 'aa' });
  });
  assert.equal(ridOf(response), 'first');
  assert.equal(stampOf(response), STAMP);
});

test('an earlier allow is not handed out again under a policy that denies', async () => {
  const { response, body } = await run(snapshot(policy(UNMATCHED)), checkRequest(), ({ recorder }) => {
    recorder.answer = (proposal) =>
      ok({ ...recorded(proposal), receipt_id: 'first', verdict: 'allow', reason: 'POLICY_ALLOW' });
  });
  assert.equal(stampOf(response), undefined);
  assert.equal(response.denied_response?.status?.code, 503);
  assert.equal(body.code, 'STALE_SNAPSHOT');
});

test('the same request has the same key and digest; another one differs', async () => {
  const key = async (request: Uint8Array, current = snapshot(policy(ALLOWED))) => {
    const { proposal } = await run(current, request);
    return `${proposal.request_key} ${proposal.request_digest}`;
  };
  const other = (name: string, value: string) =>
    checkRequest({ headers: PLAIN_GET.map((h) => (h.key === name ? bytesOfHeader(name, value) : h)) });
  const first = await key(checkRequest());
  assert.equal(await key(checkRequest()), first);
  // A policy change between two tries is no other request.
  assert.equal(await key(checkRequest(), snapshot(policy(UNMATCHED, { policy_hash: 'sha256:p2' }))), first);
  const variants = [
    other(':path', '/v1/items?page=3'),
    other(':method', 'POST'),
    other(':authority', 'api.example:8081'),
    checkRequest({ mode: 'base_url' }),
  ];
  for (const variant of variants) assert.notEqual(await key(variant), first);
  const stranger = snapshot(policy(ALLOWED), { ok: false, problem: 'IDENTITY_MISSING' });
  assert.notEqual(await key(checkRequest(), stranger), first);
});

test('base URL: `/_to/` becomes authority and path', async () => {
  const headers = PLAIN_GET.map((h) =>
    h.key === ':path' ? bytesOfHeader(':path', '/_to/api.example/v1/y?z=1') : h,
  );
  const { response } = await run(snapshot(policy(ALLOWED)), checkRequest({ mode: 'base_url', headers }));
  assert.deepEqual(pairs(response.ok_response?.headers), [
    [':authority', 'api.example'],
    [':path', '/v1/y?z=1'],
  ]);
});

test('a rule that rewrites sends the normal path with the query as it came', async () => {
  const headers = PLAIN_GET.map((h) => (h.key === ':path' ? bytesOfHeader(':path', '/a/../b?q=%2e%2e') : h));
  const { response } = await run(
    snapshot(policy({ ...ALLOWED, path: 'rewrite' })),
    checkRequest({ headers }),
  );
  assert.deepEqual(pairs(response.ok_response?.headers), [[':path', '/b?q=%2e%2e']]);
});
