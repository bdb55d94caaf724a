import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { type TestContext, test } from 'node:test';
import { dnsTunnel } from '../../../src/bypass/dns_tunnel.ts';
import { parseQuestion, TYPE } from '../../../src/bypass/dns_wire.ts';
import type { World } from '../../../src/bypass/world.ts';
import { answerMessage, type Names } from '../../../src/core/dns/answer.ts';
import { patient } from './scripted_gateway.ts';

type Answerer = (query: Buffer) => Uint8Array;

async function verdictFor(t: TestContext, answer: Answerer): Promise<readonly (string | undefined)[]> {
  const socket = createSocket('udp4', (query, from) => socket.send(answer(query), from.port, from.address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.after(() => void socket.close());
  const place = { host: '127.0.0.1', port: socket.address().port };
  const world: World = {
    nonce: '5a'.repeat(16),
    targets: [],
    dnsTarget: place,
    resolvers: [place],
    controlled: new Set(),
    env: {},
    state: { dir: '/nowhere', named: false, sockets: [], secret: [], writable: [] },
    uid: 1,
  };
  const [attempt] = await dnsTunnel(world);
  return [attempt?.verdict, attempt?.saw];
}

const knowing = (...hosts: readonly string[]): Names => ({
  mayReach: (host) => hosts.includes(host),
  addressOf: () => Uint8Array.of(198, 18, 0, 1),
});
const own =
  (names: Names): Answerer =>
  (query) =>
    answerMessage(query, names).bytes ?? new Uint8Array();

/** A header and the question; one record behind it when `soa`. */
function plain(query: Buffer, rcode: number, soa: boolean): Uint8Array {
  const question = parseQuestion(query);
  assert.ok(question.ok, 'a question');
  const head = [query[0] ?? 0, query[1] ?? 0, 0x81, 0x80 | rcode, 0, 1, 0, soa ? 1 : 0, 0, 0, 0, 0];
  const record = soa ? [0xc0, 12, 0, TYPE.soa, 0, 1, 0, 0, 0, 60, 0, 1, 0] : [];
  return Uint8Array.from([...head, ...query.subarray(12, question.value.end), ...record]);
}

test('a resolver that denies a zone which exists forwards nothing', async (t) => {
  patient(t);
  const [verdict, saw] = await verdictFor(t, own(knowing('api.example')));
  assert.equal(verdict, 'held');
  assert.match(saw ?? '', /it forwards nothing/);
  assert.equal(
    (await verdictFor(t, own(knowing('example.com'))))[0],
    'held',
    'also when policy allows that zone',
  );
});

test('one that knows the zone, or does not say, proves nothing by an NXDOMAIN', async (t) => {
  patient(t);
  const isZone = (query: Buffer) => {
    const question = parseQuestion(query);
    return question.ok && question.value.type === TYPE.soa;
  };
  const forwards: Answerer = (query) => plain(query, isZone(query) ? 0 : 3, isZone(query));
  assert.equal((await verdictFor(t, forwards))[0], 'not_tested');
  const fails: Answerer = (query) => plain(query, isZone(query) ? 2 : 3, false);
  assert.equal((await verdictFor(t, fails))[0], 'not_tested');
  const tells: Answerer = (query) => plain(query, 3, true);
  assert.equal((await verdictFor(t, tells))[0], 'leaked', 'the SOA comes from the zone');
});
