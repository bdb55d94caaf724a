import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IdentityFact, Principal } from '../../../../src/core/identity/principal.ts';
import { IDENTITY_PROBLEMS } from '../../../../src/core/identity/principal.ts';
import type { CompiledPolicy, RuleOutcome } from '../../../../src/core/policy/compiled.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import { REQUEST_PROBLEMS } from '../../../../src/core/request/egress_request.ts';
import { fail, ok } from '../../../../src/core/result.ts';
import { decide } from '../../../../src/core/verdict/decide.ts';

const PRINCIPAL: Principal = {
  tenant_id: 'default',
  agent_id: 'a',
  team_id: 't',
  project_id: 'p',
  environment: 'dev',
  status: 'active',
  auth_type: 'api_key',
  binding: { kind: 'api_key', key_id: 'k' },
  credential_transport: 'loopback',
};
const KNOWN: IdentityFact = { ok: true, principal: PRINCIPAL };
const REQUEST: EgressRequest = {
  mode: 'explicit',
  visibility: 'full',
  protocol: 'http',
  method: 'GET',
  scheme: 'http',
  host: 'api.example',
  host_kind: 'name',
  port: 80,
  path: '/',
  path_normal: '/',
  path_ambiguous: false,
  query_names: [],
  override_headers: [],
  credential_forwarded: false,
  has_body: false,
};
const ALLOW: RuleOutcome = { verdict: 'allow', reason: 'POLICY_ALLOW', rule_id: 'r1' };
const DENY: RuleOutcome = { verdict: 'deny', reason: 'POLICY_DENY', rule_id: 'd1' };
const DEMAND = {
  op: { op: 'gcra', limit_id: 'l/rps', key: 'k', period_us: 1, tolerance_us: 0, cost: 1, mode: 'hard_stop' },
  denial: { reason: 'LIMIT_RPS', rule_id: 'l' },
} as const;

function policy(live: RuleOutcome, shadow: RuleOutcome = live): CompiledPolicy {
  return {
    policy_id: 'p',
    policy_hash: 'sha256:00',
    canonical: new Uint8Array(),
    query_names: [],
    evaluate: () => ({ live, shadow, observed_by: ['watch'] }),
    limits: () => [DEMAND],
    mayIntercept: () => false,
    mayReach: () => false,
    quotas: () => [],
    schemaOf: () => undefined,
    limitsRead: () => false,
    refusal: () => undefined,
  };
}

describe('decide', () => {
  it('allows only when a rule allows, and then asks for the limits', () => {
    const { verdict, demands } = decide(policy(ALLOW), KNOWN, ok(REQUEST));
    assert.deepEqual(verdict, {
      verdict: 'allow',
      reason: 'POLICY_ALLOW',
      rule_id: 'r1',
      observed_by: ['watch'],
    });
    assert.deepEqual(demands, [DEMAND]);
  });

  it('charges nothing for a denial', () => {
    const { verdict, demands } = decide(policy(DENY), KNOWN, ok(REQUEST));
    assert.equal(verdict.verdict, 'deny');
    assert.equal(verdict.rule_id, 'd1');
    assert.deepEqual(demands, []);
  });

  it('denies every identity problem before it looks at anything else', () => {
    for (const problem of IDENTITY_PROBLEMS) {
      for (const request of [ok(REQUEST), fail('PATH_INVALID' as const)]) {
        const { verdict } = decide(policy(ALLOW), { ok: false, problem }, request);
        assert.deepEqual(verdict, { verdict: 'deny', reason: problem, observed_by: [] });
      }
    }
  });

  it('denies every request that has no canonical form', () => {
    for (const problem of REQUEST_PROBLEMS) {
      const { verdict } = decide(policy(ALLOW), KNOWN, fail(problem));
      assert.deepEqual(verdict, { verdict: 'deny', reason: problem, observed_by: [] });
    }
  });

  it('denies a request that would carry a gateway credential outside, whatever the rules say', () => {
    const { verdict } = decide(policy(ALLOW), KNOWN, ok({ ...REQUEST, credential_forwarded: true }));
    assert.equal(verdict.reason, 'CREDENTIAL_FORWARDED');
  });

  it('keeps the shadow verdict apart from the live one', () => {
    const shadowed = decide(policy(ALLOW, DENY), KNOWN, ok(REQUEST)).verdict;
    assert.equal(shadowed.verdict, 'allow');
    assert.deepEqual(shadowed.would_be, { verdict: 'deny', reason: 'POLICY_DENY', rule_id: 'd1' });
    const loosened = decide(policy(DENY, ALLOW), KNOWN, ok(REQUEST)).verdict;
    assert.equal(loosened.verdict, 'deny');
    assert.equal(loosened.would_be?.verdict, 'allow');
  });
});
