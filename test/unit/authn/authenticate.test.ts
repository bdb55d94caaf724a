import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createApiKey } from '../../../src/authn/api_key.ts';
import { openIdentity } from '../../../src/authn/identity.ts';
import type { Agent } from '../../../src/core/identity/agent.ts';
import { agentOf, basic, keyEntry, NOW_MS, registryBytes, SILENT } from './fixtures.ts';

const KEY = createApiKey();
const OTHER = createApiKey();

function judge(t: TestContext, agents: Agent[], pairs: [string, string][], now_ms = NOW_MS) {
  const identity = openIdentity({ jwt_issuers: [], log: SILENT });
  t.after(() => identity.stop());
  const registry = identity.compileRegistry(registryBytes(...agents));
  assert.ok(registry.ok);
  const headers = pairs.map(([name, value]) => ({ name, value }));
  const fact = registry.value.authenticate({ mode: 'explicit', headers, transport: 'loopback', now_ms });
  assert.ok(!(fact instanceof Promise), 'API keys are judged synchronously');
  assert.doesNotMatch(JSON.stringify(fact), /cgk_/);
  return { fact, used: identity.lastUsed() };
}
const sent = (secret: string): [string, string][] => [['proxy-authorization', `Bearer ${secret}`]];
const problemOf = (fact: { ok: boolean; problem?: string }) => (fact.ok ? 'none' : fact.problem);

test('a live key binds its agent and notes its use', (t) => {
  const agent = agentOf('robot', { api_keys: [keyEntry(OTHER), keyEntry(KEY)] });
  const headers: [string, string][] = [['proxy-authorization', basic('robot;run=r1', KEY)]];
  const { fact, used } = judge(t, [agentOf('first'), agent], headers);
  const key_id = keyEntry(KEY).key_id;
  assert.deepEqual(fact, {
    ok: true,
    principal: {
      tenant_id: 'default',
      agent_id: 'robot',
      team_id: 'team',
      project_id: 'project',
      environment: 'prod',
      status: 'active',
      auth_type: 'api_key',
      binding: { kind: 'api_key', key_id },
      credential_transport: 'loopback',
      run: { label: 'r1', asserted_by: 'basic_user' },
    },
  });
  assert.deepEqual([...used], [[key_id, NOW_MS]]);
});

test('keys that prove nothing', (t) => {
  const agents = [agentOf('robot', { api_keys: [keyEntry(KEY)] })];
  const check = (secret: string) => judge(t, agents, sent(secret)).fact;
  assert.deepEqual(check(OTHER), { ok: false, problem: 'IDENTITY_UNKNOWN' });
  assert.deepEqual(check('cgk_short'), { ok: false, problem: 'IDENTITY_MALFORMED' });
  assert.deepEqual(check(`${KEY.slice(0, -1)}${KEY.endsWith('a') ? 'b' : 'a'}`), {
    ok: false,
    problem: 'IDENTITY_MALFORMED',
  });
  assert.deepEqual(judge(t, agents, []).fact, { ok: false, problem: 'IDENTITY_MISSING' });
});

test('a key whose hash is presented instead of the key is nobody', (t) => {
  const agents = [agentOf('robot', { api_keys: [keyEntry(KEY)] })];
  assert.equal(problemOf(judge(t, agents, sent(keyEntry(KEY).sha256)).fact), 'IDENTITY_MALFORMED');
});

test('revoked and expired keys are refused, and say whose they were', (t) => {
  const at = (ms: number) => new Date(ms).toISOString();
  const check = (change: object, now_ms?: number) => {
    const { fact, used } = judge(
      t,
      [agentOf('robot', { api_keys: [keyEntry(KEY, change)] })],
      sent(KEY),
      now_ms,
    );
    if (!fact.ok) assert.equal(fact.known_agent?.agent_id, 'robot');
    assert.equal(used.size, fact.ok ? 1 : 0);
    return problemOf(fact);
  };
  assert.equal(check({ revoked_at: at(NOW_MS - 1) }), 'IDENTITY_EXPIRED');
  // Revocation is a fact, not a date: a clock that runs late must not revive a key.
  assert.equal(check({ revoked_at: at(NOW_MS + 86_400_000) }), 'IDENTITY_EXPIRED');
  assert.equal(check({ expires_at: at(NOW_MS) }, NOW_MS - 1), 'none');
  assert.equal(check({ expires_at: at(NOW_MS) }, NOW_MS), 'IDENTITY_EXPIRED');
});

test('the Basic user has to be the agent of the key', (t) => {
  const agents = [
    agentOf('robot', { api_keys: [keyEntry(KEY)] }),
    agentOf('other', { api_keys: [keyEntry(OTHER)] }),
  ];
  const { fact } = judge(t, agents, [['proxy-authorization', basic('other', KEY)]]);
  assert.equal(problemOf(fact), 'IDENTITY_CONFLICT');
  assert.equal(fact.ok ? '' : fact.known_agent?.agent_id, 'robot');
});

test('a disabled agent is refused with its name', (t) => {
  const agents = [agentOf('robot', { status: 'disabled', api_keys: [keyEntry(KEY)] })];
  const { fact } = judge(t, agents, sent(KEY));
  assert.equal(problemOf(fact), 'IDENTITY_DISABLED');
  assert.equal(fact.ok ? '' : fact.known_agent?.status, 'disabled');
});

test('equal registries have equal digests, whatever their layout', (t) => {
  const identity = openIdentity({ jwt_issuers: [], log: SILENT });
  t.after(() => identity.stop());
  const document = { schema: 'clawgress/registry/v1', agents: [agentOf('robot')] };
  const digest = (text: string) => {
    const registry = identity.compileRegistry(new TextEncoder().encode(text));
    return registry.ok ? registry.value.registry_hash : '';
  };
  const { schema, agents } = document;
  assert.match(digest(JSON.stringify(document)), /^sha256:[0-9a-f]{64}$/);
  assert.equal(digest(JSON.stringify(document)), digest(JSON.stringify({ agents, schema }, null, 4)));
  assert.notEqual(digest(JSON.stringify(document)), digest(JSON.stringify({ schema, agents: [] })));
});
