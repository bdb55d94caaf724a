import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { explain } from '../../../../src/core/policy/explain.ts';
import { agents, documents } from './random_policy.ts';
import { compiled, documentOf, principalOf, requestOf } from './sample.ts';

it('names each predicate of a rule with its three-valued result', () => {
  const compilation = compiled(
    documentOf({
      rules: [
        {
          id: 'reads',
          action: 'allow',
          match: {
            agent: { team_id: ['t1'] },
            destination: { hosts: ['*.example.com'], ports: [443] },
            methods: ['GET'],
          },
        },
        { id: 'off', action: 'deny', enabled: false },
        { id: 'watch', action: 'alert' },
      ],
      limits: [{ id: 'l', per: 'agent', rps: 5 }],
    }),
  );
  const told = explain(compilation, { connect: 'api.example.com:8443' }, principalOf());
  assert.ok(told.ok);
  assert.deepEqual(told.value.outcome, { verdict: 'deny', reason: 'POLICY_NO_MATCH' });
  assert.deepEqual(told.value.observed_by, ['watch']);
  assert.deepEqual(told.value.rules, [
    {
      rule_id: 'reads',
      document: 'sample',
      action: 'allow',
      enabled: true,
      shadow: false,
      stand: 'silent',
      predicates: [
        { name: 'agent', result: 'yes' },
        { name: 'destination.hosts', result: 'yes' },
        { name: 'destination.ports', result: 'no' },
        { name: 'protocol.kind', result: 'unknown' },
        { name: 'methods', result: 'unknown' },
      ],
    },
    {
      rule_id: 'off',
      document: 'sample',
      action: 'deny',
      enabled: false,
      shadow: false,
      stand: 'silent',
      predicates: [],
    },
    {
      rule_id: 'watch',
      document: 'sample',
      action: 'alert',
      enabled: true,
      shadow: false,
      stand: 'observes',
      predicates: [],
    },
  ]);
  assert.equal(told.value.limits[0]?.op.limit_id, 'l/rps');
});

it('gives the problem of a request without canonical form', () => {
  const told = explain(compiled(documentOf({})), { url: 'http://0177.0.0.1/' }, principalOf());
  assert.deepEqual(told, { ok: false, problem: 'HOST_NUMERIC' });
});

it('tells what evaluation does, for any document', () => {
  const urls = fc.constantFrom(
    'https://a.example/a/b',
    'https://c.b.a.example/admin?_method=x',
    'http://192.0.2.1/a/../admin',
  );
  fc.assert(
    fc.property(documents, urls, agents, (document, url, agent) => {
      const compilation = compiled(document);
      const who = principalOf(agent);
      const told = explain(compilation, { url }, who);
      assert.ok(told.ok);
      const { live, shadow, observed_by } = compilation.policy.evaluate(requestOf({ url }), who);
      assert.deepEqual(told.value.outcome, live);
      assert.deepEqual(told.value.would_be ?? live, shadow);
      const named = told.value.rules.find(({ rule_id }) => rule_id === live.rule_id);
      assert.equal(named === undefined, live.reason === 'POLICY_NO_MATCH');
      assert.notEqual(named?.stand, 'silent');
      // A rule that allows or surely denies has no predicate that fails.
      for (const { stand, predicates } of told.value.rules) {
        if (stand === 'allows' || stand === 'denies')
          assert.ok(predicates.every(({ result }) => result === 'yes'));
      }
      const observing = told.value.rules
        .filter(({ stand }) => stand === 'observes')
        .map(({ rule_id }) => rule_id);
      assert.deepEqual(observing.sort(), observed_by);
    }),
    { numRuns: 80 },
  );
});
