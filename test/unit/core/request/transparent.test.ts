import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawRequest, TransparentFacts } from '../../../../src/core/request/egress_request.ts';
import { problemFacts, requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';

const SELF = { ports: [15_001, 15_011] };
const AT: TransparentFacts['original'] = { address: '203.0.113.7', port: 80 };
const facts = (change: Partial<TransparentFacts> = {}): TransparentFacts => ({
  original: AT,
  carries: 'http',
  ...change,
});
const request = (change: Partial<RawRequest> = {}): RawRequest => ({
  mode: 'transparent',
  method: 'GET',
  authority: 'api.example',
  path: '/v1?q=1',
  scheme: 'http',
  headers: [],
  transparent: facts(),
  ...change,
});
const tls = (change: Partial<RawRequest> = {}, more: Partial<TransparentFacts> = {}): RawRequest =>
  request({
    ...{ method: 'CONNECT', authority: 'db.example:5432', path: '', scheme: '' },
    transparent: facts({
      ...{ carries: 'tls', sni: 'db.example', original: { address: '198.18.0.7', port: 5432 } },
      ...more,
    }),
    ...change,
  });
const other = (authority: string, original: TransparentFacts['original']): RawRequest =>
  request({
    ...{ method: 'CONNECT', authority, path: '', scheme: '' },
    transparent: { original, carries: 'other' },
  });

function found(raw: RawRequest): string {
  const result = normalise(raw, SELF);
  return result.ok ? 'none' : result.problem;
}

test('a request is seen in full and says what was dialled', () => {
  const result = normalise(request({ authority: 'API.example:80' }), SELF);
  assert.ok(result.ok, 'the port was dialled');
  assert.deepEqual(result.value, {
    request: {
      mode: 'transparent',
      visibility: 'full',
      protocol: 'http',
      method: 'GET',
      scheme: 'http',
      host: 'api.example',
      host_kind: 'name',
      port: 80,
      original_destination: '203.0.113.7:80',
      path: '/v1',
      path_normal: '/v1',
      path_ambiguous: false,
      query: 'q=1',
      query_names: ['q'],
      override_headers: [],
      credential_forwarded: false,
      has_body: false,
    },
  });
});

test('Host has to name the port that was dialled, and the address if it is one, in every combination', () => {
  const hosts = ['api.example', '203.0.113.7', '203.0.113.8', '[2001:db8::7]', '[2001:DB8:0::7]'];
  const ports = ['', ':80', ':443', ':8080'];
  const addresses = ['203.0.113.7', '2001:db8::7'];
  const seen = { none: 0, ORIGINAL_PORT_MISMATCH: 0 };
  for (const scheme of ['http', 'https'] as const) {
    for (const host of hosts) {
      for (const port of ports) {
        for (const address of addresses) {
          for (const dialled of [80, 443, 8080]) {
            const sni = scheme === 'https' && host === 'api.example' ? { sni: host } : {};
            const raw = request({
              ...{ scheme, authority: host + port },
              transparent: facts({ original: { address, port: dialled }, ...sni }),
            });
            const asked = port === '' ? { http: 80, https: 443 }[scheme] : Number(port.slice(1));
            const isThere =
              host === 'api.example' || new URL(`http://${host}/`).hostname === bracketed(address);
            const expected = asked === dialled && isThere ? 'none' : 'ORIGINAL_PORT_MISMATCH';
            assert.equal(found(raw), expected, JSON.stringify(raw));
            seen[expected] += 1;
          }
        }
      }
    }
  }
  assert.ok(seen.none > 20 && seen.ORIGINAL_PORT_MISMATCH > 100, JSON.stringify(seen));
});

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

test('inside TLS that was ended, the handshake names the host, and in clear there is no handshake', () => {
  const at = { address: '203.0.113.7', port: 443 };
  const ended = (authority: string, sni?: string) =>
    found(
      request({
        ...{ scheme: 'https', authority },
        transparent: facts({ original: at, ...(sni === undefined ? {} : { sni }) }),
      }),
    );
  assert.equal(ended('api.example', 'API.example'), 'none');
  for (const sni of [undefined, '', 'other.example', 'api.example.', '203.0.113.7', 'www.api.example'])
    assert.equal(ended('api.example', sni), 'TLS_NAME_MISMATCH', sni);
  assert.equal(ended('203.0.113.7'), 'none');
  assert.equal(ended('203.0.113.7', 'api.example'), 'TLS_NAME_MISMATCH');
  assert.equal(found(request({ transparent: facts({ sni: 'api.example' }) })), 'AUTHORITY_INVALID');
});

test('TLS is a connection to the name of its handshake and the port that was dialled', () => {
  const result = normalise(tls({}, { sni: 'DB.example' }), SELF);
  assert.ok(result.ok, 'a name and a port');
  assert.deepEqual(result.value.request, {
    mode: 'transparent',
    visibility: 'sni',
    protocol: 'connect',
    scheme: 'tcp',
    host: 'db.example',
    host_kind: 'name',
    port: 5432,
    sni: 'db.example',
    original_destination: '198.18.0.7:5432',
    path_ambiguous: false,
    query_names: [],
    override_headers: [],
    credential_forwarded: false,
    has_body: false,
  });
  const { sni: _sni, ...nameless } = tls().transparent ?? assert.fail('facts');
  assert.equal(found(tls({ transparent: nameless, authority: '-:5432' })), 'TLS_NAME_MISSING');
  assert.equal(found(tls({}, { sni: '' })), 'TLS_NAME_MISSING');
  assert.equal(found(tls({}, { sni: '198.18.0.7' })), 'AUTHORITY_INVALID');
  assert.equal(found(tls({}, { sni: 'db.example.' })), 'AUTHORITY_INVALID');
  for (const authority of ['db.example', 'db.example:443', 'other.example:5432', '198.18.0.7:5432', ''])
    assert.equal(found(tls({ authority })), 'TLS_NAME_MISMATCH', authority);
});

test('other bytes are a connection to the address that was dialled', () => {
  for (const [authority, address, host, kind] of [
    ['203.0.113.7:5432', '203.0.113.7', '203.0.113.7', 'ipv4'],
    ['[2001:db8::7]:5432', '2001:DB8::7', '2001:db8::7', 'ipv6'],
  ] as const) {
    const result = normalise(other(authority, { address, port: 5432 }), SELF);
    assert.ok(result.ok, authority);
    const { visibility, host: judged, host_kind, port, original_destination, sni } = result.value.request;
    assert.deepEqual(
      [visibility, judged, host_kind, port, original_destination, sni],
      ['authority', host, kind, 5432, authority, undefined],
    );
  }
  for (const authority of ['203.0.113.8:5432', '203.0.113.7:22', 'db.example:5432', '203.0.113.7', ''])
    assert.equal(
      found(other(authority, { address: '203.0.113.7', port: 5432 })),
      'AUTHORITY_INVALID',
      authority,
    );
});

test('who dials a port of ours was not redirected, whatever the address', () => {
  for (const address of ['127.0.0.1', '::1', '10.0.0.5', '203.0.113.7']) {
    const original = { address, port: 15_011 };
    const at = `${bracketed(address)}:15011`;
    assert.equal(found(other(at, original)), 'DESTINATION_SELF', address);
    assert.equal(found(tls({ authority: 'db.example:15011' }, { original })), 'DESTINATION_SELF', address);
    const plain = request({ authority: 'api.example:15011', transparent: facts({ original }) });
    assert.equal(found(plain), 'DESTINATION_SELF', address);
  }
});

test('what a listener could not have sent is refused', () => {
  const { transparent: _facts, ...lost } = request();
  assert.equal(found(lost), 'AUTHORITY_INVALID');
  for (const original of [
    { address: 'api.example', port: 80 },
    { address: '', port: 80 },
    { address: '203.0.113.07', port: 80 },
    { address: '203.0.113.7', port: 0 },
    { address: '203.0.113.7', port: 65_536 },
    { address: '203.0.113.7', port: 8.5 },
    { address: '::1%lo', port: 80 },
  ])
    assert.equal(
      found(request({ transparent: facts({ original }) })),
      'AUTHORITY_INVALID',
      JSON.stringify(original),
    );
  assert.equal(found(request({ transparent: facts({ carries: 'tls' }) })), 'METHOD_INVALID');
  assert.equal(found(tls({}, { carries: 'http' })), 'METHOD_INVALID');
  assert.equal(found(tls({ path: '/x' })), 'PATH_INVALID');
  assert.equal(found(request({ scheme: 'ws' })), 'AUTHORITY_INVALID');
  assert.equal(found(request({ headers: [{ name: 'host', value: 'b.example' }] })), 'AUTHORITY_INVALID');
  assert.equal(found(request({ method: 'get' })), 'METHOD_INVALID');
});

test('the facts are enough to judge again, and contradictions among them are found', () => {
  const raws = [
    request(),
    request({
      ...{ scheme: 'https', authority: 'api.example:80' },
      transparent: facts({ sni: 'api.example' }),
    }),
    request({ authority: '203.0.113.7' }),
    tls(),
    other('[2001:db8::7]:5432', { address: '2001:db8::7', port: 5432 }),
  ];
  for (const raw of raws) {
    const judged = normalise(raw, SELF);
    assert.ok(judged.ok, JSON.stringify(raw));
    const { query: _query, query_names: _names, ...kept } = judged.value.request;
    const recorded = requestFacts(judged.value.request, []);
    assert.deepEqual(requestFromFacts(recorded), { ...kept, query_names: [] });
    const { original_destination: _original, ...lost } = recorded;
    for (const wrong of [
      lost,
      { ...recorded, original_destination: '203.0.113.7:81' },
      { ...recorded, original_destination: 'api.example:80' },
      { ...recorded, original_destination: '203.0.113.7' },
      { ...recorded, sni: 'other.example' },
      { ...recorded, mode: 'explicit' as const },
      { ...recorded, mode: 'connect' as const },
      { ...recorded, visibility: 'headers' as const },
      { ...recorded, authority: '203.0.113.9', host_kind: 'ipv4' as const },
    ])
      assert.equal(requestFromFacts(wrong), undefined, JSON.stringify(wrong));
  }
});

test('a problem leaves what was dialled and what kind of connection it was', () => {
  const refused = problemFacts(tls({}, { sni: '' }), 'TLS_NAME_MISSING');
  assert.deepEqual(refused, {
    mode: 'transparent',
    visibility: 'sni',
    protocol: 'connect',
    original_destination: '198.18.0.7:5432',
    body_state: 'absent',
    problem: 'TLS_NAME_MISSING',
  });
  assert.deepEqual(problemFacts(request({ authority: 'api.example:81' }), 'ORIGINAL_PORT_MISMATCH'), {
    mode: 'transparent',
    visibility: 'full',
    protocol: 'http',
    authority: 'api.example',
    host_kind: 'name',
    port: 81,
    original_destination: '203.0.113.7:80',
    body_state: 'none',
    problem: 'ORIGINAL_PORT_MISMATCH',
  });
  const garbled = request({ transparent: facts({ original: { address: 'hunter2', port: 80 } }) });
  assert.doesNotMatch(JSON.stringify(problemFacts(garbled, 'AUTHORITY_INVALID')), /hunter2/);
});

test('no spelling of Host reaches another port than the one that was dialled', () => {
  const authority = fc.oneof(
    fc.constantFrom('api.example', 'api.example:080', 'api.example:80 ', 'api.example:+80', '203.0.113.7:80'),
    fc
      .tuple(fc.constantFrom('api.example', '[::1]', '10.0.0.1'), fc.nat(70_000))
      .map(([a, b]) => `${a}:${b}`),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(authority, fc.integer({ min: 1, max: 65_535 }), (text, port) => {
      const original = { address: '203.0.113.7', port };
      const result = normalise(request({ authority: text, transparent: facts({ original }) }), SELF);
      if (!result.ok) return;
      const there = new URL(`http://${text}/`);
      assert.equal(Number(there.port || 80), port);
      assert.ok(!/^[0-9[]/.test(there.hostname) || there.hostname === '203.0.113.7', there.hostname);
    }),
    { numRuns: 1_000 },
  );
});
