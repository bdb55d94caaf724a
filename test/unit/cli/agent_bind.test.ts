import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readRegistryFile } from '../../../src/authn/registry_file.ts';
import { type AgentContext, agentAdd, agentList } from '../../../src/cli/agent.ts';
import { agentBind, agentUnbind } from '../../../src/cli/agent_bind.ts';
import { CliError } from '../../../src/cli/exit.ts';

const PLACE = { team: 'research', project: 'crawler', environment: 'dev' };

async function world(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-bind-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  let text = '';
  const context: AgentContext = {
    registry_file: join(folder, 'registry.json'),
    now: () => Date.UTC(2026, 2, 1),
    out: (part) => {
      text += part;
    },
    lastUsed: async () => new Map(),
  };
  for (const id of ['one', 'two']) await agentAdd(id, PLACE, context);
  text = '';
  return {
    context,
    taken() {
      const all = text;
      text = '';
      return all;
    },
    sources: (id: string) =>
      readRegistryFile(context.registry_file).agents.find(({ agent_id }) => agent_id === id)?.sources,
  };
}

const refused = async (work: Promise<number>) => {
  const error = await work.then(
    () => assert.fail('accepted'),
    (problem: unknown) => problem,
  );
  assert.ok(error instanceof CliError, String(error));
  assert.equal(error.exitCode, 2);
  return error.message;
};

test('sources are bound, listed and unbound', async (t) => {
  const { context, taken, sources } = await world(t);
  assert.equal(await agentBind('one', { uid: '2001' }, context), 0);
  assert.equal(taken(), 'uid:2001 is bound; one: uid:2001\n');
  await agentBind('one', { cidr: '10.92.0.0/24', json: true }, context);
  assert.deepEqual(JSON.parse(taken()), {
    agent_id: 'one',
    sources: [
      { kind: 'uid', uid: 2001 },
      { kind: 'cidr', cidr: '10.92.0.0/24' },
    ],
  });
  await agentBind('one', { uid: '2001' }, context);
  assert.equal(sources('one')?.length, 2, 'twice is once');
  taken();
  await agentList({}, context);
  assert.match(taken(), /one .*source cidr:10\.92\.0\.0\/24/);
  await agentUnbind('one', { uid: '2001' }, context);
  await agentUnbind('one', { cidr: '10.92.0.0/24' }, context);
  assert.match(taken(), /cidr:10\.92\.0\.0\/24 is unbound; one: no sources\n$/);
  assert.equal(sources('one'), undefined);
});

test('a source has one agent, and a longer network may be of another', async (t) => {
  const { context, sources } = await world(t);
  await agentBind('one', { uid: '2001' }, context);
  await agentBind('one', { cidr: '10.92.0.0/24' }, context);
  const message = await refused(agentBind('two', { uid: '2001' }, context));
  assert.match(message, /uid:2001 is bound to agent 'one'/);
  await agentBind('two', { cidr: '10.92.0.128/25' }, context);
  assert.equal(sources('two')?.length, 1);
  assert.match(await refused(agentUnbind('two', { uid: '2001' }, context)), /not bound to agent 'two'/);
  assert.equal(sources('one')?.length, 2);
});

test('what is no source is refused with what is allowed', async (t) => {
  const { context, sources } = await world(t);
  const bad = [
    ...[{}, { uid: '2001', cidr: '10.0.0.0/8' }, { uid: '0' }, { uid: '-1' }, { uid: 'root' }, { uid: '01' }],
    ...[{ uid: '4294967295' }, { cidr: '10.92.0.1/24' }, { cidr: '10.92.0.1' }, { cidr: '0.0.0.0/0' }],
    ...[{ cidr: 'FD00::/64' }, { cidr: '::ffff:10.0.0.0/104' }],
  ];
  for (const flags of bad) await refused(agentBind('one', flags, context));
  assert.match(
    await refused(agentBind('one', {}, context)),
    /neither --uid nor --cidr; allowed: one of them/,
  );
  const both = { uid: '2001', cidr: '10.92.0.0/24' };
  assert.match(await refused(agentBind('one', both, context)), /both --uid and --cidr; allowed: one of them/);
  assert.match(await refused(agentBind('nobody', { uid: '2001' }, context)), /there is no agent 'nobody'/);
  assert.equal(sources('one'), undefined);
  for (let uid = 1; uid <= 32; uid += 1) await agentBind('one', { uid: String(uid) }, context);
  assert.match(await refused(agentBind('one', { uid: '33' }, context)), /32 sources already/);
});
