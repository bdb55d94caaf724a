import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, HOST_INSIDE, missing, OTHER_PORT, OUTSIDE, PROXY_PORT, world } from './world.ts';

const PROXY = { address: '0.0.0.0', port: PROXY_PORT, allow_plaintext: true };
const AROUND: readonly Attempt[] = [
  ['tcp', OUTSIDE.four, 80],
  ['tcp', OUTSIDE.six, 80],
  ['tcp', OUTSIDE.four, 53],
  ['tcp', HOST_INSIDE.four, OTHER_PORT],
  ['tcp', HOST_INSIDE.six, OTHER_PORT],
  ['udp', OUTSIDE.four, 443],
  ['udp', OUTSIDE.six, 443],
  ['udp', OUTSIDE.four, 53],
];
const toGateway: Attempt = ['tcp', HOST_INSIDE.four, PROXY_PORT];

for (const guarded of [{ agent_interfaces: ['agents0'] }, { agent_cidrs: ['10.92.0.0/24', 'fd92::/64'] }]) {
  test(`behind ${Object.keys(guarded).join()}, agents reach the port of the gateway and nothing else`, async (t) => {
    const reason = missing();
    if (reason !== undefined) return t.skip(reason);
    const here = await world(t);
    here.configure({ explicit_proxy: PROXY, interception_host: guarded });
    const all = here.probe('agents', '0:0', [...AROUND, toGateway]);
    assert.ok(
      all.every((one) => one === 'open' || one === 'sent'),
      `free without rules: ${all.join(' ')}`,
    );
    assert.equal(here.cli('apply', '--confirm-within', '60m').status, 0);
    const before = here.seenOutside();
    const outcomes = here.probe('agents', '0:0', AROUND);
    assert.deepEqual(outcomes.slice(0, 5), new Array(5).fill('ECONNREFUSED'));
    assert.equal(here.seenOutside(), before, 'nothing was forwarded');
    assert.deepEqual(here.probe('agents', '0:0', [toGateway]), ['open']);
    assert.deepEqual(here.probe('agents', '0:0', [['icmp', OUTSIDE.four, 0]]), ['EHOSTUNREACH']);
    assert.equal(here.seenOutside(), before, 'nor was an echo request');
    assert.deepEqual(
      here.probe('host', '0:0', [['tcp', OUTSIDE.four, 80]]),
      ['open'],
      'the host itself is free',
    );
    assert.deepEqual(
      here.probe('host', '0:0', [['tcp', HOST_INSIDE.four, OTHER_PORT]]),
      ['open'],
      'to itself, too',
    );
  });
}

test('a gateway that agents behind an interface cannot reach is a mistake of the settings', async (t) => {
  const reason = missing();
  if (reason !== undefined) return t.skip(reason);
  const here = await world(t);
  here.configure({ interception_host: { agent_interfaces: ['agents0'] } });
  const done = here.cli('apply');
  assert.equal(done.status, 2);
  assert.match(done.stderr, /listeners on loopback only/);
  assert.equal(here.listing(), '');
});
