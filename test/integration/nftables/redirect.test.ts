import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answeringWorld, inForce } from './applied.ts';
import {
  type Answering,
  type Attempt,
  HOST,
  HOST_INSIDE,
  OTHER_PORT,
  OUTSIDE,
  PROXY_PORT,
  until,
} from './world.ts';

const [ANN, BOB, CAT] = ['2001:2001', '2002:2002', '2003:2003'] as const;
const SET_UID_PROGRAM = '0:2001';
const GATEWAY = '990:990';
const ROOT = '0:0';
const [ANNS, BOBS, ANYBODYS, DNS] = [15_011, 15_012, 15_001, 15_053] as const;
const HELD = { agent_uids: ['2001-2003'], agent_gids: [2001], gateway_uid: 990 };
const TRANSPARENT = { redirect_port: ANYBODYS, uid_listeners: [`2001=${ANNS}`, `2002=${BOBS}`] };
const SETTINGS = { interception_host: HELD, transparent: TRANSPARENT, resolver: { port: DNS } };
/** On every address, so that nothing but the rules stands between an agent and a listener of somebody else. */
const LISTENERS: readonly Answering[] = [ANNS, BOBS, ANYBODYS].flatMap((port) => [
  ['redirect', '0.0.0.0', port] as const,
  ['redirect', '::', port] as const,
]);
const RESOLVER: readonly Answering[] = [
  ['dns', '127.0.0.1', DNS],
  ['dns', '::1', DNS],
];

const started = (t: TestContext, settings: object = SETTINGS, listeners = [...LISTENERS, ...RESOLVER]) =>
  answeringWorld(t, settings, listeners);

test('an agent that knows of no proxy arrives at its own listener, which learns where it was going', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  // Where packets are held strictly to the way their sender would be reached, too.
  here.onHost('for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 >$f; done');
  inForce(here);
  const before = here.seenOutside();
  const out: readonly Attempt[] = [
    ['hear', OUTSIDE.four, 80],
    ['hear', OUTSIDE.six, 8443],
    ['hear', '198.51.100.7', 2222],
  ];
  const heard = (port: number) => [
    `${port} <- ${HOST.four} -> ${OUTSIDE.four}:80`,
    `${port} <- ${HOST.six} -> ${OUTSIDE.six}:8443`,
    `${port} <- ${HOST.four} -> 198.51.100.7:2222`,
  ];
  assert.deepEqual(here.probe('host', ANN, out), heard(ANNS));
  assert.deepEqual(here.probe('host', BOB, out), heard(BOBS));
  assert.deepEqual(here.probe('host', CAT, out), heard(ANYBODYS), 'no listener of its own');
  assert.deepEqual(here.probe('host', SET_UID_PROGRAM, out), heard(ANYBODYS), 'held by its group');
  assert.deepEqual(here.probe('host', ANN, [['mptcp', OUTSIDE.four, 80]]), ['open']);
  assert.equal(here.seenOutside(), before, 'no packet got out');

  await t.test('the host itself, the gateway and other users are left alone', () => {
    for (const who of [ROOT, GATEWAY, '4711:4711']) {
      assert.deepEqual(here.probe('host', who, [['tcp', OUTSIDE.four, 80]]), ['open'], who);
      assert.deepEqual(here.probe('host', who, [['hear', OUTSIDE.four, 80]]), ['EOF'], 'the real machine');
    }
    assert.ok(here.seenOutside() > before, 'their packets got out');
  });

  await t.test('on this host, the ports of the gateway and nothing else', () => {
    const around: readonly Attempt[] = [
      ['tcp', '127.0.0.1', OTHER_PORT],
      ['tcp', HOST_INSIDE.four, OTHER_PORT],
      ['tcp', HOST_INSIDE.six, OTHER_PORT],
      ['tcp', '0.0.0.0', OTHER_PORT],
    ];
    assert.deepEqual(
      here.probe('host', ANN, around),
      around.map(() => 'ECONNREFUSED'),
    );
    assert.deepEqual(here.probe('host', ANN, [['tcp', '127.0.0.1', PROXY_PORT]]), ['open']);
  });

  await t.test('what is no TCP, and DNS over TLS, is refused as ever', () => {
    const attempts: readonly Attempt[] = [
      ['udp', OUTSIDE.four, 443],
      ['udp', OUTSIDE.six, 443],
      ['icmp', OUTSIDE.four, 0],
      ['tcp', OUTSIDE.four, 853],
    ];
    assert.deepEqual(here.probe('host', ANN, attempts), ['EPERM', 'EPERM', 'EPERM', 'ECONNREFUSED']);
  });

  await t.test('status counts them', () => {
    const status = here.cliJson('status') as { ok: boolean; policy_route: string; counters: Counters };
    assert.deepEqual([status.ok, status.policy_route], [true, 'not_needed']);
    assert.ok((status.counters['redirected_tcp']?.packets ?? 0) > 20, 'every packet of those connections');
    assert.equal(status.counters['tproxied_tcp']?.packets, 0);
  });
});

type Counters = Record<string, { packets: number } | undefined>;

test('nobody enters the listener of another user, by any address of the host', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  const addresses = [
    '127.0.0.1',
    '127.0.0.2',
    '::1',
    '0.0.0.0',
    ...Object.values(HOST),
    ...Object.values(HOST_INSIDE),
  ];
  const doors = [ANNS, BOBS, ANYBODYS].flatMap((port) =>
    addresses.map((host) => ['tcp', host, port] as const),
  );
  const open = here.probe('host', ANN, doors);
  assert.deepEqual(
    open,
    doors.map(() => 'open'),
    'without rules every door is open',
  );
  inForce(here);
  for (const who of [ANN, BOB, CAT, SET_UID_PROGRAM, ROOT, GATEWAY, '4711:4711', '4711:2001']) {
    assert.deepEqual(
      here.probe('host', who, doors),
      doors.map(() => 'ECONNREFUSED'),
      who,
    );
  }
  assert.deepEqual(
    here.probe('host', BOB, [['hear', OUTSIDE.four, ANNS]]),
    [`${BOBS} <- ${HOST.four} -> ${OUTSIDE.four}:${ANNS}`],
    'the same number elsewhere is a destination like any other',
  );
  assert.deepEqual(here.probe('host', ROOT, [['tcp', OUTSIDE.four, 80]]), ['open']);
  // Who may reach loopback from the network arrives there with no owner at all.
  here.onHost('for f in /proc/sys/net/ipv4/conf/*/route_localnet; do echo 1 >$f; done');
  const fromOutside = [HOST_INSIDE.four, HOST_INSIDE.six, HOST.four].map(
    (host) => ['tcp', host, ANNS] as const,
  );
  assert.deepEqual(
    here.probe('agents', ROOT, fromOutside),
    fromOutside.map(() => 'ECONNREFUSED'),
  );
});

test('questions to any name server reach the resolver, over UDP and TCP', async (t) => {
  const here = await started(t, {
    ...SETTINGS,
    interception_host: { ...HELD, allow: [`udp:${HOST_INSIDE.four}:53`] },
  });
  if (here === undefined) return;
  inForce(here);
  const before = here.seenOutside();
  const questions: readonly Attempt[] = [
    OUTSIDE.four,
    OUTSIDE.six,
    '127.0.0.53',
    '::1',
    HOST.four,
    '192.0.2.1',
  ].flatMap((server) => [['ask', server, 53] as const, ['say', server, 53] as const]);
  for (const who of [ANN, CAT, SET_UID_PROGRAM]) {
    assert.deepEqual(
      here.probe('host', who, questions),
      questions.map(() => 'question'),
      who,
    );
  }
  assert.deepEqual(
    here.probe('host', ANN, [
      ['ask', '127.0.0.1', DNS],
      ['say', '::1', DNS],
    ]),
    ['question', 'question'],
  );
  assert.equal(here.seenOutside(), before, 'no packet got out');
  assert.deepEqual(
    here.probe('host', ANN, [['ask', HOST_INSIDE.four, 53]]),
    ['ECONNREFUSED'],
    'a listed server is asked itself',
  );
  assert.deepEqual(
    here.probe('host', ROOT, [['hear', OUTSIDE.four, 53]]),
    ['EOF'],
    'others ask whom they like',
  );
  const { counters } = here.cliJson('status') as { counters: Counters };
  assert.ok((counters['resolver_dns']?.packets ?? 0) > 30, 'they are counted');
});

test('who asks from the port of an agent still hears the name server, and the agent never does', async (t) => {
  const servers = ['127.0.0.53', HOST.four, HOST.six];
  const here = await started(t, SETTINGS, [
    ...RESOLVER,
    ...servers.map((host): Answering => ['names', host, 53]),
  ]);
  if (here === undefined) return;
  inForce(here);
  for (const [index, server] of servers.entries()) {
    const asks = (who: string, from: number): string | undefined =>
      here.probe('host', who, [['ask', server, 53, from]])[0];
    const port = 20_000 + index;
    for (const who of [ANN, ROOT, GATEWAY, BOB, ROOT]) {
      const heard = who === ANN || who === BOB ? 'question' : 'names';
      assert.equal(asks(who, port), heard, `${who} of ${server}`);
    }
    const other = 21_000 + index;
    for (const who of [ROOT, ANN, ROOT])
      assert.equal(asks(who, other), who === ANN ? 'question' : 'names', `${who} of ${server}`);
  }
});

test('a connection that was open before the rules came ends, also where connections are tracked', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  const untracked = await here.connected(ANN, OUTSIDE.four, 80);
  here.nft('table ip tracked {\n chain x {\n  type nat hook output priority 0\n }\n}\n');
  const tracked = await here.connected(ANN, OUTSIDE.six, 80);
  const tracked4 = await here.connected(BOB, OUTSIDE.four, 80);
  inForce(here);
  const before = here.seenOutside();
  await untracked();
  await tracked();
  await tracked4();
  assert.equal(here.seenOutside(), before, 'nothing more got out');
});

test('a redirected connection outlives its process, and the rules being loaded again', async (t) => {
  // It answers when the process has gone: what the kernel says to that has no owner any more.
  const here = await started(t, SETTINGS, [['late', '127.0.0.1', ANNS]]);
  if (here === undefined) return;
  inForce(here);
  const later = await here.connected(ANN, OUTSIDE.four, 80);
  assert.equal(here.cliJson('apply')['state'], 'unchanged');
  const counters = () => (here.cliJson('status') as { counters: Counters }).counters;
  const before = counters();
  await later();
  const open = () => here.onHost(`ss -Htan 'sport = :${ANNS}' | grep -v LISTEN ||:`);
  await until(() => open() === '' || counters()['denied_tcp']?.packets !== before['denied_tcp']?.packets);
  assert.equal(counters()['denied_tcp']?.packets, before['denied_tcp']?.packets, 'its last packets pass');
});

test('settings that would let one agent pass as another are refused', async (t) => {
  const here = await started(t, {
    ...SETTINGS,
    transparent: { uid_listeners: ['2001=15011', '2009=15012'] },
  });
  if (here === undefined) return;
  const done = here.cli('apply');
  assert.equal(done.status, 2);
  assert.match(done.stderr, /user id 2009, which interception_host\.agent_uids does not hold/);
  assert.equal(here.listing(), '');
});

test('a host that has no route to the synthetic addresses is told so', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  inForce(here);
  const synthetic: readonly Attempt[] = [['hear', '198.18.7.7', 443]];
  const warned = () => (here.cliJson('status') as { warnings: string[] }).warnings.join(' ');
  assert.equal(warned(), '');
  here.onHost('ip route del default');
  assert.deepEqual(here.probe('host', ANN, synthetic), ['ENETUNREACH']);
  const advice = /`(ip route add 198\.18\.0\.0\/15 dev lo)`/.exec(warned())?.[1] ?? 'false';
  here.onHost(advice);
  assert.equal(warned(), '');
  assert.match(here.probe('host', ANN, synthetic)[0] ?? '', /^15011 <- .* -> 198\.18\.7\.7:443$/);
});
