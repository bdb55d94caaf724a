import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, HOST, missing, OTHER_PORT, OUTSIDE, PROXY_PORT, world } from './world.ts';

const GATEWAY = '990:990';
const AGENT = '2001:2001';
const SET_UID_PROGRAM = '0:2001';
const SETTINGS = {
  interception_host: { agent_uids: [2001, '3000-3005'], agent_gids: [2001], gateway_uid: 990 },
};
const AROUND: readonly Attempt[] = [
  ['tcp', OUTSIDE.four, 80],
  ['tcp', OUTSIDE.six, 80],
  ['tcp', OUTSIDE.four, 8443],
  ['mptcp', OUTSIDE.four, 80],
  ['tcp', OUTSIDE.four, 53],
  ['udp', OUTSIDE.four, 443],
  ['udp', OUTSIDE.six, 443],
  ['udp', OUTSIDE.four, 53],
  ['udp', OUTSIDE.six, 53],
  ['udp', OUTSIDE.four, 9999],
  ['icmp', OUTSIDE.four, 0],
  ['icmp', OUTSIDE.six, 0],
  ['tcp', HOST.four, OTHER_PORT],
  ['tcp', '127.0.0.1', OTHER_PORT],
  ['udp', '127.0.0.53', 53],
];
const REFUSED = AROUND.map(([kind, host]) => {
  if (kind === 'tcp' || kind === 'mptcp') return 'ECONNREFUSED';
  return kind === 'icmp' && host.includes(':') ? 'EACCES' : 'EPERM';
});
const toGateway: Attempt = ['tcp', '127.0.0.1', PROXY_PORT];

test('on a host, agents reach the port of the gateway and nothing else', async (t) => {
  const reason = missing();
  if (reason !== undefined) return t.skip(reason);
  const here = await world(t);
  here.configure(SETTINGS);
  const free = AROUND.slice(0, 12);
  assert.ok(
    here.probe('host', AGENT, free).every((outcome) => outcome === 'open' || outcome === 'sent'),
    'without rules the agent gets out, so that what follows means something',
  );
  assert.equal(here.cli('apply', '--confirm-within', '60m').status, 0);
  assert.equal(here.cli('confirm').status, 0);
  const before = here.seenOutside();

  await t.test('every other way is refused at once, by user and by group', () => {
    assert.deepEqual(here.probe('host', AGENT, AROUND), REFUSED);
    assert.deepEqual(here.probe('host', '3003:100', AROUND), REFUSED);
    assert.deepEqual(here.probe('host', SET_UID_PROGRAM, AROUND), REFUSED);
    assert.equal(here.seenOutside(), before, 'no packet got out');
  });

  await t.test('the gateway is reached', () => {
    assert.deepEqual(here.probe('host', AGENT, [toGateway]), ['open']);
  });

  await t.test('root, the gateway and other users go where they want', () => {
    for (const who of ['0:0', GATEWAY, '2002:2002', '990:2001']) {
      const outcomes = here.probe('host', who, [...free, toGateway]);
      assert.ok(
        outcomes.every((one) => one === 'open' || one === 'sent'),
        `${who}: ${outcomes.join(' ')}`,
      );
    }
  });

  await t.test('each packet is counted by what it was', () => {
    const { counters } = here.cliJson('status') as { counters: Record<string, { packets: number }> };
    for (const name of [
      'passed_gateway',
      'denied_dns',
      'denied_quic',
      'denied_icmp',
      'denied_tcp',
      'denied_other',
    ]) {
      assert.ok((counters[name]?.packets ?? 0) > 0, `${name} counts`);
    }
    assert.equal(counters['passed_listed']?.packets, 0);
  });
});

test('listed destinations are free, on their port alone', async (t) => {
  const reason = missing();
  if (reason !== undefined) return t.skip(reason);
  const here = await world(t);
  const allow = [`tcp:${OUTSIDE.four}:80`, 'udp:[fd91::/64]:53'];
  here.configure({ interception_host: { ...SETTINGS.interception_host, allow, log_denied: true } });
  assert.equal(here.cli('apply', '--confirm-within', '60m').status, 0);
  const outcomes = here.probe('host', AGENT, [
    ['tcp', OUTSIDE.four, 80],
    ['tcp', OUTSIDE.four, 8443],
    ['udp', OUTSIDE.six, 53],
    ['udp', OUTSIDE.four, 53],
  ]);
  assert.deepEqual(outcomes, ['open', 'ECONNREFUSED', 'sent', 'EPERM']);
});

test('a connection that was open before the rules came is held, too', async (t) => {
  const reason = missing();
  if (reason !== undefined) return t.skip(reason);
  const here = await world(t);
  here.configure(SETTINGS);
  const sendLater = await here.connected(AGENT, OUTSIDE.four, 80);
  assert.equal(here.cli('apply', '--confirm-within', '60m').status, 0);
  const before = here.seenOutside();
  await sendLater();
  assert.equal(here.seenOutside(), before, 'nothing more got out');
});
