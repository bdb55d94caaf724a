import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawRequest } from '../../../../src/core/request/egress_request.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';

const self = { ports: [3128, 8088] };
const plain: RawRequest = {
  mode: 'explicit',
  method: 'GET',
  authority: 'api.example.com',
  path: '/v1/x?a=1',
  scheme: 'http',
  headers: [],
};
const baseUrl = { ...plain, mode: 'base_url' } as const;
const tunnel = { ...plain, method: 'CONNECT', authority: 'api.example.com:443', path: '' };

const judge = (change: Partial<RawRequest>, from: RawRequest = plain) =>
  normalise({ ...from, ...change }, self);
const header = (name: string, value: string) => ({ headers: [{ name, value }] });

function problemOf(change: Partial<RawRequest>, from?: RawRequest): string {
  const result = judge(change, from);
  return result.ok ? 'none' : result.problem;
}

function requestOf(change: Partial<RawRequest>, from?: RawRequest) {
  const result = judge(change, from);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.value.request;
}

test('explicit proxy, absolute form', () => {
  assert.deepEqual(judge({}), {
    ok: true,
    value: {
      request: {
        mode: 'explicit',
        visibility: 'full',
        protocol: 'http',
        method: 'GET',
        scheme: 'http',
        host: 'api.example.com',
        host_kind: 'name',
        port: 80,
        path: '/v1/x',
        path_normal: '/v1/x',
        path_ambiguous: false,
        query: 'a=1',
        query_names: ['a'],
        override_headers: [],
        credential_forwarded: false,
        has_body: false,
      },
    },
  });
});

test('a tunnel shows its authority and nothing else', () => {
  assert.deepEqual(judge({}, tunnel), {
    ok: true,
    value: {
      request: {
        mode: 'connect',
        visibility: 'authority',
        protocol: 'connect',
        scheme: 'tcp',
        host: 'api.example.com',
        host_kind: 'name',
        port: 443,
        path_ambiguous: false,
        query_names: [],
        override_headers: [],
        credential_forwarded: false,
        has_body: false,
      },
    },
  });
  assert.equal(problemOf({ authority: 'api.example.com' }, tunnel), 'AUTHORITY_INVALID');
  assert.equal(problemOf({ path: '/x' }, tunnel), 'PATH_INVALID');
  assert.equal(problemOf({ mode: 'base_url' }, tunnel), 'METHOD_INVALID');
});

test('base URL by Host: https on 443 unless Host names a port', () => {
  const request = requestOf({}, baseUrl);
  assert.deepEqual([request.mode, request.scheme, request.port], ['base_url', 'https', 443]);
  assert.equal(requestOf({ authority: 'api.example.com:8443' }, baseUrl).port, 8443);
  assert.equal(problemOf({ authority: 'localhost:8088' }, baseUrl), 'DESTINATION_SELF');
  assert.equal(problemOf({ authority: 'gateway.internal:8088' }, baseUrl), 'DESTINATION_SELF');
});

test('base URL by /_to/: what is judged is what the rewrite forwards', () => {
  const cases: [string, string, string, number][] = [
    ['/_to/api.example.com/v1/y?b=2', 'api.example.com', '/v1/y?b=2', 443],
    ['/_to/API.example.com:8443/v1', 'api.example.com:8443', '/v1', 8443],
    ['/_to/api.example.com:443/', 'api.example.com', '/', 443],
    ['/_to/api.example.com', 'api.example.com', '/', 443],
    ['/_to/api.example.com?q', 'api.example.com', '/?q', 443],
    ['/_to/[0::1]:9/x', '[::1]:9', '/x', 9],
    ['/_to/a/_to/b/x', 'a', '/_to/b/x', 443],
    ['/_to/a//b', 'a', '//b', 443],
  ];
  for (const [path, authority, rewritten, port] of cases) {
    const result = judge({ path, authority: 'localhost:8088' }, baseUrl);
    assert.ok(result.ok, path);
    assert.deepEqual(result.value.rewrite, { authority, path: rewritten });
    assert.equal(result.value.request.port, port);
    const { path: judged = '', query } = result.value.request;
    assert.equal(query === undefined ? judged : `${judged}?${query}`, rewritten);
  }
  assert.equal(problemOf({ path: '/_to/' }, baseUrl), 'AUTHORITY_INVALID');
  assert.equal(problemOf({ path: '/_to//x' }, baseUrl), 'AUTHORITY_INVALID');
  assert.equal(problemOf({ path: '/_to/u@a/x' }, baseUrl), 'AUTHORITY_INVALID');
  assert.equal(problemOf({ path: '/_to/127.1/x' }, baseUrl), 'HOST_NUMERIC');
  assert.equal(problemOf({ path: '/_to/127.0.0.1:8088/x' }, baseUrl), 'DESTINATION_SELF');
  // In the other mode it is a path like any other.
  assert.equal(requestOf({ path: '/_to/a/b' }).path, '/_to/a/b');
});

test('the gateway does not call itself', () => {
  for (const host of ['localhost', '127.0.0.1', '127.3.2.1', '[::1]', '0.0.0.0', '[::ffff:7f00:1]']) {
    assert.equal(problemOf({ authority: `${host}:3128` }), 'DESTINATION_SELF');
    assert.equal(problemOf({ authority: `${host}:8088` }, tunnel), 'DESTINATION_SELF');
    assert.equal(problemOf({ authority: `${host}:9000` }), 'none');
  }
  // Somebody else's port 8088 is a destination like any other for the explicit proxy.
  assert.equal(problemOf({ authority: 'api.example.com:8088' }), 'none');
});

test('methods are upper-case tokens', () => {
  for (const method of ['GET', 'PATCH', 'M-SEARCH', 'TRACE', 'X'.repeat(32)])
    assert.equal(requestOf({ method }).method, method);
  for (const method of ['', 'get', 'Get', 'GE T', 'GET\r\n', 'G(T', 'É', 'X'.repeat(33)]) {
    assert.equal(problemOf({ method }), 'METHOD_INVALID');
  }
});

test('targets are printable ASCII in origin form', () => {
  for (const path of [
    '',
    '*',
    'x',
    'http://a/',
    '/a b',
    '/a\tb',
    '/a\u0000',
    '/a#b',
    '/é',
    '/a\u007f',
    '?a',
  ]) {
    assert.equal(problemOf({ path }), 'PATH_INVALID');
  }
  assert.equal(problemOf({ method: 'OPTIONS', path: '*' }), 'PATH_INVALID');
  assert.equal(requestOf({ path: `/${'a'.repeat(8191)}` }).path?.length, 8192);
  assert.equal(problemOf({ path: `/${'a'.repeat(8192)}` }), 'REQUEST_TOO_LARGE');
  assert.equal(problemOf({ path: `/?${'a'.repeat(8191)}` }), 'REQUEST_TOO_LARGE');
});

test('the explicit listener forwards plaintext only', () => {
  assert.equal(problemOf({ scheme: 'https' }), 'AUTHORITY_INVALID');
  assert.equal(problemOf({ scheme: '' }), 'AUTHORITY_INVALID');
});

test('a second Host is refused unless it says the same', () => {
  assert.equal(problemOf(header('host', 'evil.example')), 'AUTHORITY_INVALID');
  assert.equal(problemOf(header('host', 'evil.example'), baseUrl), 'AUTHORITY_INVALID');
  assert.equal(problemOf(header('host', 'api.example.com')), 'none');
});

test('query names are decoded, distinct, sorted and bounded', () => {
  assert.deepEqual(requestOf({ path: '/?b&a=1&a=2&%5Fmethod=x&a+b=&a%20b&&=v' }).query_names, [
    '',
    '_method',
    'a',
    'a b',
    'b',
  ]);
  assert.deepEqual(requestOf({ path: '/?a=1;_method=DELETE' }).query_names, ['_method', 'a']);
  assert.deepEqual(requestOf({ path: '/?%zz=1&%ff' }).query_names, ['%zz', '\ufffd']);
  assert.equal(requestOf({ path: '/?' }).query, '');
  assert.equal(requestOf({ path: '/' }).query, undefined);
  assert.equal(requestOf({ path: '/?a=1?b' }).query, 'a=1?b');
  assert.equal(problemOf({ path: `/?${'a&'.repeat(255)}a` }), 'none');
  assert.equal(problemOf({ path: `/?${'a&'.repeat(256)}a` }), 'REQUEST_TOO_LARGE');
});

test('headers are bounded', () => {
  const many = (count: number) => ({
    headers: Array.from({ length: count }, () => ({ name: 'a', value: 'b' })),
  });
  assert.equal(problemOf(many(256)), 'none');
  assert.equal(problemOf(many(257)), 'REQUEST_TOO_LARGE');
  assert.equal(problemOf(header('a', 'b'.repeat(65_535))), 'none');
  assert.equal(problemOf(header('a', 'b'.repeat(65_536))), 'REQUEST_TOO_LARGE');
});

test('override headers are named', () => {
  const headers = ['x-rewrite-url', 'forwarded', 'x-http-method-override', 'forwarded', 'x-other'].map(
    (name) => ({
      name,
      value: '1',
    }),
  );
  assert.deepEqual(requestOf({ headers }).override_headers, [
    'forwarded',
    'x-http-method-override',
    'x-rewrite-url',
  ]);
});

test('a body is announced by its length or its framing', () => {
  assert.equal(requestOf(header('content-length', '0')).has_body, false);
  assert.equal(requestOf(header('content-length', '1')).has_body, true);
  assert.equal(requestOf(header('content-length', 'junk')).has_body, true);
  assert.equal(requestOf(header('transfer-encoding', 'chunked')).has_body, true);
});

test('a gateway credential on its way to the destination is seen', () => {
  const leaks: Partial<RawRequest>[] = [
    { path: '/cgk_abc' },
    { path: '/x?key=cgk_abc' },
    { path: '/x?key=%63gk%5Fabc' },
    header('authorization', 'Bearer cgk_abc'),
    header('authorization', `Basic ${Buffer.from('agent:cgk_abc').toString('base64')}`),
    header('authorization', `basic ${Buffer.from('agent1:cgk_abc').toString('base64url')}`),
    header('cookie', 'k=cgk_abc'),
    header('x-forwarded-note', '%63gk_'),
  ];
  for (const leak of leaks) assert.equal(requestOf(leak).credential_forwarded, true, JSON.stringify(leak));
  const fine: Partial<RawRequest>[] = [
    { path: '/CGK_abc' },
    { path: '/cgk-abc' },
    header('proxy-authorization', 'Bearer cgk_abc'),
    header('x-clawgress-key', 'cgk_abc'),
    header('x-cg-note', 'cgk_abc'),
    header('authorization', 'Bearer other'),
    header('authorization', 'Basic !!!'),
  ];
  for (const one of fine) assert.equal(requestOf(one).credential_forwarded, false, JSON.stringify(one));
  assert.equal(requestOf({ path: '/_to/a/cgk_x' }, baseUrl).credential_forwarded, true);
  assert.equal(requestOf(header('user-agent', 'cgk_x'), tunnel).credential_forwarded, true);
});

/** Mostly ASCII with its controls, sometimes anything, lone surrogates included. */
const anyUnit = fc
  .oneof({ arbitrary: fc.integer({ min: 0, max: 0x7f }), weight: 4 }, fc.integer({ min: 0, max: 0xffff }))
  .map((code) => String.fromCharCode(code));

test('no input makes it throw', () => {
  const text = fc.oneof(
    fc.string({ unit: anyUnit }),
    fc.constantFrom('GET', 'CONNECT', 'a:443', '/_to/a', 'http'),
  );
  const raw = fc.record({
    mode: fc.constantFrom('explicit' as const, 'base_url' as const, 'intercepted' as const),
    tunnel: fc.record({ authority: text, sni: text }),
    method: text,
    authority: text,
    path: text,
    scheme: text,
    headers: fc.array(fc.record({ name: text, value: text }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(raw, (request) => {
      const result = normalise(request, self);
      if (!result.ok) return;
      const { path, path_normal, path_ambiguous } = result.value.request;
      assert.equal(path !== path_normal, path_ambiguous);
    }),
    { numRuns: 2_000 },
  );
});
