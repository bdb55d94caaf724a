import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COUNTERS, parseCounters } from '../../../../src/intercept_host/nftables/counters.ts';
import { parseGuard } from '../../../../src/intercept_host/nftables/guard.ts';
import { findProgram, Nft } from '../../../../src/intercept_host/nftables/nft.ts';
import { renderRuleset } from '../../../../src/intercept_host/nftables/render.ts';
import { namesOf, uncoveredSubordinates } from '../../../../src/intercept_host/nftables/subordinate.ts';
import { guard, inputs, LOOPBACK, NOBODY } from './some_guards.ts';

test('the kernel takes every ruleset that can be rendered, and lists it the same twice', (t) => {
  const path = findProgram('nft');
  if (process.getuid?.() !== 0 || path === undefined || findProgram('unshare') === undefined) {
    return t.skip('SKIPPED: needs root, nft and unshare');
  }
  const nft = new Nft(path);
  fc.assert(
    fc.property(inputs, (input) => {
      const parsed = parseGuard(input);
      if (!parsed.ok) return;
      const ruleset = renderRuleset(parsed.value);
      nft.check(ruleset);
      const listed = nft.canonical(ruleset);
      assert.equal(nft.canonical(`${ruleset}${ruleset}`), listed);
      assert.equal(nft.canonical(listed), listed, 'a listing is a ruleset: the rollback relies on it');
    }),
    { numRuns: 40 },
  );
});

test('a chain that refuses never runs off its end', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const parsed = parseGuard(input);
      if (!parsed.ok) return;
      for (const [, name = '', body = ''] of renderRuleset(parsed.value).matchAll(
        /chain (\w+) \{\n(.*?)\n\t\}/gs,
      )) {
        // These only choose a destination; the filter judges what comes of it.
        if (['host_asked', 'host_redirected', 'routed_diverted', 'routed_resolved'].includes(name)) continue;
        // Behind the last rule of a chain waits the policy of the hook, which is to accept.
        const isHook = body.includes('policy accept;');
        const last = body.trim().split('\n').at(-1)?.trim() ?? '';
        assert.ok(
          isHook || /(^|\s)(goto \w+|^reject with icmpx admin-prohibited)$/.test(last),
          `${name}: ${last}`,
        );
      }
    }),
  );
});

test('only what the settings name is rendered', () => {
  const host = renderRuleset(guard({ agent_uids: ['2001'] }));
  assert.doesNotMatch(host, /hook (input|forward)|agent_gids|log prefix|iifname/);
  const routed = renderRuleset(guard({ agent_interfaces: ['agents0'] }));
  assert.doesNotMatch(routed, /hook output|skuid|skgid/);
  assert.doesNotMatch(routed, /127\.0\.0\.1/, 'nobody behind an interface reaches a loopback listener');
  assert.match(renderRuleset(guard({ agent_uids: ['2001'], log_denied: true })), /limit rate .* log prefix/);
});

test('the user of the gateway passes before any rule about agents', () => {
  const text = renderRuleset(guard({ agent_gids: ['2001'], gateway_uid: 990 }));
  assert.ok(text.indexOf('meta skuid 990 return') < text.indexOf('@agent_gids goto'), 'it comes first');
  assert.doesNotMatch(renderRuleset(guard({ agent_gids: ['2001'], gateway_uid: 0 })), /skuid 0 return/);
});

test('sockets without an owner cannot hide multipath TCP', () => {
  const text = renderRuleset(guard({ agent_uids: ['2001'] }));
  const known = text.indexOf('meta skuid 0-4294967294 return');
  assert.ok(
    known > 0 && known < text.indexOf('tcp option mptcp exists goto listed'),
    'owned packets are judged before',
  );
});

test('settings that contradict themselves are named, each with its way out', () => {
  const problems = (input: object) => {
    const parsed = parseGuard({ ...NOBODY, ...input });
    return parsed.ok ? [] : parsed.problem.map(({ key, found }) => `${key}: ${found}`);
  };
  assert.deepEqual(problems({}), ['interception_host.agent_uids: no agents']);
  assert.deepEqual(problems({ agent_uids: ['0-5'] }), ['interception_host.agent_uids: 0, which is root']);
  assert.deepEqual(problems({ agent_gids: ['0'] }), ["interception_host.agent_gids: 0, root's group"]);
  assert.deepEqual(problems({ agent_uids: ['900-999'] }), [
    'interception_host.agent_uids: 990, who runs the gateway',
  ]);
  assert.deepEqual(problems({ agent_interfaces: ['a'], listeners: [LOOPBACK] }), [
    'interception_host.agent_interfaces: listeners on loopback only, which nobody behind an interface can reach',
  ]);
  assert.deepEqual(
    problems({
      agent_uids: ['x'],
      agent_interfaces: ['a"; flush ruleset'],
      agent_cidrs: ['0.0.0.0/0'],
      allow: ['*'],
    }),
    [
      'interception_host.agent_uids: "x"',
      'interception_host.agent_interfaces: "a\\"; flush ruleset"',
      'interception_host.agent_cidrs: "0.0.0.0/0"',
      'interception_host.allow: "*"',
    ],
  );
});

test('settings of redirection that could not be kept are named', () => {
  const problems = (input: object) => {
    const parsed = parseGuard({ ...NOBODY, agent_uids: ['2001-2009'], ...input });
    return parsed.ok ? [] : parsed.problem.map(({ key, found }) => `${key}: ${found}`);
  };
  const listeners = (...uid_listeners: { uid: number; port: number }[]) => ({
    transparent: { uid_listeners },
  });
  assert.deepEqual(problems(listeners({ uid: 2001, port: 15_011 })), []);
  assert.deepEqual(problems(listeners({ uid: 2010, port: 15_011 })), [
    'transparent.uid_listeners: user id 2010, which interception_host.agent_uids does not hold',
  ]);
  assert.deepEqual(problems(listeners({ uid: 2001, port: 15_011 }, { uid: 2001, port: 15_012 })), [
    'transparent.uid_listeners: 2001=15012',
  ]);
  assert.deepEqual(problems(listeners({ uid: 2001, port: 15_011 }, { uid: 2002, port: 15_011 })), [
    'transparent.uid_listeners: port 15011 twice',
  ]);
  for (const port of [0, 65_536, 1.5, Number.NaN, -1]) {
    assert.deepEqual(problems(listeners({ uid: 2001, port })), [`transparent.uid_listeners: 2001=${port}`]);
    assert.deepEqual(problems({ transparent: { uid_listeners: [], tproxy_port: port } }), [
      `transparent.tproxy_port: ${port}`,
    ]);
  }
  for (const address of ['0.0.0.0', '::', '10.0.0.0/8', 'localhost', '127.0.0.1; flush ruleset']) {
    assert.deepEqual(problems({ resolver: { address, port: 53 } }), [`resolver.address: "${address}"`]);
  }
  const behind = { agent_uids: [], agent_interfaces: ['agents0'] };
  assert.deepEqual(problems({ ...behind, resolver: { address: '127.0.0.1', port: 53 } }), [
    'resolver.address: a loopback address, which nobody behind an interface can reach',
  ]);
  const loopback = { ...behind, listeners: [LOOPBACK] };
  assert.equal(problems(loopback).length, 1);
  assert.deepEqual(problems({ ...loopback, transparent: { uid_listeners: [], tproxy_port: 15_002 } }), []);
});

test('whoever it is, a port that stands for an agent is judged before anything else', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const parsed = parseGuard(input);
      if (!parsed.ok) return;
      const text = renderRuleset(parsed.value);
      const { redirect_port, uid_listeners, tproxy_port } = input.transparent;
      const ports = [redirect_port, ...uid_listeners.map(({ port }) => port), tproxy_port].filter(
        (port) => port,
      );
      const set = /set transparent_ports \{\s+type inet_service\s+elements = \{ (.*) \}/.exec(text)?.[1];
      assert.equal(set, ports.length === 0 ? undefined : ports.join(', '));
      if (set === undefined) return;
      const [, first] = /hook output priority filter; policy accept;\n\s+# .*\n\s+(.*)/.exec(text) ?? [];
      assert.equal(first, 'tcp dport @transparent_ports fib daddr type local goto transparent_listeners');
    }),
  );
});

test('no text of the settings reaches a rule unparsed', () => {
  const hostile = fc.string().map((text) => `${text}"; flush ruleset; "`);
  fc.assert(
    fc.property(
      hostile,
      fc.constantFrom('agent_uids', 'agent_gids', 'agent_interfaces', 'agent_cidrs', 'allow'),
      (text, key) => {
        assert.equal(parseGuard({ ...NOBODY, agent_uids: ['2001'], [key]: [text] }).ok, false);
      },
    ),
  );
  assert.equal(
    parseGuard({ ...NOBODY, agent_uids: ['1'], listeners: [{ key: 'x', address: '::1%lo', port: 1 }] }).ok,
    false,
  );
});

test('counters are read from what nft prints; those that it leaves out are zero', () => {
  const listing =
    'table inet clawgress {\n\tcounter denied_dns {\n\t\tpackets 3 bytes 180\n\t}\n\tcounter other {\n\t\tpackets 1 bytes 1\n\t}\n}\n';
  const counts = parseCounters(listing);
  assert.deepEqual(Object.keys(counts), [...COUNTERS]);
  assert.deepEqual(counts.denied_dns, { packets: 3, bytes: 180 });
  assert.deepEqual(counts.denied_tcp, { packets: 0, bytes: 0 });
});

test('ids that an agent can borrow and that no rule holds are named', () => {
  const passwd =
    'root:x:0:0::/root:/bin/sh\nrobot:x:2001:2001::/home/robot:/bin/sh\nann:x:1000:1000::/:/bin/sh\n';
  const held = [
    { first: 2001, last: 2001 },
    { first: 300_000, last: 365_535 },
  ];
  assert.deepEqual(namesOf(passwd, held), ['robot']);
  const subuid = 'ann:100000:65536\nrobot:165536:65536\nrobot:300000:65536\n2001:500000:1\nbroken\n';
  assert.deepEqual(uncoveredSubordinates(subuid, held, ['robot']), ['165536-231071', '500000']);
});
