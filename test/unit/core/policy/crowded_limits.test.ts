import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileCanonical, compilePolicy, compilePolicySet } from '../../../../src/core/policy/compile.ts';
import { crowdedLimits } from '../../../../src/core/policy/crowded_limits.ts';
import { buildPlan } from '../../../../src/core/policy/plan.ts';
import { policyOf } from '../../../../src/core/policy/policy.ts';
import { RECORD_CAPS } from '../../../../src/core/receipt/common_fields.ts';
import type { Limit, Match, PolicyDocument } from '../../../../src/gen/policy_document.ts';
import { naiveLimits } from './naive.ts';
import { agents, matches, requests } from './random_policy.ts';
import { documentOf, principalOf } from './sample.ts';

const MOST = RECORD_CAPS.buckets;
const limitsFor = (count: number, matchOf: (i: number) => Match | undefined, id = 'l'): Limit[] =>
  Array.from({ length: count }, (_, i) => {
    const match = matchOf(i);
    return { id: `${id}${i}`, per: 'agent', rps: 1, ...(match === undefined ? {} : { match }) };
  });
const problems = (limits: Limit[]) => {
  const text = JSON.stringify(documentOf({ limits }));
  const result = compilePolicy({ file: 'p.json', text });
  return result.ok ? [] : result.problem.map(({ code, pointer }) => `${code} ${pointer}`);
};
const everywhere = () => undefined;

describe('limits that meet in one request', () => {
  it('may have as many buckets as a receipt has room for', () => {
    assert.deepEqual(problems(limitsFor(MOST, everywhere)), []);
    assert.deepEqual(problems(limitsFor(MOST + 1, everywhere)), [`TOO_MANY_BUCKETS /limits/${MOST}`]);
    const both = limitsFor(MOST / 2 + 1, everywhere).map((limit) => ({ ...limit, rpm: 6 }));
    assert.deepEqual(problems(both), [`TOO_MANY_BUCKETS /limits/${MOST / 2}`]);
  });

  it('are not those that exclude each other', () => {
    const apart: Record<string, (i: number) => Match> = {
      agents: (i) => ({ agent: { agent_id: [`a${i}`] } }),
      environments: (i) => ({ agent: { environment: [`e${i}`] } }),
      hosts: (i) => ({ destination: { hosts: [`h${i}.example`, `*.w${i}.example`] } }),
      ports: (i) => ({ destination: { ports: [i + 1] } }),
    };
    for (const [name, matchOf] of Object.entries(apart))
      assert.deepEqual(problems(limitsFor(1_000, matchOf)), [], name);
    const kinds = (i: number): Match => ({ protocol: { kind: i % 2 === 0 ? 'http' : 'connect' } });
    assert.deepEqual(problems(limitsFor(2 * MOST, kinds)), []);
    const mixed = (i: number) => (i % 2 === 0 ? apart['agents']?.(i) : apart['hosts']?.(i));
    assert.deepEqual(problems(limitsFor(1_000, mixed)), []);
  });

  it('are those that only methods, paths, schemes and queries keep apart: a request can hide them', () => {
    const hidden: Record<string, (i: number) => Match> = {
      methods: (i) => ({ methods: [`M${String.fromCharCode(65 + (i % 26))}${i > 25 ? 'X' : ''}`] }),
      paths: (i) => ({ path_prefixes: [`/p${i}`] }),
      queries: (i) => ({ query: { absent: [`q${i}`] } }),
    };
    for (const [name, matchOf] of Object.entries(hidden))
      assert.deepEqual(problems(limitsFor(MOST + 1, matchOf)), [`TOO_MANY_BUCKETS /limits/${MOST}`], name);
  });

  it('meet below a wildcard', () => {
    const hosts = (...names: [string, ...string[]]): Match => ({ destination: { hosts: names } });
    const wide = limitsFor(MOST, (i) => hosts(i % 2 === 0 ? '*.example.com' : '*.api.example.com'));
    const one = (name: string) => limitsFor(1, () => hosts(name), 'one');
    assert.deepEqual(problems([...wide, ...one('example.com')]), []);
    assert.deepEqual(problems([...wide, ...one('www.example.com')]), []);
    assert.deepEqual(problems([...wide, ...one('v1.api.example.com')]), [`TOO_MANY_BUCKETS /limits/${MOST}`]);
    assert.deepEqual(problems([...wide, ...one('*.v1.api.example.com')]), [
      `TOO_MANY_BUCKETS /limits/${MOST}`,
    ]);
  });

  it('count together with inherited ones', () => {
    const source = (id: string, parts: Partial<PolicyDocument>) => ({
      file: `${id}.json`,
      text: JSON.stringify({ ...documentOf(parts), id }),
    });
    const compile = (own: number, inherited: number) => {
      const entry = source('child', { inherits: ['top'], limits: limitsFor(own, everywhere) });
      const others = [source('top', { limits: limitsFor(inherited, everywhere) })];
      const result = compilePolicySet({ entry, others, trust: 'local' });
      return result.ok ? [] : result.problem.map(({ file, code, pointer }) => `${file} ${code} ${pointer}`);
    };
    assert.deepEqual(compile(8, MOST - 8), []);
    assert.deepEqual(compile(9, MOST - 8), ['child.json TOO_MANY_BUCKETS /limits/8']);
    assert.deepEqual(compile(0, MOST + 1), ['child.json TOO_MANY_BUCKETS /inherits']);
  });

  it('are taken from the archive as they were: what was once in force can be replayed', () => {
    const document = documentOf({ limits: limitsFor(MOST + 1, everywhere) });
    const { canonical } = policyOf({ document, ancestors: [], plan: buildPlan(document) });
    assert.ok(compileCanonical(canonical).ok);
  });

  it('are never missed', () => {
    let met = 0;
    const asked = fc.array(fc.tuple(requests, agents), { minLength: 12, maxLength: 12 });
    const sets = fc.array(matches, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sets, asked, fc.integer({ min: 1, max: 4 }), (listed, all, most) => {
        const document = documentOf({ limits: limitsFor(listed.length, (i) => listed[i]) });
        const crowd = crowdedLimits(buildPlan(document).limits, most);
        for (const [request, agent] of all) {
          // Of all tunnels a raw one is counted by the most limits.
          const { length } = naiveLimits(document, request, principalOf(agent), 'raw');
          if (length <= most) continue;
          met += 1;
          assert.ok(crowd !== undefined && crowd.length > most);
        }
      }),
      { numRuns: 400 },
    );
    assert.ok(met > 100, `${met} requests met more limits than that`);
  });

  it('are found among a thousand that list much', () => {
    const wide = limitsFor(500, (i) => ({
      agent: { agent_id: [`a${i}`, `b${i % 7}`] },
      destination: { hosts: ['*.example.com'] },
    }));
    const narrow = limitsFor(
      500,
      (i) => ({
        agent: { team_id: [`t${i}`] },
        destination: { hosts: Array.from({ length: 100 }, (_, j) => `h${j}.x${i}.example.com`) as [string] },
      }),
      'n',
    );
    assert.equal(problems([...wide, ...narrow]).length, 1);
  });
});
