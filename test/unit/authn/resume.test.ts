import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createApiKey } from '../../../src/authn/api_key.ts';
import { openIdentity } from '../../../src/authn/identity.ts';
import type { ResumedInput } from '../../../src/authn/resume.ts';
import type { Agent } from '../../../src/core/identity/agent.ts';
import { agentOf, basic, keyEntry, NOW_MS, registryBytes, SILENT } from './fixtures.ts';

const KEY = createApiKey();
const OTHER = createApiKey();
const OWNER: ResumedInput['owner'] = {
  tenant_id: 'default',
  agent_id: 'robot',
  binding: { kind: 'api_key', key_id: keyEntry(KEY).key_id },
  credential_transport: 'loopback',
};
const ROBOT = agentOf('robot', { api_keys: [keyEntry(KEY)] });
const SECOND = agentOf('second', { api_keys: [keyEntry(OTHER)] });

function resumed(
  t: TestContext,
  agents: Agent[],
  headers: [string, string][] = [],
  owner: ResumedInput['owner'] = OWNER,
) {
  const identity = openIdentity({ jwt_issuers: [], log: SILENT });
  t.after(() => identity.stop());
  const registry = identity.compileRegistry(registryBytes(...agents));
  assert.ok(registry.ok, 'a good registry');
  const fact = registry.value.resume({
    owner,
    headers: headers.map(([name, value]) => ({ name, value })),
    now_ms: NOW_MS,
  });
  assert.ok(!(fact instanceof Promise), 'synchronous without a token');
  return {
    problem: fact.ok ? 'none' : fact.problem,
    principal: fact.ok ? fact.principal : fact.known_agent,
    used: [...identity.lastUsed().keys()],
  };
}

test('the owner of a tunnel is read again, with everything that the registry says now', (t) => {
  const moved = { ...ROBOT, team_id: 'moved', environment: 'dev' };
  const { problem, principal, used } = resumed(t, [SECOND, moved]);
  assert.equal(problem, 'none');
  assert.equal(principal?.team_id, 'moved');
  assert.equal(principal?.environment, 'dev');
  assert.equal(principal?.credential_transport, 'loopback');
  assert.deepEqual(principal?.binding, OWNER.binding);
  assert.deepEqual(used, [keyEntry(KEY).key_id]);
});

test('whoever lost the right since the tunnel was opened sends nothing more through it', (t) => {
  const cases: [string, Agent[]][] = [
    ['IDENTITY_DISABLED', [{ ...ROBOT, status: 'disabled' }]],
    ['IDENTITY_QUARANTINED', [{ ...ROBOT, status: 'quarantined' }]],
    [
      'IDENTITY_EXPIRED',
      [agentOf('robot', { api_keys: [keyEntry(KEY, { revoked_at: new Date(NOW_MS).toISOString() })] })],
    ],
    [
      'IDENTITY_EXPIRED',
      [agentOf('robot', { api_keys: [keyEntry(KEY, { expires_at: new Date(NOW_MS).toISOString() })] })],
    ],
    ['IDENTITY_UNKNOWN', [agentOf('robot', { api_keys: [keyEntry(OTHER)] })]],
    ['IDENTITY_UNKNOWN', [SECOND]],
    ['IDENTITY_UNKNOWN', [{ ...ROBOT, tenant_id: 'elsewhere' }]],
    ['IDENTITY_UNKNOWN', []],
  ];
  for (const [expected, agents] of cases)
    assert.equal(resumed(t, agents).problem, expected, JSON.stringify(agents));
});

test('a token speaks for whom the registry maps it to now', (t) => {
  const subject = { issuer: 'https://idp.example', subject: 'robot-1' };
  const owner = { ...OWNER, binding: { kind: 'jwt' as const, ...subject, jwk_id: 'k' } };
  const mapped = agentOf('robot', { subjects: [subject] });
  assert.equal(resumed(t, [mapped], [], owner).problem, 'none');
  assert.equal(resumed(t, [ROBOT], [], owner).problem, 'IDENTITY_UNKNOWN');
  const stolen = [ROBOT, agentOf('second', { subjects: [subject] })];
  assert.equal(resumed(t, stolen, [], owner).problem, 'IDENTITY_UNKNOWN');
});

test('a credential inside must be the one of the owner', (t) => {
  const both = [ROBOT, SECOND];
  const of = (...headers: [string, string][]) => resumed(t, both, headers);
  assert.equal(of(['x-clawgress-key', KEY]).problem, 'none');
  assert.equal(of(['proxy-authorization', basic('robot', KEY)]).problem, 'none');
  for (const header of ['x-clawgress-key', 'proxy-authorization'] as const) {
    const secret = header === 'x-clawgress-key' ? OTHER : basic('second', OTHER);
    const { problem, principal } = of([header, secret]);
    assert.equal(problem, 'IDENTITY_CONFLICT', header);
    assert.equal(principal?.agent_id, 'robot', 'the record belongs to the owner of the tunnel');
  }
  assert.equal(
    of(['x-clawgress-key', KEY], ['proxy-authorization', basic('second', OTHER)]).problem,
    'IDENTITY_CONFLICT',
  );
  assert.equal(of(['x-clawgress-key', createApiKey()]).problem, 'IDENTITY_UNKNOWN');
  assert.equal(of(['x-clawgress-key', 'nonsense']).problem, 'IDENTITY_MALFORMED');
  const gone = resumed(t, [ROBOT, { ...SECOND, status: 'disabled' }], [['x-clawgress-key', OTHER]]);
  assert.equal(gone.problem, 'IDENTITY_CONFLICT');
});

test('one run label, wherever it stands', (t) => {
  const run = (owner: ResumedInput['owner']['run'], ...headers: [string, string][]) =>
    resumed(t, [ROBOT], headers, owner === undefined ? OWNER : { ...OWNER, run: owner });
  const outside = { label: 'r1', asserted_by: 'basic_user' } as const;
  assert.deepEqual(run(outside).principal?.run, outside);
  assert.deepEqual(run(undefined, ['x-clawgress-run-id', 'r2']).principal?.run, {
    label: 'r2',
    asserted_by: 'header',
  });
  assert.deepEqual(run(undefined, ['proxy-authorization', basic('robot;run=r3', KEY)]).principal?.run, {
    label: 'r3',
    asserted_by: 'basic_user',
  });
  assert.equal(run(outside, ['x-clawgress-run-id', 'r1']).problem, 'none');
  assert.equal(run(outside, ['x-clawgress-run-id', 'r2']).problem, 'IDENTITY_CONFLICT');
  assert.equal(
    run(outside, ['proxy-authorization', basic('robot;run=r2', KEY)]).problem,
    'IDENTITY_CONFLICT',
  );
  assert.equal(run(undefined, ['x-clawgress-run-id', 'R 2']).problem, 'IDENTITY_RUN_INVALID');
});
