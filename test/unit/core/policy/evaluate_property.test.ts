import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { compileCanonical } from '../../../../src/core/policy/compile.ts';
import { contains } from '../../../../src/core/policy/containment.ts';
import { planMatch } from '../../../../src/core/policy/plan.ts';
import { covers } from '../../../../src/core/policy/precedence.ts';
import { viewOf } from '../../../../src/core/policy/request_view.ts';
import { requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import type { PolicyDocument } from '../../../../src/gen/policy_document.ts';
import { naiveLimits, naiveLive, naiveObservers, naiveShadow } from './naive.ts';
import { agents, documents, requests } from './random_policy.ts';
import { compiled, principalOf } from './sample.ts';

const many = fc.array(fc.tuple(requests, agents), { minLength: 12, maxLength: 12 });

it('agrees with an evaluator that tries every rule in turn', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(documents, many, (document, asked) => {
      const { policy } = compiled(document);
      for (const [request, agent] of asked) {
        const who = principalOf(agent);
        const { live, shadow, observed_by } = policy.evaluate(request, who);
        assert.deepEqual(live, naiveLive(document, request, who));
        assert.deepEqual(shadow, naiveShadow(document, request, who));
        assert.deepEqual(observed_by, naiveObservers(document, request, who));
        const limits = policy.limits(request, who, live.tunnel).map(({ denial }) => denial.rule_id);
        assert.deepEqual(limits, naiveLimits(document, request, who, live.tunnel ?? 'none'));
        const outcome = live.stream ? 'stream' : (live.tunnel ?? live.reason);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    }),
    { numRuns: 100 },
  );
  // The comparison says nothing about outcomes that never came up.
  assert.equal(seen.size, 11, JSON.stringify([...seen]));
});

it('gives the same verdict whatever the order of the rules', () => {
  const shuffled = documents.chain((document) =>
    fc.tuple(
      fc.constant(document),
      fc.shuffledSubarray(document.rules, { minLength: document.rules.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, many, ([document, rules], asked) => {
      const { policy } = compiled(document);
      const other = compiled({ ...document, rules }).policy;
      for (const [request, agent] of asked) {
        const who = principalOf(agent);
        assert.deepEqual(other.evaluate(request, who), policy.evaluate(request, who));
      }
    }),
    { numRuns: 100 },
  );
});

it('never lets shadow rules, observers or priorities change the live verdict', () => {
  const stripped = ({ rules, ...rest }: PolicyDocument): PolicyDocument => ({
    ...rest,
    rules: rules
      .filter(({ shadow, action }) => !shadow && (action === 'allow' || action === 'deny'))
      .map((rule) => {
        const { priority: _priority, ...kept } = rule;
        return kept;
      }),
  });
  fc.assert(
    fc.property(documents, many, (document, asked) => {
      const { policy } = compiled(document);
      const plain = compiled(stripped(document)).policy;
      for (const [request, agent] of asked) {
        const who = principalOf(agent);
        const { verdict, reason } = policy.evaluate(request, who).live;
        const expected = plain.evaluate(request, who).live;
        assert.deepEqual([verdict, reason], [expected.verdict, expected.reason]);
      }
    }),
    { numRuns: 60 },
  );
});

it('reaches the same verdict from the recorded facts and the archived document', () => {
  fc.assert(
    fc.property(documents, many, (document, asked) => {
      const { policy } = compiled(document);
      const archived = compileCanonical(policy.canonical);
      assert.ok(archived.ok);
      assert.equal(archived.value.policy.policy_hash, policy.policy_hash);
      for (const [request, agent] of asked) {
        const recorded = requestFromFacts(requestFacts(request, policy.query_names));
        assert.ok(recorded);
        const who = principalOf(agent);
        assert.deepEqual(archived.value.policy.evaluate(recorded, who), policy.evaluate(request, who));
        const { tunnel } = policy.evaluate(request, who).live;
        const limits = policy.limits(request, who, tunnel);
        assert.deepEqual(archived.value.policy.limits(recorded, who, tunnel), limits);
      }
    }),
    { numRuns: 60 },
  );
});

it('only calls a match contained when no request tells the difference', () => {
  let contained = 0;
  fc.assert(
    fc.property(documents, many, ({ rules }, asked) => {
      const plain = rules.map(({ match = {} }) => match);
      // A match with more predicates, so that there is something to contain.
      const narrower = plain.map((match, i) => ({ ...plain[i - 1], ...match }));
      const matches = [...plain, ...narrower].map(planMatch);
      for (const outer of matches) {
        for (const inner of matches) {
          if (outer === inner || !contains(outer, inner)) continue;
          contained += 1;
          for (const [request, agent] of asked) {
            const view = viewOf(request);
            const who = principalOf(agent);
            if (covers(inner, view, who)) assert.ok(covers(outer, view, who));
          }
        }
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(contained > 100);
});
