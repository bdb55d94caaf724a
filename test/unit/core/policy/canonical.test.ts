import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { compileCanonical, compilePolicy } from '../../../../src/core/policy/compile.ts';
import { compiled, documentOf, principalOf, requestOf, rulesOf } from './sample.ts';

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('the canonical document', () => {
  it('is what the hash covers, whatever the spelling of the source', () => {
    const yaml = 'id: sample # comment\nrules:\n- {action: deny, id: r}\nschema: "clawgress/policy/v1"\n';
    const fromYaml = compilePolicy({ file: 'a.yaml', text: yaml });
    assert.ok(fromYaml.ok);
    const { policy } = rulesOf({ id: 'r', action: 'deny' });
    assert.equal(fromYaml.value.policy.policy_hash, policy.policy_hash);
    assert.equal(
      decode(policy.canonical),
      '{"id":"sample","rules":[{"action":"deny","id":"r"}],"schema":"clawgress/policy/v1"}',
    );
    assert.equal(policy.policy_hash, `sha256:${createHash('sha256').update(policy.canonical).digest('hex')}`);
  });
  it('spells hosts as requests do', () => {
    const { policy } = rulesOf({
      id: 'r',
      action: 'allow',
      match: { destination: { hosts: ['BÜCHER.example', 'bücher.example'] } },
    });
    assert.match(decode(policy.canonical), /"hosts":\["xn--bcher-kva.example"\]/);
  });
  it('changes the hash with anything that is said', () => {
    const hashes = [
      documentOf({}),
      documentOf({ id: 'b' }),
      documentOf({ rules: [{ id: 'r', action: 'deny' }] }),
      documentOf({ rules: [{ id: 'r', action: 'deny', priority: 1 }] }),
      documentOf({ limits: [] }),
    ].map((document) => compiled(document).policy.policy_hash);
    assert.equal(new Set(hashes).size, hashes.length);
  });
  it('is refused when its bytes are not canonical', () => {
    for (const text of [
      '{"schema":"clawgress/policy/v1","id":"x","rules":[]}',
      '{"id":"x", "rules":[],"schema":"clawgress/policy/v1"}',
      'id: x',
      '{"id":"x","rules":[{"action":"allow","id":"r","match":{"destination":{"hosts":["A.example"]}}}],"schema":"clawgress/policy/v1"}',
    ]) {
      const result = compileCanonical(new TextEncoder().encode(text));
      assert.deepEqual(result.ok ? [] : result.problem.map(({ code }) => code), ['NOT_CANONICAL'], text);
    }
    const text = '{"id":"x","rules":[{"action":"throttle","id":"r"}],"schema":"clawgress/policy/v1"}';
    const result = compileCanonical(new TextEncoder().encode(text));
    assert.deepEqual(result.ok ? [] : result.problem.map(({ code }) => code), ['VALUE_NOT_ALLOWED']);
  });
});

describe('ten thousand rules', () => {
  it('are found by host and by agent', () => {
    const rules = Array.from({ length: 10_000 }, (_, i) => ({
      id: `r${i}`,
      action: 'allow' as const,
      match: {
        agent:
          i % 3 === 0
            ? { agent_id: [`a${i}`] }
            : i % 3 === 1
              ? { team_id: [`t${i}`] }
              : { project_id: [`p${i}`] },
        destination: { hosts: i % 2 === 0 ? ['shared.example.com'] : [`*.h${i}.example.com`] },
      },
    }));
    const { policy } = compiled(documentOf({ rules }));
    const ask = (agent: object, host: string) =>
      policy.evaluate(requestOf({ url: `https://${host}/` }), principalOf(agent)).live;
    assert.equal(ask({ agent_id: 'a6000' }, 'shared.example.com').rule_id, 'r6000');
    assert.equal(ask({ team_id: 't4000' }, 'shared.example.com').rule_id, 'r4000');
    assert.equal(ask({ project_id: 'p8000' }, 'shared.example.com').rule_id, 'r8000');
    assert.equal(ask({ agent_id: 'a9999' }, 'deep.below.h9999.example.com').rule_id, 'r9999');
    assert.equal(ask({ agent_id: 'a9999' }, 'h9999.example.com').reason, 'POLICY_NO_MATCH');
    assert.equal(ask({ agent_id: 'a6' }, 'shared.example.com').rule_id, 'r6');
    assert.equal(ask({ agent_id: 'a2' }, 'shared.example.com').reason, 'POLICY_NO_MATCH');
  });
});
