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
  { address = '127.0.0.1', open = [] }: { address?: string; open?: readonly string[] } = {},
) {
  const identity = openIdentity({ jwt_issuers: [], open_environments: open, log: SILENT });
  t.after(() => identity.stop());
  const registry = identity.compileRegistry(registryBytes(...agents));
  assert.ok(registry.ok, 'a good registry');
  const fact = registry.value.resume({
    owner,
    address,
    headers: headers.map(([name, value]) => ({ name, value })),
    now_ms: NOW_MS,
  });
  assert.ok(!(fact instanceof Promise), 'synchronous without a token');
  return {
    problem: fact.ok ? 'none' : fact.problem,
    principal: fact.ok ? fact.principal : fact.known_agent,
    degraded: fact.ok ? fact.degraded : undefined,
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

test('a removed source denies at once, inside of a tunnel that stands', (t) => {
  const uid = { kind: 'uid', uid: 2001 } as const;
  const owner = { ...OWNER, binding: { kind: 'source' as const, source: 'uid:2001' } };
  const bound = agentOf('robot', { sources: [uid] });
  const { problem, principal } = resumed(t, [bound], [], owner);
  assert.equal(problem, 'none');
  assert.deepEqual(principal?.binding, owner.binding);
  assert.equal(resumed(t, [agentOf('robot')], [], owner).problem, 'IDENTITY_UNKNOWN');
  const moved = [
    agentOf('robot', { sources: [{ ...uid, uid: 2002 }] }),
    agentOf('second', { sources: [uid] }),
  ];
  assert.equal(resumed(t, moved, [], owner).problem, 'IDENTITY_UNKNOWN');
});

test('a network binding holds for the address that it is shown with, and while no other agent fits better', (t) => {
  const cidr = '10.92.0.0/24';
  const owner = { ...OWNER, binding: { kind: 'source' as const, source: `cidr:${cidr}` } };
  const bound = agentOf('robot', { sources: [{ kind: 'cidr', cidr }] });
  const at = (address: string, ...more: Agent[]) =>
    resumed(t, [bound, ...more], [], owner, { address }).problem;
  assert.equal(at('10.92.0.7'), 'none');
  assert.equal(at('::ffff:10.92.0.7'), 'none');
  assert.equal(at('10.92.1.7'), 'IDENTITY_UNKNOWN');
  const closer = agentOf('second', { sources: [{ kind: 'cidr', cidr: '10.92.0.7/32' }] });
  assert.equal(at('10.92.0.7', closer), 'IDENTITY_UNKNOWN');
  assert.equal(at('10.92.0.8', closer), 'none');
});

test('a key inside says more than where the tunnel came from, and has to be of the same agent', (t) => {
  const owner = { ...OWNER, binding: { kind: 'source' as const, source: 'uid:2001' } };
  const bound = { ...ROBOT, sources: [{ kind: 'uid', uid: 2001 }] } as const;
  const run = { label: 'r1', asserted_by: 'basic_user' } as const;
  const { principal } = resumed(t, [bound, SECOND], [['x-clawgress-key', KEY]], { ...owner, run });
  assert.equal(principal?.auth_type, 'api_key');
  assert.deepEqual(principal?.run, run);
  assert.equal(resumed(t, [bound, SECOND], [['x-clawgress-key', OTHER]], owner).problem, 'IDENTITY_CONFLICT');
});

test('what went unchecked stays said, as long as the environment lets it go unchecked', (t) => {
  const subject = { issuer: 'https://idp.example', subject: 'robot-1' };
  const degraded = ['identity_freshness'] as const;
  const owner = { ...OWNER, binding: { kind: 'jwt' as const, ...subject, jwk_id: 'k' }, degraded };
  const mapped = agentOf('robot', { subjects: [subject] });
  assert.deepEqual(resumed(t, [mapped], [], owner, { open: ['prod'] }).degraded, degraded);
  assert.equal(resumed(t, [mapped], [], owner).problem, 'IDENTITY_STALE_KEYS');
});
