import assert from 'node:assert/strict';
import { createApiKey } from '../../../src/authn/api_key.ts';
import { openIdentity } from '../../../src/authn/identity.ts';
import { agentOf, basic, keyEntry, NOW_MS, registryBytes, SILENT } from '../../unit/authn/fixtures.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';

/** Judge: the header, read with the platform's lenient decoder, holds exactly the key of the agent that we bound. */
export function apiKey(): Boundary {
  const keys = new Map(['robot', 'second'].map((id) => [id, createApiKey()] as const));
  const agents = [...keys].map(([id, key]) => agentOf(id, { api_keys: [keyEntry(key)] }));
  const identity = openIdentity({ jwt_issuers: [], log: SILENT, now: () => NOW_MS });
  const registry = identity.compileRegistry(registryBytes(...agents));
  assert.ok(registry.ok);
  const { authenticate } = registry.value;
  const key = keys.get('robot') ?? '';
  const corpus = [
    basic('robot', key),
    basic('robot;run=r1', key),
    `Bearer ${key}`,
    basic('second', key),
    basic('robot', createApiKey()),
    'Basic',
    '',
  ];
  return {
    name: 'api_key',
    corpus: corpus.map(bytesOf),
    async check(input) {
      const value = latin1(input);
      const headers = [{ name: 'proxy-authorization', value }];
      const fact = await authenticate({ mode: 'explicit', headers, transport: 'tls', now_ms: NOW_MS });
      assert.ok(!JSON.stringify(fact).includes(key), 'a fact holds the key');
      if (!fact.ok) return false;
      const { agent_id } = fact.principal;
      const [, scheme = '', parameter = ''] = /^(\w+) +(\S+)$/.exec(value.trim()) ?? [];
      const said =
        scheme.toLowerCase() === 'basic'
          ? Buffer.from(parameter, 'base64').toString('latin1')
          : `:${parameter}`;
      assert.equal(said.slice(said.indexOf(':') + 1), keys.get(agent_id));
      if (!said.startsWith(':')) assert.equal(said.split(/[;:]/)[0], agent_id);
      return true;
    },
    async close() {
      identity.stop();
    },
  };
}
