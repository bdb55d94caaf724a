import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ShownAuthority } from '../../../src/cli/ca_show.ts';
import {
  authorityFinding,
  checkResolver,
  checkTransparent,
  sourceDisagreement,
  uidDisagreement,
} from '../../../src/cli/doctor_interception.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { Settings } from '../../../src/config/settings.ts';
import type { AgentSource } from '../../../src/core/identity/source.ts';
import { agentOf } from '../authn/fixtures.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 2, 1);
const authority = (state: ShownAuthority['state'], days: number): ShownAuthority => ({
  ...{ name: `${state}-${days}`, kind: 'own', state, fingerprint: 'f', subject: 's' },
  ...{ signs_from: '', not_before: '', not_after: new Date(NOW_MS + days * DAY_MS).toISOString() },
});

test('a root that ends within 60 days is a warning, unless the next one waits', () => {
  const statusOf = (...all: ShownAuthority[]) => authorityFinding(all, NOW_MS).status;
  assert.equal(statusOf(authority('signs', 60)), 'ok');
  assert.equal(statusOf(authority('signs', 59)), 'warn');
  assert.match(authorityFinding([authority('signs', 12)], NOW_MS).detail, /12 days/);
  assert.equal(statusOf(authority('signs', 12), authority('waiting', 700)), 'ok');
  assert.equal(statusOf(authority('signs', 12), authority('trusted', 700)), 'warn');
  assert.equal(statusOf(), 'warn');
  assert.equal(statusOf(authority('ended', -1)), 'fail');
});

const base: Settings = loadSettings('/nonexistent', {}, { values: new Map() });
const with_ = (agent_uids: string[], transparent: Partial<Settings['transparent']>): Settings => ({
  ...base,
  interception_host: { ...base.interception_host, agent_uids },
  transparent: { ...base.transparent, ...transparent },
});

test('listeners and held users are one list, or whoever is left out is named', () => {
  const two = [2001, 2002].map((uid, i) => ({ uid, port: 15_011 + i }));
  const detail = (settings: Settings) => uidDisagreement(settings)?.detail;
  assert.equal(detail(with_([], {})), undefined);
  assert.equal(detail(with_(['2001-2002'], { uid_listeners: two })), undefined);
  assert.match(detail(with_(['2001'], { uid_listeners: two })) ?? '', /has 2002, which/);
  assert.match(detail(with_(['2001-2009'], { uid_listeners: two })) ?? '', /9 user ids .* and 2 in/);
  assert.equal(detail(with_(['2001-2009'], { uid_listeners: two, redirect_port: 15_001 })), undefined);
  assert.equal(detail(with_(['2001-2009'], { redirect_port: 15_001 })), undefined);
});

test('a source without a listener and a listener without a source are named', () => {
  const uid = { kind: 'uid', uid: 2001 } as const;
  const cidr = { kind: 'cidr', cidr: '10.92.0.0/24' } as const;
  const found = (transparent: Partial<Settings['transparent']>, ...sources: AgentSource[]) =>
    sourceDisagreement(with_([], transparent), [agentOf('a', { sources })])?.detail ?? 'fine';
  const uid_listeners = [{ uid: 2001, port: 15_011 }];
  assert.equal(found({}), 'fine');
  assert.equal(found({ uid_listeners }, uid), 'fine');
  assert.match(found({}, uid), /2001 are bound to agents, but/);
  assert.match(found({ uid_listeners }), /2001 have a listener but no agent/);
  assert.match(found({ tproxy_port: 15_021 }), /no agent has one/);
  assert.equal(found({ tproxy_port: 15_021 }, cidr), 'fine');
  assert.equal(found({ tproxy_port: 15_021, tproxy_identity: 'header' }), 'fine');
});

async function listening(t: TestContext): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

test('a port that connections are redirected to has to listen', async (t) => {
  const port = await listening(t);
  const statusOf = async (redirect_port: number) =>
    (await checkTransparent({ settings: with_([], { redirect_port }), up: 1 })).status;
  assert.equal(await statusOf(port), 'ok');
  assert.equal(await statusOf(1), 'fail');
  assert.equal((await checkTransparent({ settings: base, up: 1 })).detail, 'off');
});

test('the resolver has to say that nobody has a name that nobody has', async (t) => {
  for (const [rcode, status] of [
    [3, 'ok'],
    [2, 'fail'],
  ] as const) {
    const socket = createSocket('udp4');
    t.after(() => socket.close());
    socket.on('message', (query, from) => {
      const answer = Buffer.from(query);
      answer.writeUInt16BE(0x8180 | rcode, 2);
      socket.send(answer, from.port, from.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const settings = { ...base, resolver: { ...base.resolver, port: socket.address().port } };
    assert.equal((await checkResolver({ settings, up: 1 })).status, status, String(rcode));
  }
  assert.equal((await checkResolver({ settings: base, up: 1 })).detail, 'off');
});
