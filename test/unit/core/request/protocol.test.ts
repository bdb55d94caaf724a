import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawRequest } from '../../../../src/core/request/egress_request.ts';
import { problemFacts, requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';

type Pair = readonly [name: string, value: string];

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HANDSHAKE: readonly Pair[] = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', KEY],
];

function rawOf(method: string, pairs: readonly Pair[]): RawRequest {
  const headers = pairs.map(([name, value]) => ({ name, value }));
  return { mode: 'explicit', method, authority: 'api.example', path: '/live', scheme: 'http', headers };
}

function read(method: string, pairs: readonly Pair[]): string {
  const result = normalise(rawOf(method, pairs), { ports: [] });
  return result.ok ? result.value.request.protocol : result.problem;
}

const without = (name: string) => HANDSHAKE.filter((pair) => pair[0] !== name);
const withOther = (name: string, ...values: string[]): readonly Pair[] => [
  ...without(name),
  ...values.map((value): Pair => [name, value]),
];

test('a strict handshake is a WebSocket, in the spellings that clients use', () => {
  assert.equal(read('GET', HANDSHAKE), 'websocket');
  assert.equal(read('GET', withOther('upgrade', 'WebSocket')), 'websocket');
  assert.equal(read('GET', withOther('connection', 'keep-alive, Upgrade')), 'websocket');
  assert.equal(read('GET', withOther('connection', 'keep-alive', 'upgrade')), 'websocket');
  assert.equal(read('GET', [...HANDSHAKE, ['content-length', '0']]), 'websocket');
  assert.equal(read('GET', [...HANDSHAKE, ['sec-websocket-protocol', 'chat']]), 'websocket');
});

test('whatever else asks for an upgrade is refused, never judged as a plain request', () => {
  for (const [name] of HANDSHAKE.slice(0, 3))
    assert.equal(read('GET', without(name)), 'UPGRADE_INVALID', `without ${name}`);
  assert.equal(read('GET', without('sec-websocket-key')), 'UPGRADE_INVALID');
  for (const method of ['POST', 'PUT', 'HEAD', 'OPTIONS'])
    assert.equal(read(method, HANDSHAKE), 'UPGRADE_INVALID', method);
  const wrong: Readonly<Record<string, readonly string[][]>> = {
    upgrade: [
      ['h2c'],
      ['websocket, h2c'],
      ['h2c', 'websocket'],
      ['websocket', 'websocket'],
      ['websocket/13'],
      [' websocket'],
      [''],
      ['web\u017focket'],
    ],
    connection: [['close'], ['upgraded'], ['upgrade-insecure']],
    'sec-websocket-version': [['8'], ['13', '13'], ['13, 8'], ['013'], ['']],
    'sec-websocket-key': [
      [KEY, KEY],
      [`${KEY}, ${KEY}`],
      [''],
      ['dGhlIHNhbXBsZSBub25jZQ'],
      ['dGhlIHNhbXBsZSBub25jZR=='],
      ['dGhlIHNhbXBsZSBub25jZQ==='],
      ['AAAA'],
    ],
  };
  for (const [name, lists] of Object.entries(wrong))
    for (const values of lists)
      assert.equal(read('GET', withOther(name, ...values)), 'UPGRADE_INVALID', `${name} ${values}`);
  assert.equal(read('GET', [...HANDSHAKE, ['content-length', '5']]), 'UPGRADE_INVALID');
  assert.equal(read('GET', [...HANDSHAKE, ['transfer-encoding', 'chunked']]), 'UPGRADE_INVALID');
  assert.equal(read('GET', [['upgrade', 'websocket']]), 'UPGRADE_INVALID');
  assert.equal(read('GET', [['connection', 'keep-alive, UPGRADE ']]), 'UPGRADE_INVALID');
});

test('agrees with a slow reading of the handshake for any mixture of headers', () => {
  const value = fc.constantFrom('websocket', 'Upgrade', 'upgrade', '13', KEY, 'h2c', '', '0', 'keep-alive');
  const name = fc.constantFrom(...HANDSHAKE.map(([one]) => one), 'content-length', 'accept');
  const extra = fc.array(fc.tuple(name, value), { maxLength: 2 });
  const kept = fc.subarray([...HANDSHAKE]);
  let sockets = 0;
  fc.assert(
    fc.property(kept, extra, fc.constantFrom('GET', 'GET', 'POST'), (some, more, method) => {
      const pairs: readonly Pair[] = [...some, ...more];
      const all = (wanted: string) => pairs.filter(([one]) => one === wanted).map(([, text]) => text);
      const asked = all('connection').join(',').toLowerCase().split(',').includes('upgrade');
      const isUpgrade = asked || all('upgrade').length > 0;
      const isKey = (text = '') =>
        Buffer.from(text, 'base64').length === 16 && Buffer.from(text, 'base64').toString('base64') === text;
      const isStrict =
        asked &&
        method === 'GET' &&
        all('upgrade').join('|').toLowerCase() === 'websocket' &&
        all('sec-websocket-version').join('|') === '13' &&
        all('sec-websocket-key').length === 1 &&
        isKey(all('sec-websocket-key')[0]) &&
        all('content-length').every((text) => text === '0');
      if (isUpgrade && isStrict) sockets += 1;
      assert.equal(read(method, pairs), isUpgrade ? (isStrict ? 'websocket' : 'UPGRADE_INVALID') : 'http');
    }),
    { numRuns: 2_000 },
  );
  assert.ok(sockets > 20, String(sockets));
});

test('a POST of the gRPC type is a call, and always has a body', () => {
  const typed = (value: string): readonly Pair[] => [['content-type', value]];
  for (const value of [
    'application/grpc',
    'application/grpc+proto',
    'application/grpc; charset=utf-8',
    'Application/gRPC+json',
    'application/grpc, text/plain',
    'text/plain,application/grpc',
    'text/plain, application/grpc+proto',
  ])
    assert.equal(read('POST', typed(value)), 'grpc', value);
  for (const value of [
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpcx',
    'text/grpc',
    '',
  ])
    assert.equal(read('POST', typed(value)), 'http', value);
  assert.equal(read('GET', typed('application/grpc')), 'http');
  assert.equal(read('POST', [...typed('text/plain'), ...typed('application/grpc')]), 'grpc');
  const call = normalise(rawOf('POST', typed('application/grpc')), { ports: [] });
  assert.ok(call.ok && call.value.request.has_body, 'a call has a body');
});

test('the facts are enough to judge a stream again, and contradictions among them are found', () => {
  for (const [method, pairs] of [
    ['GET', HANDSHAKE],
    ['POST', [['content-type', 'application/grpc']]],
  ] as const) {
    const judged = normalise(rawOf(method, pairs), { ports: [] });
    assert.ok(judged.ok, method);
    const facts = requestFacts(judged.value.request, []);
    assert.equal(facts.body_state, 'absent');
    assert.deepEqual(requestFromFacts(facts), judged.value.request);
    assert.equal(requestFromFacts({ ...facts, method: 'PUT' }), undefined);
    assert.equal(requestFromFacts({ ...facts, tls: 'raw' }), undefined);
  }
  const refused = problemFacts(rawOf('GET', [['upgrade', 'h2c']]), 'UPGRADE_INVALID');
  assert.deepEqual([refused.protocol, refused.problem], ['http', 'UPGRADE_INVALID']);
});
