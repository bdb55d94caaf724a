import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { RuleOutcome } from '../../../../src/core/policy/compiled.ts';
import { openPending } from '../../../../src/server/inspect/pending_ticket.ts';
import { ALLOWED, mac, PRINCIPAL, policy, STAMP, snapshot } from '../fakes.ts';
import { bytesOfHeader, checkRequest, PLAIN_GET } from '../official.ts';
import { ridOf, run, stampOf } from '../one_check.ts';

const DEMANDS = { format: 'json', schemas: [], max_bytes: 1_000, on_oversize: 'deny' } as const;
const HELD: RuleOutcome = { ...ALLOWED, inspect: DEMANDS };
const SHOWING = { node: 'envoy-1', epoch: 'e1', now_ms: 1_700_000_000_000 };

test('a Check whose body decides is held: recorded by nobody, stamped by nobody', async () => {
  const { response, recorder, counted } = await run(snapshot(policy(HELD)));
  assert.deepEqual([recorder.proposals.length, counted.length], [0, 0]);
  assert.deepEqual([stampOf(response), ridOf(response)], [undefined, undefined]);
  const fields = response.dynamic_metadata?.fields ?? {};
  assert.equal(fields['held']?.string_value, STAMP);
  const headers = response.ok_response?.headers ?? [];
  const route = headers.find(({ header }) => header?.key === 'x-cg-route');
  assert.equal(route?.header?.value, 'inspect');
  const opened = openPending(fields['pending']?.string_value ?? '', mac, SHOWING);
  assert.ok(opened.ok, 'the ticket opens');
  const { draft, owner, demands } = opened.value;
  assert.deepEqual([draft.verdict, draft.reason], ['deny', 'BODY_NOT_COMPLETED']);
  assert.equal(owner.agent_id, PRINCIPAL.agent_id);
  assert.deepEqual(demands, DEMANDS);
});

test('the longest request that is read at all can be carried', async () => {
  const path = `/${randomBytes(3_000).toString('base64url')}?q=${randomBytes(3_000).toString('base64url')}`;
  const long = bytesOfHeader(':path', path);
  const headers = PLAIN_GET.map((one) => (one.key === ':path' ? long : one));
  const { response } = await run(snapshot(policy(HELD)), checkRequest({ headers }));
  assert.ok(response.dynamic_metadata?.fields['pending']?.string_value, 'it is held');
});

test('an answer that would pass unread does not go on', async () => {
  const response = { inspect: 'auto', max_bytes: 1_000, on_violation: 'block' } as const;
  const answered = await run(snapshot(policy({ ...ALLOWED, response })));
  assert.equal(answered.body.code, 'INTERNAL');
  assert.equal(stampOf(answered.response), undefined);
});
