import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HEADER_BYTES_MAX, HEADERS_MAX } from '../../../../src/core/request/headers.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';
import { CHECK_BYTES_MAX, decodeCheck } from '../../../../src/server/codec/check_request.ts';
import { bytesOfHeader, checkRequest, PLAIN_GET, type WireHeader } from '../official.ts';

function decoded(bytes: Uint8Array) {
  const result = decodeCheck(bytes);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.value;
}

function problem(bytes: Uint8Array) {
  const result = decodeCheck(bytes);
  return result.ok ? 'ok' : result.problem;
}

const without = (key: string) => PLAIN_GET.filter((header) => header.key !== key);

test('reads a complete Check of Envoy', () => {
  assert.deepEqual(decoded(checkRequest()), {
    raw: {
      mode: 'explicit',
      method: 'GET',
      authority: 'api.example:8080',
      path: '/v1/items?page=2',
      scheme: 'http',
      headers: [
        { name: 'x-request-id', value: '4f9a3d1e-0000-4000-8000-000000000001' },
        { name: 'proxy-authorization', value: 'Basic Ym90OmNna194' },
      ],
    },
    requestId: '4f9a3d1e-0000-4000-8000-000000000001',
    source: '127.0.0.1:40000',
    transport: 'loopback',
  });
});

test('a CONNECT has neither path nor scheme', () => {
  const headers = [
    bytesOfHeader(':method', 'CONNECT'),
    bytesOfHeader(':authority', 'api.example:443'),
    bytesOfHeader('x-request-id', 'r1'),
  ];
  const { raw } = decoded(checkRequest({ headers }));
  assert.deepEqual(raw, {
    mode: 'explicit',
    method: 'CONNECT',
    authority: 'api.example:443',
    path: '',
    scheme: '',
    headers: [{ name: 'x-request-id', value: 'r1' }],
  });
});

test('keeps order and duplicates, and lower-cases names', () => {
  const extra = [bytesOfHeader('X-A', '1'), bytesOfHeader('x-b', ''), bytesOfHeader('x-a', '2')];
  const { raw } = decoded(checkRequest({ headers: [...PLAIN_GET, ...extra] }));
  assert.deepEqual(raw.headers.slice(2), [
    { name: 'x-a', value: '1' },
    { name: 'x-b', value: '' },
    { name: 'x-a', value: '2' },
  ]);
});

test('a value is a byte string, whether it comes as bytes or as text', () => {
  const raw: WireHeader = { key: 'x-raw', raw_value: new Uint8Array([0x41, 0xff, 0x80, 0xc3]) };
  const text: WireHeader = { key: 'x-text', value: 'é' };
  const both: WireHeader = { key: 'x-both', value: 'text', raw_value: Buffer.from('raw') };
  const { headers } = decoded(checkRequest({ headers: [...PLAIN_GET, raw, text, both] })).raw;
  assert.deepEqual(
    headers.slice(2).map(({ value }) => value),
    ['A\u00ff\u0080\u00c3', '\u00c3\u00a9', 'raw'],
  );
});

test('every byte of a raw value survives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      const { headers } = decoded(
        checkRequest({ headers: [...PLAIN_GET, { key: 'x', raw_value: bytes }] }),
      ).raw;
      const value = headers.at(-1)?.value ?? '';
      assert.deepEqual(
        [...value].map((char) => char.charCodeAt(0)),
        [...bytes],
      );
    }),
  );
});

for (const [address, port] of [
  ['10.1.2.3', 1],
  ['127.9.9.9', 65_535],
  ['::1', 80],
  ['2001:db8::7', 4433],
  ['::ffff:127.0.0.1', 9],
] as const) {
  test(`source ${address} port ${port} keeps its port after the last colon`, () => {
    const { source } = decoded(checkRequest({ address, port }));
    const colon = source.lastIndexOf(':');
    assert.deepEqual([source.slice(0, colon), source.slice(colon + 1)], [address, String(port)]);
  });
}

test('the listener says how credentials travel', () => {
  for (const transport of ['loopback', 'tls', 'plaintext']) {
    assert.equal(decoded(checkRequest({ transport, address: '10.0.0.9' })).transport, transport);
  }
  for (const transport of ['', 'none']) assert.equal(problem(checkRequest({ transport })), 'CHECK_LISTENER');
});

test('what is not a Check of our own configuration is refused', () => {
  assert.equal(problem(new Uint8Array()), 'CHECK_UNDECODABLE');
  assert.equal(problem(new Uint8Array([0x0a])), 'CHECK_UNDECODABLE');
  // attributes, empty: a network-level Check without a request.
  assert.equal(problem(new Uint8Array([0x0a, 0x00])), 'CHECK_WITHOUT_HTTP');
  assert.equal(problem(checkRequest({ mode: 'transparent' })), 'CHECK_LISTENER');
  assert.equal(problem(checkRequest({ mode: '' })), 'CHECK_LISTENER');
  for (const address of ['', 'localhost', '[::1]', '127.0.0.1:80', '1.2.3']) {
    assert.equal(problem(checkRequest({ address })), 'CHECK_SOURCE');
  }
  assert.equal(problem(checkRequest({ port: 0 })), 'CHECK_SOURCE');
  assert.equal(problem(checkRequest({ port: 65_536 })), 'CHECK_SOURCE');
});

test('a request line that could be read in two ways is refused', () => {
  for (const name of [':method', ':authority', ':path', ':scheme']) {
    const headers = [...PLAIN_GET, bytesOfHeader(name, 'x')];
    assert.equal(problem(checkRequest({ headers })), 'CHECK_PSEUDO_HEADERS', name);
  }
  assert.equal(
    problem(checkRequest({ headers: [...PLAIN_GET, bytesOfHeader(':protocol', 'websocket')] })),
    'CHECK_PSEUDO_HEADERS',
  );
  assert.equal(problem(checkRequest({ headers: without(':method') })), 'CHECK_PSEUDO_HEADERS');
  assert.equal(problem(checkRequest({ headers: [] })), 'CHECK_PSEUDO_HEADERS');
});

test('the request id is exactly one short printable value', () => {
  const base = without('x-request-id');
  assert.equal(problem(checkRequest({ headers: base })), 'CHECK_REQUEST_ID');
  for (const id of ['', 'a b', 'a/b', 'é', 'x'.repeat(65), 'a\n']) {
    const headers = [...base, bytesOfHeader('x-request-id', id)];
    assert.equal(problem(checkRequest({ headers })), 'CHECK_REQUEST_ID', JSON.stringify(id));
  }
  const twice = [...PLAIN_GET, bytesOfHeader('x-request-id', 'r2')];
  assert.equal(problem(checkRequest({ headers: twice })), 'CHECK_REQUEST_ID');
});

test('too many or too large headers are cut, and what is left is still refused as too large', () => {
  const many = Array.from({ length: HEADERS_MAX * 4 }, (_, i) => bytesOfHeader(`x-${i}`, 'v'));
  const large = Array.from({ length: 40 }, (_, i) => bytesOfHeader(`x-${i}`, 'v'.repeat(4_000)));
  for (const extra of [many, large]) {
    const { raw } = decoded(checkRequest({ headers: [...PLAIN_GET, ...extra] }));
    const size = raw.headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
    assert.ok(raw.headers.length <= HEADERS_MAX + 1 && size <= HEADER_BYTES_MAX + 4_010);
    assert.deepEqual(normalise(raw, { ports: [] }), { ok: false, problem: 'REQUEST_TOO_LARGE' });
  }
});

test('a message over the maximum is not decoded', () => {
  const headers = [...PLAIN_GET, bytesOfHeader('x', 'v'.repeat(CHECK_BYTES_MAX))];
  assert.equal(problem(checkRequest({ headers })), 'CHECK_TOO_LARGE');
});

test('hostile bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
      assert.equal(typeof decodeCheck(bytes).ok, 'boolean');
    }),
    { numRuns: 2_000 },
  );
});

test('a damaged Check never throws', () => {
  const intact = checkRequest();
  const damage = fc.record({
    at: fc.nat(intact.length - 1),
    byte: fc.nat(255),
    length: fc.nat(intact.length),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 8 }), (damages) => {
      const bytes = Uint8Array.from(intact);
      for (const { at, byte } of damages) bytes[at] = byte;
      const result = decodeCheck(bytes.subarray(0, damages[0]?.length));
      if (!result.ok) return;
      for (const { value } of result.value.raw.headers) assert.doesNotMatch(value, /[^\0-\xff]/);
    }),
    { numRuns: 2_000 },
  );
});

test('deeply nested groups do not exhaust the stack', () => {
  const groups = new Uint8Array(100_000).fill(0x0b);
  assert.equal(problem(groups), 'CHECK_UNDECODABLE');
});
