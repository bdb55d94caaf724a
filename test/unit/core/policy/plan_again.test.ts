import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicySet } from '../../../../src/core/policy/compile.ts';
import { planAgain } from '../../../../src/core/policy/plan_again.ts';
import { samplePrincipal, sampleRequest } from '../../../../src/core/policy/sample_request.ts';
import { finished } from '../../../../src/core/policy/steps.ts';

const parent = `
schema: clawgress/policy/v1
id: parent
rules:
  - {id: no, match: {destination: {hosts: [bad.example.com]}}, action: deny}
`;
const entry = `
schema: clawgress/policy/v1
id: child
inherits: [parent]
schemas:
  - {id: half, schema: {multipleOf: 0.5}}
rules:
  - {id: yes, match: {destination: {hosts: ["*.example.com"]}}, action: allow, tls: intercept}
limits:
  - {id: l, per: agent, rps: 5}
exceptions:
  - {id: e, to: parent/no, match: {agent: {agent_id: [special]}, destination: {hosts: [bad.example.com]}}, reason: a test, expires: "2030-01-01T00:00:00Z"}
`;
const shadow = entry
  .replace('action: allow, tls: intercept', 'action: deny')
  .replace('id: child', 'id: candidate');
const file = (name: string, text: string) => ({ file: name, text });

test('what is planned again from compiled bytes answers like what was compiled', () => {
  for (const withShadow of [false, true]) {
    const set = {
      entry: file('entry', entry),
      others: [file('parent', parent)],
      trust: 'signed',
      ...(withShadow ? { shadow: file('shadow', shadow) } : {}),
    } as const;
    const compiled = compilePolicySet(set);
    assert.ok(compiled.ok, JSON.stringify(compiled));
    const { policy } = compiled.value;
    const again = finished(planAgain(policy));
    const { evaluate, limits, mayIntercept, mayReach, quotas, schemaOf, limitsRead, refusal, ...facts } =
      policy;
    const { evaluate: evaluateAgain, limits: limitsAgain, mayIntercept: mayAgain, ...others } = again;
    const {
      mayReach: mayReachAgain,
      quotas: quotasAgain,
      schemaOf: schemaAgain,
      limitsRead: limitsReadAgain,
      refusal: refusalAgain,
      ...factsAgain
    } = others;
    const [hash = ''] = [...compiled.value.plan.schemas.keys()];
    assert.ok(schemaOf(hash), 'the child has a schema');
    assert.deepEqual(schemaAgain(hash), schemaOf(hash));
    assert.deepEqual(factsAgain, facts);
    for (const host of ['api.example.com', 'bad.example.com', 'other.example.net']) {
      assert.equal(mayAgain(host), mayIntercept(host));
      assert.equal(mayReachAgain(host), mayReach(host));
      for (const agent_id of ['special', 'plain']) {
        for (const atMs of [0, Date.parse('2031-01-01T00:00:00Z')]) {
          const request = sampleRequest({ url: `https://${host}/` });
          assert.ok(request.ok);
          const principal = samplePrincipal({ agent_id });
          assert.deepEqual(
            evaluateAgain(request.value, principal, atMs),
            evaluate(request.value, principal, atMs),
          );
          assert.deepEqual(limitsAgain(request.value, principal), limits(request.value, principal));
          assert.deepEqual(refusalAgain(request.value, principal), refusal(request.value, principal));
          assert.equal(limitsReadAgain(request.value, principal), limitsRead(request.value, principal));
          assert.deepEqual(quotasAgain(principal), quotas(principal));
        }
      }
    }
  }
});

test('a large policy is planned in many small steps, hosts counted', () => {
  const steps = (rules: number, hosts: number) => {
    const text = JSON.stringify({
      schema: 'clawgress/policy/v1',
      id: 'large',
      rules: Array.from({ length: rules }, (_, i) => ({
        id: `r${i}`,
        match: { destination: { hosts: Array.from({ length: hosts }, (__, j) => `h${i}-${j}.example.com`) } },
        action: 'allow',
      })),
    });
    const compiled = compilePolicySet({ entry: file('large', text), others: [], trust: 'signed' });
    assert.ok(compiled.ok);
    let count = 0;
    for (const planning = planAgain(compiled.value.policy); planning.next().done !== true; ) count++;
    return count;
  };
  // Plan, lists and slots: each of them goes over all rules and hosts.
  for (const [rules, hosts] of [
    [2_000, 1],
    [20, 200],
  ] as const)
    assert.ok(steps(rules, hosts) >= (3 * (rules * hosts)) / 1_000, `${rules} rules with ${hosts} hosts`);
  assert.ok(steps(2, 1) < 5);
});
