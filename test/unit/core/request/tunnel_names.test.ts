import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawRequest } from '../../../../src/core/request/egress_request.ts';
import { problemFacts, requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';

const OPENED = 'api.example:443';
const inside = (change: Partial<RawRequest> = {}): RawRequest => ({
  mode: 'intercepted',
  method: 'GET',
  authority: 'api.example',
  path: '/v1?q=1',
  scheme: 'https',
  headers: [],
  tunnel: { authority: OPENED, sni: 'api.example' },
  ...change,
});
const judge = (change: Partial<RawRequest> = {}) => normalise(inside(change), { ports: [3128] });

function problemOf(change: Partial<RawRequest>): string {
  const result = judge(change);
  return result.ok ? 'none' : result.problem;
}

test('a request inside a tunnel is seen in full and carries the name of the handshake', () => {
  const result = judge();
  assert.ok(result.ok, 'all names agree');
  assert.equal(result.value.rewrite, undefined);
  assert.deepEqual(result.value.request, {
    mode: 'intercepted',
    visibility: 'full',
    protocol: 'http',
    method: 'GET',
    scheme: 'https',
    host: 'api.example',
    host_kind: 'name',
    port: 443,
    sni: 'api.example',
    path: '/v1',
    path_normal: '/v1',
    path_ambiguous: false,
    query: 'q=1',
    query_names: ['q'],
    override_headers: [],
    credential_forwarded: false,
    has_body: false,
  });
});

/** Each spelling with the place that it means; an empty one means nowhere. */
const HOSTS: Readonly<Record<string, string>> = {
  'api.example': 'api.example:443',
  'API.Example': 'api.example:443',
  'api.example:443': 'api.example:443',
  'api.example:8443': 'api.example:8443',
  'www.api.example': 'www.api.example:443',
  example: 'example:443',
  'other.example': 'other.example:443',
  '192.0.2.1': '192.0.2.1:443',
  '192.0.2.1:8443': '192.0.2.1:8443',
  '[2001:db8::1]': '[2001:db8::1]:443',
  '[2001:DB8:0::1]:443': '[2001:db8::1]:443',
};
const OPENINGS = [...new Set(Object.values(HOSTS))];
const SNIS: Readonly<Record<string, string>> = {
  'api.example': 'api.example',
  'API.EXAMPLE': 'api.example',
  'api.example.': '',
  'www.api.example': 'www.api.example',
  example: 'example',
  'other.example': 'other.example',
  'api.example:443': '',
  '192.0.2.1': '',
  '2001:db8::1': '',
  '[2001:db8::1]': '',
  api_example: '',
  '': '',
};

test('SNI, Host and CONNECT authority agree in one place, or the request is refused, in every combination', () => {
  let agreed = 0;
  let refused = 0;
  for (const [host, place] of Object.entries(HOSTS)) {
    for (const authority of OPENINGS) {
      for (const [sni, name] of [...Object.entries(SNIS), [undefined, undefined] as const]) {
        const tunnel = sni === undefined ? { authority } : { authority, sni };
        const isAddress = /^[[0-9]/.test(place);
        const bare = place.replace(/:[0-9]+$/, '');
        const isSame = place === authority && (isAddress ? sni === undefined : name === bare);
        const found = problemOf({ authority: host, tunnel });
        assert.equal(found, isSame ? 'none' : 'TLS_NAME_MISMATCH', `${host} ${authority} ${sni}`);
        if (isSame) agreed += 1;
        else refused += 1;
      }
    }
  }
  assert.ok(agreed > 10 && refused > 500, `${agreed} ${refused}`);
});

test('what is no tunnel, or another host beside the authority, is refused as well', () => {
  const { tunnel: _tunnel, ...without } = inside();
  const lost = normalise(without, { ports: [] });
  assert.equal(lost.ok ? 'none' : lost.problem, 'TLS_NAME_MISMATCH');
  for (const authority of ['', 'api.example', 'api.example:0', 'user@api.example:443'])
    assert.equal(problemOf({ tunnel: { authority, sni: 'api.example' } }), 'TLS_NAME_MISMATCH', authority);
  assert.equal(problemOf({ headers: [{ name: 'host', value: 'b.example' }] }), 'TLS_NAME_MISMATCH');
  assert.equal(problemOf({ headers: [{ name: 'host', value: 'api.example' }] }), 'none');
});

test('everything else is refused as in other modes', () => {
  assert.equal(problemOf({ scheme: 'http' }), 'AUTHORITY_INVALID');
  assert.equal(problemOf({ authority: 'user@api.example' }), 'AUTHORITY_INVALID');
  assert.equal(problemOf({ authority: '0x7f.1' }), 'HOST_NUMERIC');
  assert.equal(problemOf({ authority: 'localhost:3128' }), 'DESTINATION_SELF');
  assert.equal(problemOf({ method: 'get' }), 'METHOD_INVALID');
  assert.equal(problemOf({ method: 'CONNECT' }), 'METHOD_INVALID');
  assert.equal(problemOf({ path: 'x' }), 'PATH_INVALID');
  const sent = judge({
    path: '/_to/b.example/x/../y',
    headers: [
      { name: 'x-http-method-override', value: 'PUT' },
      { name: 'authorization', value: 'Bearer cgk_abc' },
    ],
  });
  assert.ok(sent.ok, 'a path is a path here');
  const { path, path_ambiguous, override_headers, credential_forwarded } = sent.value.request;
  assert.deepEqual([path, path_ambiguous], ['/_to/b.example/x/../y', true]);
  assert.deepEqual([override_headers, credential_forwarded], [['x-http-method-override'], true]);
});

test('the facts are enough to judge again, and contradictions among them are found', () => {
  const judged = judge({ path: '/v1' });
  assert.ok(judged.ok, 'all names agree');
  const facts = requestFacts(judged.value.request, []);
  assert.deepEqual([facts.mode, facts.sni], ['intercepted', 'api.example']);
  assert.deepEqual(requestFromFacts(facts), judged.value.request);
  const { sni: _sni, ...nameless } = facts;
  for (const wrong of [
    nameless,
    { ...facts, sni: 'other.example' },
    { ...facts, scheme: 'http' as const },
    { ...facts, mode: 'explicit' as const },
    { ...facts, tls: 'raw' as const },
  ])
    assert.equal(requestFromFacts(wrong), undefined, JSON.stringify(wrong));
});

test('a mismatch leaves the names that are canonical, and nothing else of the client', () => {
  const facts = problemFacts(
    inside({ authority: 'Other.example', tunnel: { authority: OPENED, sni: 'API.example' } }),
    'TLS_NAME_MISMATCH',
  );
  assert.deepEqual(facts, {
    mode: 'intercepted',
    visibility: 'full',
    protocol: 'http',
    authority: 'other.example',
    host_kind: 'name',
    port: 443,
    sni: 'api.example',
    body_state: 'none',
    problem: 'TLS_NAME_MISMATCH',
  });
  const garbled = inside({ tunnel: { authority: OPENED, sni: 'hunter2@x' } });
  assert.doesNotMatch(JSON.stringify(problemFacts(garbled, 'TLS_NAME_MISMATCH')), /hunter2/);
  assert.equal(problemFacts(garbled, 'PATH_INVALID').authority, undefined);
});
