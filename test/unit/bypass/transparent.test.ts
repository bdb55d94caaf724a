import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startEchoTarget } from '../../../src/bypass/echo_target.ts';
import { type Attempt, overall } from '../../../src/bypass/judge.ts';
import { proxyVariables } from '../../../src/bypass/surroundings.ts';
import { transparent } from '../../../src/bypass/transparent.ts';
import type { World } from '../../../src/bypass/world.ts';
import { patient, refusing, type Script, scripted } from './scripted_gateway.ts';

/** Nobody listens there, and nobody is given it. */
const CLOSED_PORT = 1;
const RECEIPT = '01a20131-c18f-7a95-b288-c4a7d55fee80';
const answering =
  (...headers: readonly string[]): Script =>
  (_head, socket) => {
    const lines = ['HTTP/1.1 200 OK', ...headers, 'content-length: 2', 'connection: close'];
    socket.end(`${lines.join('\r\n')}\r\n\r\nok`);
  };

function worldOf(port: number, more: Partial<World> = {}): World {
  const place = { host: '127.0.0.1', port };
  return {
    nonce: '5a'.repeat(16),
    targets: [place],
    dnsTarget: place,
    resolvers: [],
    controlled: new Set(),
    env: {},
    state: { dir: '/nowhere', named: false, sockets: [], secret: [], writable: [] },
    uid: 1,
    ...more,
  };
}

/** The verdicts on the request to the target, and on the one to what policy allows. */
async function verdicts(t: TestContext, script: Script, more: Partial<World> = {}) {
  const there = await scripted(script);
  t.after(() => there.close());
  const place = { host: '127.0.0.1', port: there.port };
  const attempts = await transparent(worldOf(there.port, { allowedHttp: place, ...more }));
  const [direct, , allowed] = attempts;
  assert.ok(direct !== undefined && allowed !== undefined, 'three tries');
  return { direct, allowed };
}

test('a refusal or a receipt of the gateway shows that the connection was brought to it', async (t) => {
  patient(t);
  const refused = await verdicts(t, refusing);
  assert.match(refused.direct.saw, /redirected to the gateway, which refused \(407 IDENTITY_MISSING\)/);
  const allowed = await verdicts(t, answering(`x-clawgress-receipt: ${RECEIPT}`));
  assert.match(allowed.allowed.saw, new RegExp(`allowed, receipt ${RECEIPT}`));
  for (const { direct, allowed: other } of [refused, allowed])
    assert.deepEqual([direct.verdict, other.verdict], ['held', 'held']);
});

test('an answer that is not the gateway’s is a leak where policy allows, and a doubt elsewhere', async (t) => {
  patient(t);
  const { direct, allowed } = await verdicts(t, answering('server: somebody'));
  assert.deepEqual([direct.verdict, allowed.verdict], ['not_tested', 'leaked']);
  assert.match(allowed.saw, /200 from there, without a receipt/);
});

test('the target itself is a leak in both ways', async (t) => {
  patient(t);
  const target = await startEchoTarget('127.0.0.1', [0], () => {});
  t.after(() => target.close());
  const [port = 0] = target.ports;
  const place = { host: '127.0.0.1', port };
  const attempts = await transparent(worldOf(port, { allowedHttp: place }));
  assert.deepEqual([attempts[0]?.verdict, attempts[2]?.verdict], ['leaked', 'leaked']);
  assert.equal(overall(attempts), 'leaked');
});

test('a closed port proves something only beside a control run', async () => {
  const alone = await transparent(worldOf(CLOSED_PORT));
  assert.equal(alone[0]?.verdict, 'not_tested');
  const names = new Set(alone.map(({ attempt }) => attempt));
  const controlled = await transparent(worldOf(CLOSED_PORT, { controlled: names }));
  assert.equal(controlled[0]?.verdict, 'held');
});

test('unset proxy variables are no leak while requests are redirected, and nothing else got out', () => {
  const tried = (verdict: Attempt['verdict'], saw: string): Attempt => ({ attempt: 'x', verdict, saw });
  const brought = tried('held', 'redirected to the gateway, which refused (403 POLICY_NO_MATCH)');
  const [doubt, leak] = [tried('not_tested', 'somebody answered'), tried('leaked', 'the target answered')];
  const said = (direct: Attempt, redirected: readonly Attempt[]) =>
    proxyVariables(worldOf(1), [direct], redirected).verdict;
  assert.equal(said(doubt, [brought, doubt]), 'not_tested');
  assert.equal(said(doubt, [doubt]), 'leaked');
  assert.equal(said(doubt, [tried('held', 'refused by this host (EPERM)')]), 'leaked');
  assert.equal(said(leak, [brought]), 'leaked');
  assert.equal(said(doubt, [brought, leak]), 'leaked');
  assert.equal(said(tried('held', 'refused'), []), 'held');
});
