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
      registryBytes(agentOf('here', { sources: [{ kind: 'uid', uid: 2001 }] })),
      registryBytes(
        agentOf('there', { sources: [{ kind: 'cidr', cidr: '10.92.0.0/24' }] }),
        agentOf('nearer', { sources: [{ kind: 'cidr', cidr: 'fd00:92::/64' }] }),
      ),
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
      const sources = result.value.agents.flatMap(({ sources = [] }) =>
        sources.map((one) => JSON.stringify(one)),
      );
      assert.equal(new Set(sources).size, sources.length, 'two agents share a source');
      return true;
    },
  };
}
