import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { answeringWorld, applyKilledAt, inForce, isWrittenDown, SEEN_FOR } from './applied.ts';
import {
  AGENTS,
  type Answering,
  type Attempt,
  HOST,
  HOST_INSIDE,
  OTHER_PORT,
  OUTSIDE,
  PROXY_PORT,
  processesNaming,
  until,
} from './world.ts';

const [DIVERTED, DNS] = [15_002, 15_053] as const;
const ROOT = '0:0';
const BEHIND = { agent_interfaces: ['agents0'] };
const PROXY = { address: HOST_INSIDE.four, port: PROXY_PORT, allow_plaintext: true };
const SETTINGS = {
  explicit_proxy: PROXY,
  interception_host: BEHIND,
  transparent: { tproxy_port: DIVERTED },
  resolver: { address: HOST_INSIDE.four, port: DNS },
};
const WITHOUT = { explicit_proxy: PROXY, interception_host: BEHIND };
const LISTENERS: readonly Answering[] = [
  ['tproxy', '127.0.0.1', DIVERTED],
  ['tproxy', '::1', DIVERTED],
  ['dns', HOST_INSIDE.four, DNS],
  ['dns', HOST_INSIDE.six, DNS],
];
const ROUTE = `3098:\tfrom all fwmark 0xc1a lookup 3098
local default dev lo proto static scope host 
3098:\tfrom all fwmark 0xc1a lookup 3098
local default dev lo proto static metric 1024 pref medium
`;
const OUT: readonly Attempt[] = [
  ['hear', OUTSIDE.four, 80],
  ['hear', OUTSIDE.six, 8443],
  ['hear', '198.18.7.7', 443],
];
const HEARD = [
  `${DIVERTED} <- ${AGENTS.four} -> ${OUTSIDE.four}:80`,
  `${DIVERTED} <- ${AGENTS.six} -> ${OUTSIDE.six}:8443`,
  `${DIVERTED} <- ${AGENTS.four} -> 198.18.7.7:443`,
];

const started = (t: TestContext, settings: object = SETTINGS) => answeringWorld(t, settings, LISTENERS);

for (const guarded of [BEHIND, { agent_cidrs: ['10.92.0.0/24', 'fd92::/64'] }]) {
  test(`behind ${Object.keys(guarded).join()}, connections arrive at the listener with both addresses`, async (t) => {
    const here = await started(t, { ...SETTINGS, interception_host: guarded });
    if (here === undefined) return;
    here.onHost('for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 >$f; done');
    inForce(here);
    const before = here.seenOutside();
    assert.deepEqual(here.probe('agents', ROOT, OUT), HEARD);
    const others: readonly Attempt[] = [
      ['tcp', HOST_INSIDE.four, OTHER_PORT],
      ['tcp', HOST_INSIDE.six, OTHER_PORT],
      ['tcp', HOST.four, OTHER_PORT],
      ['tcp', HOST_INSIDE.four, DIVERTED],
      ['tcp', OUTSIDE.six, 53],
      ['tcp', OUTSIDE.four, 853],
    ];
    assert.deepEqual(
      here.probe('agents', ROOT, others),
      others.map(() => 'ECONNREFUSED'),
    );
    assert.deepEqual(here.probe('agents', ROOT, [['udp', OUTSIDE.four, 443]]), ['sent']);
    assert.deepEqual(here.probe('agents', ROOT, [['tcp', HOST_INSIDE.four, PROXY_PORT]]), ['open']);
    const questions: readonly Attempt[] = [OUTSIDE.four, HOST_INSIDE.four, '192.0.2.53'].flatMap((server) => [
      ['ask', server, 53] as const,
      ['say', server, 53] as const,
    ]);
    assert.deepEqual(
      here.probe('agents', ROOT, questions),
      questions.map(() => 'question'),
    );
    assert.deepEqual(here.probe('agents', ROOT, [['ask', HOST_INSIDE.four, DNS]]), ['question']);
    assert.equal(here.seenOutside(), before, 'nothing got out');
    // Neither does this host have to forward, nor to know a way to where agents want to go.
    here.onHost('echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding');
    here.onHost('ip route del default; ip -6 route del default');
    assert.deepEqual(here.probe('agents', ROOT, OUT), HEARD);
    const status = here.cliJson('status') as {
      policy_route: string;
      counters: Record<string, { packets: number }>;
    };
    assert.equal(status.policy_route, 'in_force');
    assert.ok((status.counters['tproxied_tcp']?.packets ?? 0) >= 9, 'every packet of those connections');
    assert.ok((status.counters['resolver_dns']?.packets ?? 0) >= 7, 'and of those questions');
  });
}

test('a resolver with an IPv6 address answers what is asked over IPv6', async (t) => {
  const here = await started(t, { ...SETTINGS, resolver: { address: HOST_INSIDE.six, port: DNS } });
  if (here === undefined) return;
  inForce(here);
  const before = here.seenOutside();
  const questions: readonly Attempt[] = [OUTSIDE.six, HOST_INSIDE.six, '2001:db8::53'].flatMap((server) => [
    ['ask', server, 53] as const,
    ['say', server, 53] as const,
  ]);
  assert.deepEqual(
    here.probe('agents', ROOT, questions),
    questions.map(() => 'question'),
  );
  assert.deepEqual(here.probe('agents', ROOT, [['say', OUTSIDE.four, 53]]), ['ECONNREFUSED']);
  assert.equal(here.seenOutside(), before, 'nothing got out');
});

test('connections that were open before the rules came end', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  const four = await here.connected(ROOT, OUTSIDE.four, 80, 'agents');
  const six = await here.connected(ROOT, OUTSIDE.six, 80, 'agents');
  inForce(here);
  const before = here.seenOutside();
  await four();
  await six();
  assert.equal(here.seenOutside(), before, 'nothing more got out');
});

test('nobody on the host enters the listener of routed agents', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  const doors = ['127.0.0.1', '::1', '0.0.0.0'].map((host) => ['tcp', host, DIVERTED] as const);
  assert.deepEqual(here.probe('host', '4711:4711', doors), ['open', 'open', 'open'], 'open without rules');
  inForce(here);
  for (const who of ['4711:4711', ROOT]) {
    assert.deepEqual(
      here.probe('host', who, doors),
      doors.map(() => 'ECONNREFUSED'),
      who,
    );
  }
});

test('without listener or without policy route agents are refused, not let out', async (t) => {
  const here = await started(t, { ...SETTINGS, transparent: { tproxy_port: DIVERTED + 7 } });
  if (here === undefined) return;
  inForce(here);
  const before = here.seenOutside();
  assert.deepEqual(
    here.probe('agents', ROOT, OUT),
    OUT.map(() => 'ECONNREFUSED'),
    'nobody listens',
  );
  here.configure(SETTINGS);
  inForce(here);
  assert.deepEqual(here.probe('agents', ROOT, OUT), HEARD);
  here.onHost('ip rule del priority 3098; ip -6 rule del priority 3098');
  // Diverted already, such a packet is not forwarded any more: the kernel drops it.
  assert.deepEqual(here.probe('agents', ROOT, OUT.slice(0, 1)), ['TIMEOUT'], 'no route to it');
  assert.equal(here.seenOutside(), before, 'nothing got out');
  const status = here.cli('status');
  assert.equal(status.status, 1);
  assert.match(status.stdout, /ip rule {3}MISSING/);
  assert.equal(here.cliJson('apply')['state'], 'waiting', 'applying again mends it');
  assert.equal(here.policyRoute(), ROUTE);
  assert.deepEqual(here.probe('agents', ROOT, OUT), HEARD);
});

test('rules and policy route come and go together, whatever became of the command', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  const rolledBack = () => until(() => existsSync(`${here.changes}/rolled-back`));

  await t.test('rolled back to nothing', async () => {
    here.cli('apply', '--confirm-within', '1s');
    await rolledBack();
    assert.deepEqual([here.listing(), here.policyRoute()], ['', '']);
  });

  await t.test('killed as soon as the change is written down, and when the route is there', async () => {
    const moments = [() => isWrittenDown(here), () => here.policyRoute() !== '', () => here.listing() !== ''];
    for (const moment of moments) {
      await applyKilledAt(here, moment);
      assert.deepEqual([here.listing(), here.policyRoute()], ['', '']);
      here.cli('remove');
    }
  });

  await t.test('applied twice, it is there once', () => {
    inForce(here);
    const once = [here.listing(), here.policyRoute()];
    assert.equal(once[1], ROUTE);
    assert.match(
      here.onHost('ip -d rule show priority 3098'),
      /proto kernel/,
      'systemd-networkd leaves it alone',
    );
    assert.equal(here.cliJson('apply')['state'], 'unchanged');
    assert.deepEqual([here.listing(), here.policyRoute()], once);
  });

  await t.test('a change that needs none takes it away, and its rollback brings it back', async () => {
    const before = [here.listing(), here.policyRoute()];
    here.configure(WITHOUT);
    here.cli('apply', '--confirm-within', SEEN_FOR);
    assert.equal(here.policyRoute(), '');
    await rolledBack();
    assert.deepEqual([here.listing(), here.policyRoute()], before);
    here.configure(SETTINGS);
    assert.deepEqual(here.probe('agents', ROOT, OUT), HEARD);
  });

  await t.test('a rule of somebody else stays, and remove leaves nothing of ours', async () => {
    here.onHost(
      'ip rule add fwmark 0x1 lookup 100 priority 3098; ip route add 192.0.2.0/24 dev lo table 3098',
    );
    assert.equal(here.cliJson('remove')['was_in_force'], true);
    assert.equal(here.listing(), '');
    assert.equal(
      here.policyRoute(),
      '3098:\tfrom all fwmark 0x1 lookup 100\n192.0.2.0/24 dev lo scope link \n',
    );
    assert.ok(!existsSync(here.changes), 'the folder of the changes is gone');
    await until(() => processesNaming(here.changes).length === 0);
  });
});

test('at the next boot the route comes with the rules', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  const etc = mkdtempSync(join(tmpdir(), 'cg-etc-'));
  t.after(() => rmSync(etc, { recursive: true, force: true }));
  assert.equal(here.cliElsewhere(etc, 'apply', '--persist', '--confirm-within', '60m').status, 0);
  const confirmed = here.cliElsewhere(etc, 'confirm');
  assert.match(confirmed.stderr, /run `\/bin\/sh \/etc\/clawgress\/nftables-route\.sh \/\S+\/ip && /);
  assert.match(here.cliElsewhere(etc, 'status').stdout, /at boot {3}these rules/);
  const script = join(etc, 'clawgress', 'nftables-route.sh');
  const route = readFileSync(script, 'utf8');
  // A machine that has just started: nothing is there.
  here.onHost('ip rule del priority 3098; ip -6 rule del priority 3098');
  here.onHost('ip route flush table 3098; ip -6 route flush table 3098; nft flush ruleset');
  for (const _ of [1, 2])
    here.onHost(`/bin/sh ${script} "$(command -v ip)" && nft -f ${etc}/clawgress/nftables.nft`);
  assert.equal(here.policyRoute(), ROUTE);
  assert.deepEqual(here.probe('agents', ROOT, OUT), HEARD);
  // With IPv6 switched off there is nothing to route, and nothing fails.
  here.onHost(
    `sysctl -qw net.ipv6.conf.lo.disable_ipv6=1; ip -6 rule del priority 3098; /bin/sh ${script} "$(command -v ip)"`,
  );
  assert.equal(here.cliJson('status')['policy_route'], 'in_force');
  assert.equal(here.cliElsewhere(etc, 'remove').status, 0);
  assert.deepEqual([here.policyRoute(), existsSync(script)], ['', false]);
  assert.ok(!route.includes('@'), 'nothing was left to fill in');
});

test('a resolver that routed agents cannot reach is a mistake of the settings', async (t) => {
  const here = await started(t, { ...SETTINGS, resolver: { port: DNS } });
  if (here === undefined) return;
  const done = here.cli('apply');
  assert.equal(done.status, 2);
  assert.match(done.stderr, /resolver\.address: found a loopback address/);
  assert.deepEqual([here.listing(), here.policyRoute()], ['', '']);
});

test('switches of the kernel that would keep connections from arriving are named', async (t) => {
  const here = await started(t);
  if (here === undefined) return;
  inForce(here);
  const warned = () => (here.cliJson('status') as { warnings: string[] }).warnings.join(' ');
  const arrives = () => here.probe('agents', ROOT, OUT.slice(0, 1))[0] === HEARD[0];
  assert.deepEqual([warned(), arrives()], ['', true]);
  const set = (name: string, value: number) => here.onHost(`echo ${value} >/proc/sys/net/ipv4/${name}`);
  for (const [path, word] of [
    ['conf/all/src_valid_mark', /src_valid_mark .* agents0 is 1/],
    ['conf/agents0/src_valid_mark', /src_valid_mark .* agents0 is 1/],
    ['tcp_fwmark_accept', /tcp_fwmark_accept is 1/],
  ] as const) {
    set(path, 1);
    assert.match(warned(), word);
    assert.equal(arrives(), false, `${path} matters`);
    set(path, 0);
  }
  // The way back leads elsewhere: a strict kernel does not believe the sender.
  set('conf/all/rp_filter', 1);
  here.onHost('ip route flush dev agents0; ip route add 10.92.0.0/24 dev egress0');
  assert.match(warned(), /no IPv4 route leads through agents0/);
});
