import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { RequestDemands } from '../../../../src/core/contract/demands.ts';
import { compileCanonical } from '../../../../src/core/policy/compile.ts';
import { contains } from '../../../../src/core/policy/containment.ts';
import { planMatch } from '../../../../src/core/policy/plan.ts';
import { coverage } from '../../../../src/core/policy/precedence.ts';
import { viewOf } from '../../../../src/core/policy/request_view.ts';
import { requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import { naiveIsWatched, naiveLive, naiveObservers, naiveShadow } from './naive.ts';
import { bodyDocuments, bodyRequests } from './random_body.ts';
import { agents } from './random_policy.ts';
import { compiled, principalOf } from './sample.ts';

const many = fc.array(fc.tuple(bodyRequests, agents), { minLength: 12, maxLength: 12 });

it('agrees about bodies with an evaluator that knows nothing of it', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(bodyDocuments, many, (document, asked) => {
      const { policy } = compiled(document);
      for (const [request, agent] of asked) {
        const who = principalOf(agent);
        const { live, shadow, observed_by } = policy.evaluate(request, who);
        const own = naiveLive(document, request, who);
        const all = naiveShadow(document, request, who);
        const isOutcome = ({ inspect: _i, ...outcome }: object & { inspect?: unknown }) => outcome;
        const isPending = live.inspect !== undefined && request.body === undefined;
        const { response: _r, ...ownPending } = own;
        assert.deepEqual(isOutcome(live), isOutcome(isPending ? ownPending : own));
        // Of a denial nobody waits for the body, so what a shadow rule would make of it stays open.
        const isOpen = !request.body && live.verdict === 'deny';
        // Nobody looks into a stream, and least of all for rules without effect.
        const isUnread = !request.body && request.protocol !== 'http';
        if (shadow === live) assert.equal(`${all.verdict} ${all.rule_id}`, `${own.verdict} ${own.rule_id}`);
        else if (all.inspect === undefined || isOpen || isUnread) assert.deepEqual(shadow, all);
        else if (request.body === undefined) assert.deepEqual(shadow.inspect, live.inspect);
        else assert.equal(shadow.reason, 'SCHEMA_INVALID');
        assert.deepEqual(observed_by, naiveObservers(document, request, who));
        const isWatched = naiveIsWatched(document, request, who);
        const isAsked = all.inspect !== undefined || isWatched;
        const onlooks = own.verdict === 'allow' && !request.body && !isUnread && isAsked;
        if (!onlooks) assert.deepEqual(live.inspect, own.inspect);
        else refusesNothingMore(live.inspect, own.inspect as RequestDemands | undefined);
        const outcome = live.inspect
          ? request.body
            ? 'again'
            : 'pending'
          : live.response
            ? 'response'
            : live.reason;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    }),
    { numRuns: 200 },
  );
  // The comparison says nothing about outcomes that never came up.
  const wanted = ['pending', 'response', 'BODY_INVALID', 'BODY_TOO_LARGE', 'BODY_TYPE_REFUSED'];
  for (const one of [...wanted, 'AI_UNREADABLE', 'POLICY_DENY', 'POLICY_ALLOW', 'OVERRIDE_HEADER'])
    assert.ok(seen.has(one), `${one}: ${JSON.stringify([...seen])}`);
});

/** For rules without effect only facts are added. */
function refusesNothingMore(asked: RequestDemands | undefined, own: RequestDemands | undefined): void {
  assert.ok(asked, 'somebody looks');
  const { schemas, elements: _e, ai: _a, ...rest } = asked;
  if (own === undefined) {
    const { word: _w, ...free } = rest;
    assert.deepEqual(free, { format: 'any', max_bytes: 16_777_216, on_oversize: 'scan_prefix' });
    return;
  }
  const { schemas: less, elements: _f, ai: _b, ...same } = own;
  assert.deepEqual(rest, same);
  assert.ok(
    less.every((hash) => schemas.includes(hash)),
    'what the live rules ask is still asked',
  );
}

it('never lets a request go on that it would not let go on once the body is known', () => {
  fc.assert(
    fc.property(bodyDocuments, many, (document, asked) => {
      const { policy } = compiled(document);
      for (const [request, agent] of asked) {
        if (request.body === undefined) continue;
        const { body: _body, ...before } = request;
        const who = principalOf(agent);
        const early = policy.evaluate(before, who).live;
        const late = policy.evaluate(request, who).live;
        // A denial without the body is final; an allow that waits for nothing is, too.
        if (early.verdict === 'deny') assert.equal(late.verdict, 'deny');
        if (early.verdict === 'allow' && early.inspect === undefined && request.body.problem === undefined) {
          if (request.body.repair === undefined) assert.deepEqual(late, early);
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('comes to the same from what receipts hold', () => {
  fc.assert(
    fc.property(bodyDocuments, many, (document, asked) => {
      const { policy } = compiled(document);
      const again = compileCanonical(policy.canonical);
      assert.ok(again.ok, 'canonical bytes compile');
      for (const [request, agent] of asked) {
        const facts = requestFacts(request, policy.query_names);
        const read = requestFromFacts(facts);
        if (read === undefined) continue;
        assert.deepEqual(
          again.value.policy.evaluate(read, principalOf(agent)),
          policy.evaluate(request, principalOf(agent)),
        );
      }
    }),
    { numRuns: 40 },
  );
});

it('contains no call that the wider match does not match', () => {
  fc.assert(
    fc.property(bodyDocuments, many, ({ rules }, asked) => {
      const plans = rules.map(({ match = {} }) => planMatch(match));
      for (const outer of plans) {
        for (const inner of plans) {
          if (!contains(outer, inner)) continue;
          for (const [request, agent] of asked) {
            const said = [inner, outer].map((one) => coverage(one, viewOf(request), principalOf(agent)));
            if (said[0] === 'yes') assert.equal(said[1], 'yes');
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});
