import assert from 'node:assert/strict';
import { createApiKey } from '../../../src/authn/api_key.ts';
import { parseRegistry } from '../../../src/core/identity/registry_document.ts';
import { agentOf, ISSUER, keyEntry, registryBytes } from '../../unit/authn/fixtures.ts';
import type { Boundary } from '../boundary.ts';

/** Judge: what is accepted says, member by member, what the platform's JSON parser reads, and names every agent once. */
export function registry(): Boundary {
  const robot = agentOf('robot', {
    api_keys: [keyEntry(createApiKey())],
    subjects: [{ issuer: ISSUER.issuer, subject: 's' }],
  });
  return {
    name: 'registry',
    corpus: [
      registryBytes(),
      registryBytes(robot),
      registryBytes(robot, agentOf('second', { status: 'disabled' })),
      registryBytes(robot, robot),
    ],
    check(input) {
      const result = parseRegistry(input);
      if (!result.ok) {
        assert.ok(result.problem.length > 0, 'refused without a reason');
        return false;
      }
      const seen = JSON.parse(Buffer.from(input).toString('utf8'));
      assert.deepEqual(JSON.parse(JSON.stringify(result.value.agents)), seen.agents);
      const ids = result.value.agents.map(({ tenant_id, agent_id }) => `${tenant_id}/${agent_id}`);
      assert.equal(new Set(ids).size, ids.length);
      return true;
    },
  };
}
