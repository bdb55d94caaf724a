import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EgressRequest, RawRequest } from '../../../../src/core/request/egress_request.ts';
import { problemFacts, requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';

const raw = (change: Partial<RawRequest> = {}): RawRequest => ({
  mode: 'explicit',
  method: 'POST',
  authority: 'api.example.com:81',
  path: '/v1/x?secret=hunter2&b=1',
  scheme: 'http',
  headers: [],
  ...change,
});

function request(change: Partial<RawRequest> = {}): EgressRequest {
  const result = normalise(raw(change), { ports: [] });
  assert.ok(result.ok);
  return result.value.request;
}

test('the query never appears in clear, only the names that policy mentions', () => {
  const facts = requestFacts(request(), ['b', 'zzz'], 'commitment');
  assert.deepEqual(facts, {
    mode: 'explicit',
    visibility: 'full',
    protocol: 'http',
    method: 'POST',
    scheme: 'http',
    authority: 'api.example.com',
    host_kind: 'name',
    port: 81,
    path: '/v1/x',
    query_commitment: 'commitment',
    query_names: ['b'],
    body_state: 'none',
  });
});

test('a path that held a credential is left out', () => {
  const facts = requestFacts(request({ path: '/cgk_secret/x' }), []);
  assert.equal(facts.credential_forwarded, true);
  assert.doesNotMatch(JSON.stringify(facts), /secret/);
});

test('a tunnel says that nobody looked at its content', () => {
  const facts = requestFacts(request({ method: 'CONNECT', path: '' }), []);
  assert.equal(facts.body_state, 'absent');
  assert.deepEqual(requestFromFacts(facts), request({ method: 'CONNECT', path: '' }));
});

test('replay reads back the request as the rules saw it', () => {
  const change = fc.record({
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom('/', '/a/../b?x=1', '/a%2fb', '/v1?_method=x&y', '/p?'),
    headers: fc.array(
      fc.record({
        name: fc.constantFrom('forwarded', 'transfer-encoding', 'content-length', 'x-original-url'),
        value: fc.constantFrom('0', '1'),
      }),
      { maxLength: 4 },
    ),
  });
  fc.assert(
    fc.property(change, (some) => {
      const { query: _, ...judged } = request(some);
      assert.deepEqual(requestFromFacts(requestFacts(judged, judged.query_names)), judged);
    }),
  );
});

test('facts that contradict themselves are no request', () => {
  const facts = requestFacts(request({ path: '/a//b' }), []);
  assert.ok(requestFromFacts(facts));
  const { path_ambiguous: _, ...hidden } = facts;
  assert.equal(requestFromFacts(hidden), undefined);
  assert.equal(requestFromFacts({ ...facts, path: '/a/b' }), undefined);
  const { port: __, ...portless } = facts;
  assert.equal(requestFromFacts(portless), undefined);
});

test('a request without canonical form leaves its problem and no client text', () => {
  const facts = problemFacts(
    raw({ authority: 'hunter2@a', headers: [{ name: 'content-length', value: '3' }] }),
    'AUTHORITY_INVALID',
  );
  assert.deepEqual(facts, {
    mode: 'explicit',
    visibility: 'full',
    protocol: 'http',
    body_state: 'absent',
    problem: 'AUTHORITY_INVALID',
  });
  assert.equal(requestFromFacts(facts), undefined);
  assert.equal(problemFacts(raw({ method: 'CONNECT' }), 'AUTHORITY_INVALID').mode, 'connect');
});
