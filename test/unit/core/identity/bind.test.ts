import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent } from '../../../../src/core/identity/agent.ts';
import { bindAgent, type Proof, refuseAgent } from '../../../../src/core/identity/bind.ts';
import type { Run } from '../../../../src/core/identity/principal.ts';

const agent: Agent = {
  tenant_id: 't',
  agent_id: 'a',
  team_id: 'team',
  project_id: 'p',
  environment: 'prod',
  status: 'active',
  api_keys: [],
  subjects: [],
};
const proof: Proof = { binding: { kind: 'api_key', key_id: 'k' }, credential_transport: 'tls', runs: [] };
const principal = {
  tenant_id: 't',
  agent_id: 'a',
  team_id: 'team',
  project_id: 'p',
  environment: 'prod',
  status: 'active',
  auth_type: 'api_key',
  binding: { kind: 'api_key', key_id: 'k' },
  credential_transport: 'tls',
};

test('an active agent becomes the principal, with nothing of the registry row that is not identity', () => {
  assert.deepEqual(bindAgent(agent, proof), { ok: true, principal });
  assert.deepEqual(bindAgent({ ...agent, workload_fingerprint: 'f' }, proof), {
    ok: true,
    principal: { ...principal, workload_fingerprint: 'f' },
  });
});

test('a disabled or quarantined agent is known and refused', () => {
  for (const [status, problem] of [
    ['disabled', 'IDENTITY_DISABLED'],
    ['quarantined', 'IDENTITY_QUARANTINED'],
  ] as const) {
    const known_agent = { ...principal, status };
    assert.deepEqual(bindAgent({ ...agent, status }, proof), { ok: false, problem, known_agent });
  }
});

test('a credential that names another agent is a conflict', () => {
  assert.equal(bindAgent(agent, { ...proof, claimed_agent: 'a' }).ok, true);
  const fact = bindAgent(agent, { ...proof, claimed_agent: 'b' });
  assert.deepEqual(fact, { ok: false, problem: 'IDENTITY_CONFLICT', known_agent: principal });
});

test('run labels have to be valid and to agree; the strongest assertion is kept', () => {
  const header: Run = { label: 'r', asserted_by: 'header' };
  const user: Run = { label: 'r', asserted_by: 'basic_user' };
  const token: Run = { label: 'r', asserted_by: 'jwt' };
  const runOf = (...runs: Run[]) => {
    const fact = bindAgent(agent, { ...proof, runs });
    return fact.ok ? fact.principal.run : fact.problem;
  };
  assert.deepEqual(runOf(header), header);
  assert.deepEqual(runOf(header, user), user);
  assert.deepEqual(runOf(header, user, token), token);
  assert.equal(runOf(header, { ...user, label: 's' }), 'IDENTITY_CONFLICT');
  for (const label of ['', 'R', 'a b', 'x'.repeat(65), 'é', 'a\n']) {
    assert.equal(runOf({ ...header, label }), 'IDENTITY_RUN_INVALID');
  }
});

test('a dead credential of a known agent keeps the agent', () => {
  assert.deepEqual(refuseAgent(agent, proof, 'IDENTITY_EXPIRED'), {
    ok: false,
    problem: 'IDENTITY_EXPIRED',
    known_agent: principal,
  });
});
