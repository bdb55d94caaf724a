import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LimitDemand } from '../../../../src/core/policy/compiled.ts';
import type { Limit, TestAgent } from '../../../../src/gen/policy_document.ts';
import { gcraOf, limitsOf, principalOf, requestOf } from './sample.ts';

const demands = (limit: Limit, agent: TestAgent = {}, target = 'https://api.example.com/v1') =>
  limitsOf(limit).policy.limits(requestOf({ url: target }), principalOf(agent));

const numbers = (limit: Partial<Limit>) =>
  demands({ id: 'l', per: 'agent', ...limit })
    .map(gcraOf)
    .map((op) => [op.limit_id, op.period_us, op.tolerance_us]);

describe('limits', () => {
  it('turn rates into GCRA numbers', () => {
    assert.deepEqual(numbers({ rps: 20, burst: 20 }), [['l/rps', 50_000, 950_000]]);
    assert.deepEqual(numbers({ rps: 5 }), [['l/rps', 200_000, 800_000]]);
    assert.deepEqual(numbers({ rps: 3, burst: 1 }), [['l/rps', 333_334, 0]]);
    assert.deepEqual(numbers({ rpm: 60, burst: 10 }), [['l/rpm', 1_000_000, 9_000_000]]);
    assert.deepEqual(numbers({ rpm: 600 }), [['l/rpm', 100_000, 5_900_000]]);
    assert.deepEqual(numbers({ rpm: 7 }), [['l/rpm', 8_571_429, 0]]);
  });
  it('give burst to rps when both rates are there', () => {
    assert.deepEqual(numbers({ rps: 20, rpm: 600, burst: 40 }), [
      ['l/rps', 50_000, 39 * 50_000],
      ['l/rpm', 100_000, 59 * 100_000],
    ]);
  });
  it('say what a refusal is called', () => {
    const [rps, rpm] = demands({ id: 'l', per: 'agent', rps: 5, rpm: 60, mode: 'alert_only' });
    assert.deepEqual(rps?.denial, { reason: 'LIMIT_RPS', rule_id: 'l' });
    assert.deepEqual(rpm?.denial, { reason: 'LIMIT_RPM', rule_id: 'l' });
    assert.deepEqual([rps?.op.mode, rpm?.op.mode, rps && gcraOf(rps).cost], ['alert_only', 'alert_only', 1]);
    assert.equal(demands({ id: 'l', per: 'agent', rps: 5 })[0]?.op.mode, 'hard_stop');
  });
  it('come in document order and only for what they cover', () => {
    const { policy } = limitsOf(
      {
        id: 'z',
        per: 'agent',
        rps: 1,
        match: { destination: { hosts: ['*.example.com', 'api.example.com'] } },
      },
      { id: 'other', per: 'agent', rps: 1, match: { methods: ['PUT'] } },
      { id: 'a', per: 'team', rps: 1 },
    );
    const found = policy.limits(requestOf({ url: 'https://api.example.com/' }), principalOf());
    assert.deepEqual(
      found.map(({ denial }) => denial.rule_id),
      ['z', 'a'],
    );
  });
  it('count what may be covered: tunnels, overrides, every reading of a path', () => {
    const covers = (match: Limit['match'], sample: Parameters<typeof requestOf>[0]) =>
      limitsOf({ id: 'l', per: 'agent', rps: 1, ...(match ? { match } : {}) }).policy.limits(
        requestOf(sample),
        principalOf(),
      ).length === 1;
    assert.ok(covers({ methods: ['POST'] }, { connect: 'a.example:443' }));
    assert.ok(!covers({ protocol: { kind: 'http' } }, { connect: 'a.example:443' }));
    assert.ok(covers({ methods: ['POST'] }, { url: 'http://a.example/', headers: ['x-http-method'] }));
    assert.ok(!covers({ methods: ['POST'] }, { url: 'http://a.example/' }));
    assert.ok(covers({ path_prefixes: ['/b'] }, { url: 'http://a.example/a/../b' }));
    assert.ok(covers({ path_prefixes: ['/a'] }, { url: 'http://a.example/a/../b' }));
    assert.ok(covers({ destination: { any_host: true } }, { url: 'http://192.0.2.1/' }));
  });
  it('have a bucket for each tenant, limit, window and id', () => {
    const key = (limit: Partial<Limit>, agent: TestAgent) =>
      demands({ id: 'l', per: 'agent', rps: 1, ...limit }, agent)[0]?.op.key;
    assert.equal(key({}, {}), key({}, { team_id: 't9', project_id: 'p9', environment: 'prod' }));
    assert.equal(key({ per: 'team' }, {}), key({ per: 'team' }, { agent_id: 'a9' }));
    const keys = [
      key({}, {}),
      key({}, { agent_id: 'a9' }),
      key({}, { tenant_id: 'other' }),
      key({ id: 'm' }, {}),
    ];
    for (const per of ['team', 'project', 'environment'] as const) keys.push(key({ per }, {}));
    // Equal ids in different dimensions are different buckets.
    keys.push(key({ per: 'team' }, { team_id: 'x' }), key({ per: 'project' }, { project_id: 'x' }));
    const both = demands({ id: 'l', per: 'agent', rps: 1, rpm: 1 });
    assert.notEqual(both[0]?.op.key, both[1]?.op.key);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(key({}, {}), '7:default5:l/rps5:agent2:a1');
  });
  it('never make one key of two', () => {
    const id = fc.string({ unit: fc.constantFrom('a', '1', '2', '.', '-'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(id, id, id, id, (tenant, agent, tenant2, agent2) => {
        const key = (tenant_id: string, agent_id: string) =>
          demands({ id: 'l', per: 'agent', rps: 1 }, { tenant_id, agent_id })[0]?.op.key;
        assert.equal(key(tenant, agent) === key(tenant2, agent2), tenant === tenant2 && agent === agent2);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the guarantee', () => {
  /** GCRA on rational time: a request conforms when it is not earlier than the theoretical time minus the tolerance. */
  function admitted(demand: LimitDemand, times: readonly number[]): number[] {
    const op = gcraOf(demand);
    let theoretical = 0n;
    return times.filter((time) => {
      const now = BigInt(time);
      if (now + BigInt(op.tolerance_us) < theoretical) return false;
      theoretical = (theoretical > now ? theoretical : now) + BigInt(op.period_us);
      return true;
    });
  }

  it('is at most burst + floor(t / T) in any t, and never more than the rate allows', () => {
    const limits = fc.record({
      rps: fc.integer({ min: 1, max: 40 }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    const gaps = fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(limits, gaps, ({ rps, burst }, gaps) => {
        const [demand] = demands({ id: 'l', per: 'agent', rps, burst });
        assert.ok(demand);
        let now = 0;
        const passed = admitted(
          demand,
          gaps.map((gap) => (now += gap)),
        );
        for (const [i, first] of passed.entries()) {
          for (const [j, last] of passed.entries()) {
            if (j < i) continue;
            const t = last - first;
            assert.ok(j - i + 1 <= burst + Math.floor(t / gcraOf(demand).period_us));
            assert.ok(j - i + 1 <= burst + Math.floor((t * rps) / 1_000_000));
          }
        }
      }),
      { numRuns: 40 },
    );
  });
  it('lets exactly burst pass at once', () => {
    const [demand] = demands({ id: 'l', per: 'agent', rpm: 60, burst: 7 });
    assert.ok(demand);
    assert.equal(admitted(demand, new Array<number>(50).fill(1)).length, 7);
  });
});
