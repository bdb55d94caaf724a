import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DNS_MESSAGE_MAX,
  encodeQuery,
  encodeTxtAnswer,
  parseAnswer,
  parseQuestion,
  TYPE,
} from '../../../src/bypass/dns_wire.ts';
import { gatewayCode, parseHead, requestText } from '../../../src/bypass/http_wire.ts';
import { answerToHello, clientHello } from '../../../src/bypass/tls_hello.ts';
import { findProof, findTokens, proofLine, tokenText } from '../../../src/bypass/token.ts';

const TOKEN = { nonce: '0123456789abcdef0123456789abcdef', probe: 'dns-tunnel' };
const anyBytes = fc.uint8Array({ maxLength: 600 });

test('a query comes back as it was asked', () => {
  const label = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
  fc.assert(
    fc.property(fc.nat(65_535), fc.array(label, { minLength: 1, maxLength: 6 }), (id, labels) => {
      const query = encodeQuery(id, labels.join('.'), TYPE.txt);
      assert.ok(query.ok, 'encodes');
      const question = parseQuestion(query.value);
      assert.ok(question.ok, 'parses');
      const { end, ...asked } = question.value;
      assert.deepEqual(asked, { id, name: labels.join('.'), type: TYPE.txt });
      assert.equal(end, query.value.length);
      const answer = parseAnswer(encodeTxtAnswer(query.value, question.value, 'text'));
      assert.ok(answer.ok, 'the answer parses');
      assert.equal(Buffer.from(answer.value.records[0]?.data ?? []).toString('latin1'), '\x04text');
    }),
  );
});

test('names that no query can carry are refused', () => {
  for (const name of ['', '..', `${'a'.repeat(64)}.example`, 'a b', `${'a.'.repeat(130)}a`, 'ä.example'])
    assert.deepEqual(encodeQuery(1, name, 1), { ok: false, problem: 'NAME_INVALID' }, name);
});

test('no bytes crash or hang the DNS parsers', () => {
  fc.assert(
    fc.property(anyBytes, fc.boolean(), (bytes, isAnswer) => {
      if (bytes.length > 2) bytes[2] = isAnswer ? 0x80 : 0;
      for (const parsed of [parseAnswer(bytes), parseQuestion(bytes)])
        assert.ok(parsed.ok || parsed.problem === 'MESSAGE_INVALID', 'a result');
    }),
  );
});

test('loops, counts that lie and long messages are refused', () => {
  const head = (answers: number) => [0, 1, 0x81, 0x80, 0, 0, 0, answers, 0, 0, 0, 0];
  const loop = Uint8Array.from([...head(1), 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]);
  const pingPong = Uint8Array.from([...head(1), 0xc0, 14, 0xc0, 12, 0, 1, 0, 0, 0, 0, 0, 0]);
  const tooMany = Uint8Array.from(head(200));
  const beyond = Uint8Array.from([...head(1), 0, 0, 16, 0, 1, 0, 0, 0, 0, 0xff, 0xff]);
  for (const message of [loop, pingPong, tooMany, beyond, new Uint8Array(DNS_MESSAGE_MAX + 1).fill(0x80)])
    assert.deepEqual(parseAnswer(message), { ok: false, problem: 'MESSAGE_INVALID' });
});

test('an HTTP head is read, and anything else is not', () => {
  const head = parseHead(Buffer.from('HTTP/1.1 403 Forbidden\r\nX-A: 1\r\nx-a: 2\r\nbad line\r\n\r\nbody'));
  assert.equal(head?.status, 403);
  assert.equal(head?.headers.get('x-a'), '1');
  for (const text of [
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 2000 \r\n\r\n',
    '\x16\x03\x01\r\n\r\n',
  ])
    assert.equal(parseHead(Buffer.from(text, 'latin1')), undefined, text);
  fc.assert(fc.property(anyBytes, (bytes) => void parseHead(bytes)));
});

test('only the exact mark is the mark of the gateway', () => {
  const marked = (value: string) =>
    gatewayCode({ status: 403, bodyAt: 0, headers: new Map([['proxy-status', value]]) });
  assert.equal(marked('clawgress; error=http_request_denied; details="POLICY_DENY"'), 'POLICY_DENY');
  for (const value of [
    '',
    'other; error=http_request_denied; details="POLICY_DENY"',
    'cdn, clawgress; error=x; details="POLICY_DENY"',
    'clawgress; error=x; details="policy"',
  ])
    assert.equal(marked(value), undefined, value);
});

test('a request cannot carry a line of its own', () => {
  assert.throws(() => requestText('GET', '/', [['Host', 'a\r\nX: y']]), /invariant/);
});

test('a hello is one TLS record that names the server, or none', () => {
  const random = new Uint8Array(32);
  const named = clientHello(random, random, 'name.example');
  assert.equal(Buffer.from(named).readUInt16BE(3), named.length - 5);
  assert.equal(Buffer.from(named).readUIntBE(6, 3), named.length - 9);
  assert.ok(Buffer.from(named).includes('name.example'), 'the name stands in clear');
  const bare = clientHello(random, random);
  assert.equal(named.length - bare.length, 'name.example'.length + 9);
  assert.equal(answerToHello(Uint8Array.from([0x15, 3, 3, 0, 2])), 'alert');
  assert.equal(answerToHello(Uint8Array.from([0x16, 3, 3, 0, 2])), 'hello');
  assert.equal(answerToHello(Buffer.from('HTTP/1.1 400')), 'other');
  assert.equal(answerToHello(new Uint8Array()), 'none');
});

test("a token is found wherever it travels, and its proof is nobody else's", () => {
  const text = tokenText(TOKEN);
  const query = encodeQuery(7, `data.${text.toUpperCase()}.example.com`, TYPE.txt);
  assert.ok(query.ok, 'it is a label');
  const hello = clientHello(new Uint8Array(32), new Uint8Array(32), `${text}.invalid`);
  for (const bytes of [
    query.value,
    hello,
    Buffer.from(`GET /${text} HTTP/1.1\r\n`),
    Buffer.from(`${text}\n`),
  ])
    assert.deepEqual(findTokens(bytes), [TOKEN]);
  assert.deepEqual(findTokens(Buffer.from('cgb1-0123-dns')), []);
  const answer = Buffer.from(
    `x${proofLine({ ...TOKEN, probe: 'permitted' })}\n${proofLine(TOKEN, ['x-cg-a'])}\n`,
  );
  assert.deepEqual(findProof(answer, TOKEN), { saw: ['x-cg-a'] });
  assert.equal(findProof(answer, { ...TOKEN, probe: 'relay' }), undefined);
  assert.equal(findProof(Buffer.from(text), TOKEN), undefined, 'an echo is no proof');
  fc.assert(fc.property(anyBytes, (bytes) => findProof(bytes, TOKEN) === undefined));
});
