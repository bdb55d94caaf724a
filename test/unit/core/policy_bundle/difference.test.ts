import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { policyDifference } from '../../../../src/core/policy_bundle/difference.ts';
import type { PolicyDocument, Rule } from '../../../../src/gen/policy_document.ts';

const document = (more: Partial<PolicyDocument>): PolicyDocument => ({
  schema: 'clawgress/policy/v1',
  id: 'one',
  rules: [],
  ...more,
});
const differ = (before: Partial<PolicyDocument>, after: Partial<PolicyDocument>) =>
  policyDifference(new Map([['one', document(before)]]), new Map([['one', document(after)]]));
const rule = (id: string, more: Partial<Rule> = {}): Rule => ({ id, action: 'allow', ...more });

test('names what came, went and changed, and hosts one by one', () => {
  const hosts = (...names: string[]) => ({ match: { destination: { hosts: names } } });
  const changes = differ(
    {
      rules: [rule('a'), rule('b', hosts('x.example', 'y.example'))],
      limits: [{ id: 'l', per: 'agent', rps: 5 }],
    },
    {
      rules: [rule('b', { ...hosts('z.example', 'y.example'), action: 'deny' }), rule('c')],
      limits: [{ id: 'l', per: 'agent', rps: 6 }],
    },
  );
  assert.deepEqual(
    changes.map(({ kind, item, change }) => [kind, item, change]),
    [
      ['rule', 'a', 'removed'],
      ['rule', 'b', 'changed'],
      ['rule', 'c', 'added'],
      ['limit', 'l', 'changed'],
    ],
  );
  assert.deepEqual(changes[1]?.members, [
    { path: 'action', before: 'allow', after: 'deny' },
    { path: 'match.destination.hosts', added: ['z.example'], removed: ['x.example'] },
  ]);
  assert.deepEqual(changes[3]?.members, [{ path: 'rps', before: 5, after: 6 }]);
});

test('what means the same is no difference: order, defaults, doubled values', () => {
  const hosts = (...names: string[]) => ({ match: { destination: { hosts: names } } });
  const before = { rules: [rule('a', hosts('x.example', 'y.example')), rule('b')] };
  const spelled = rule('a', {
    ...hosts('y.example', 'x.example'),
    enabled: true,
    priority: 0,
    shadow: false,
  });
  assert.deepEqual(differ(before, { rules: [rule('b'), spelled] }), []);
});

test('a document that comes or goes is named with all its rules', () => {
  const none = new Map<string, PolicyDocument>();
  const some = new Map([['one', document({ rules: [rule('a')] })]]);
  assert.deepEqual(
    policyDifference(none, some).map(({ kind, change }) => [kind, change]),
    [
      ['document', 'added'],
      ['rule', 'added'],
    ],
  );
});

test('a difference the other way round swaps added and removed, and names the same items', () => {
  const ids = fc.constantFrom('a', 'b', 'c', 'd');
  const rules = fc.uniqueArray(
    fc.record({ id: ids, action: fc.constantFrom('allow', 'deny') as fc.Arbitrary<Rule['action']> }),
    { selector: ({ id }) => id },
  );
  const swap = { added: 'removed', removed: 'added', changed: 'changed' } as const;
  fc.assert(
    fc.property(rules, rules, (before, after) => {
      const there = differ({ rules: before }, { rules: after });
      const back = differ({ rules: after }, { rules: before });
      assert.deepEqual(
        there.map(({ item, change }) => [item, swap[change]]),
        back.map(({ item, change }) => [item, change]),
      );
      const same = JSON.stringify([...before].sort(byId)) === JSON.stringify([...after].sort(byId));
      assert.equal(there.length === 0, same);
    }),
  );
});

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
