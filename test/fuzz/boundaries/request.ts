import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import type { RawRequest, TransparentFacts } from '../../../src/core/request/egress_request.ts';
import { problemFacts, requestFacts, requestFromFacts } from '../../../src/core/request/facts.ts';
import { normalise } from '../../../src/core/request/normalise.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';

const SELF_PORT = 15_001;
const HANDSHAKE =
  'connection: Upgrade\nupgrade: websocket\nsec-websocket-version: 13\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==';
const CORPUS = [
  `GET http http api.example 203.0.113.7 80 \n${HANDSHAKE}`,
  `GET https http api.example 198.18.0.9 443 api.example\n${HANDSHAKE}\norigin: null`,
  'POST http http api.example:8080 203.0.113.7 8080 \ncontent-type: application/grpc+proto',
  'POST http http [2001:db8::7] 2001:db8::7 80 \ncontent-type: application/json\nconnection: close',
  'GET http http 203.0.113.7 203.0.113.8 80 \nupgrade: h2c',
  'CONNECT - tls api.example:443 198.18.0.9 443 API.example\n',
  'CONNECT - tls -:443 198.18.0.9 443 \n',
  'CONNECT - other [2001:db8::7]:22 2001:DB8:0::7 22 \n',
  `CONNECT - other 127.0.0.1:${SELF_PORT} 127.0.0.1 ${SELF_PORT} \n`,
];

/**
 * A transparent connection with its headers, one line for what the listener says and one for each header. Judge: a slow
 * reading of RFC 6455, and the platform's idea of addresses and URLs: what is accepted goes where it was dialled.
 */
export function request(): Boundary {
  return {
    name: 'request',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const raw = rawOf(latin1(input));
      const result = normalise(raw, { ports: [SELF_PORT] });
      if (!result.ok) {
        assert.equal(requestFromFacts(problemFacts(raw, result.problem)), undefined);
        return false;
      }
      const { request: judged } = result.value;
      const { original } = raw.transparent ?? assert.fail('facts');
      assert.equal(judged.port, original.port);
      assert.notEqual(judged.port, SELF_PORT);
      assert.notEqual(isIP(original.address), 0, 'no address was dialled');
      if (judged.host_kind !== 'name') assert.equal(urlHost(judged.host), urlHost(original.address));
      if (judged.sni !== undefined) assert.equal(judged.sni, raw.transparent?.sni?.toLowerCase());
      if (judged.protocol === 'connect') assert.equal(judged.visibility === 'sni', judged.sni !== undefined);
      else assert.equal(judged.protocol === 'websocket', asksUpgrade(raw), 'an upgrade that is no WebSocket');
      if (judged.protocol === 'websocket') assertHandshake(raw);
      const { query: _query, query_names: _names, ...kept } = judged;
      const recorded = requestFromFacts(requestFacts(judged, []));
      if (!judged.credential_forwarded) assert.deepEqual(recorded, { ...kept, query_names: [] });
      return true;
    },
  };
}

function rawOf(text: string): RawRequest {
  const [first = '', ...lines] = text.split('\n');
  const [method = '', scheme = '', carries = '', authority = '', address = '', port = '', sni] =
    first.split(' ');
  const kind: TransparentFacts['carries'] = carries === 'tls' || carries === 'other' ? carries : 'http';
  return {
    ...{ mode: 'transparent', method, scheme, authority },
    path: method === 'CONNECT' ? '' : '/live?x=1',
    headers: lines.filter(Boolean).map((line) => {
      const [name = '', ...value] = line.split(': ');
      return { name: name.toLowerCase(), value: value.join(': ') };
    }),
    transparent: { original: { address, port: Number(port) }, carries: kind, ...(sni ? { sni } : {}) },
  };
}

function urlHost(host: string): string {
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}/`).hostname;
}

function valuesOf({ headers }: RawRequest, wanted: string): string[] {
  return headers.filter(({ name }) => name === wanted).map(({ value }) => value);
}

function asksUpgrade(raw: RawRequest): boolean {
  const tokens = valuesOf(raw, 'connection').flatMap((value) => value.split(','));
  const isNamed = tokens.some((token) => token.trim().toLowerCase() === 'upgrade');
  return isNamed || valuesOf(raw, 'upgrade').length > 0;
}

function assertHandshake(raw: RawRequest): void {
  assert.equal(raw.method, 'GET');
  assert.deepEqual(
    valuesOf(raw, 'upgrade').map((value) => value.toLowerCase()),
    ['websocket'],
  );
  assert.deepEqual(valuesOf(raw, 'sec-websocket-version'), ['13']);
  const [key = '', ...more] = valuesOf(raw, 'sec-websocket-key');
  assert.equal(more.length, 0);
  assert.equal(Buffer.from(key, 'base64').length, 16);
  assert.equal(Buffer.from(key, 'base64').toString('base64'), key);
  assert.deepEqual(valuesOf(raw, 'transfer-encoding'), []);
}
