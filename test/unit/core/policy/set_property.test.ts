import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { type Compilation, compileCanonical, compilePolicySet } from '../../../../src/core/policy/compile.ts';
import type { RuleOutcome } from '../../../../src/core/policy/compiled.ts';
import { formatProblem } from '../../../../src/core/policy/mistakes.ts';
import { requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import type { PolicyDocument, Rule } from '../../../../src/gen/policy_document.ts';
import { naiveSet, naiveSetObservers } from './naive_set.ts';
import { agents, requests } from './random_policy.ts';
import { ancestry, MOMENTS, type RandomSet, sets, setsWithShadow } from './random_set.ts';
import { principalOf } from './sample.ts';

const moments = fc.constantFrom(...Object.values(MOMENTS));
const many = fc.array(fc.tuple(requests, agents, moments), { minLength: 12, maxLength: 12 });

function compiledSet(set: RandomSet, shadow?: PolicyDocument): Compilation {
  const source = (document: PolicyDocument) => ({
    file: `${document.id}.json`,
    text: JSON.stringify(document),
  });
  const result = compilePolicySet({
    entry: source(set.entry),
    others: set.others.map(source),
    ...(shadow ? { shadow: source(shadow) } : {}),
    trust: 'signed',
  });
  assert.ok(result.ok, result.ok ? '' : result.problem.map(formatProblem).join('\n'));
  return result.value;
}

it('agrees with an evaluator that cuts the set into pieces', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(sets, many, (set, asked) => {
      const { policy } = compiledSet(set);
      for (const [request, agent, atMs] of asked) {
        const who = principalOf(agent);
        const { live, shadow, observed_by } = policy.evaluate(request, who, atMs);
        assert.deepEqual(live, naiveSet(set, { request, who, atMs }));
        assert.deepEqual(shadow, naiveSet(set, { request, who, atMs }, true));
        assert.deepEqual(observed_by, naiveSetObservers(set, { request, who, atMs }));
        const outcome = live.stream ? 'stream' : (live.tunnel ?? live.reason);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    }),
    { numRuns: 300 },
  );
  // The comparison says nothing about outcomes that never came up.
  assert.equal(seen.size, 12, JSON.stringify([...seen]));
});

it('a child never relaxes a parent', () => {
  let denials = 0;
  let ceilings = 0;
  fc.assert(
    fc.property(sets, many, (set, asked) => {
      const { policy } = compiledSet(set);
      const known = new Map(set.others.map((one) => [one.id, one]));
      for (const id of ancestry(set.entry.inherits ?? [], known)) {
        const parent = known.get(id) ?? assert.fail();
        const strict = compiledSet({ entry: onlyDenies(parent), others: [] }).policy;
        // Bytes that are no TLS need a tunnel for any bytes, and nothing stricter beside it.
        const strictOnBytes = compiledSet({ entry: onlyDenies(parent, ['tcp']), others: [] }).policy;
        const alone = compiledSet({ entry: withoutExceptions(parent), others: set.others }).policy;
        for (const [request, agent] of asked) {
          const who = principalOf(agent);
          // Long after every exception has run out.
          const { verdict, tunnel } = policy.evaluate(request, who, MOMENTS.late).live;
          // What an intercepted tunnel hides, its requests are asked one by one; only for that the parent waits.
          const isMeant = ({ verdict: said, reason, rule_id }: RuleOutcome) =>
            said === 'deny' &&
            // Nor does a rule against any bytes speak of a tunnel that carries TLS alone.
            !(
              tunnel !== 'raw' &&
              isDeny([parent, ...set.others], rule_id, ({ match }) => match?.protocol?.kind === 'tcp')
            ) &&
            !(
              tunnel === 'intercept' &&
              reason === 'TUNNEL_OPAQUE' &&
              isDeny([parent, ...set.others], rule_id)
            );
          const isBytes = request.mode === 'transparent' && request.visibility === 'authority';
          if (isMeant((isBytes ? strictOnBytes : strict).evaluate(request, who).live)) {
            denials += 1;
            assert.equal(verdict, 'deny');
          }
          if (parent.ceiling && isMeant(alone.evaluate(request, who).live)) {
            ceilings += 1;
            assert.equal(verdict, 'deny');
          }
        }
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(denials > 30 && ceilings > 100, `${denials} ${ceilings}`);
});

it('an exception only lifts the rule that it names, and only while it lasts', () => {
  let lifted = 0;
  fc.assert(
    fc.property(sets, many, (set, asked) => {
      const { policy } = compiledSet(set);
      const bare: RandomSet = {
        entry: withoutExceptions(set.entry),
        others: set.others.map(withoutExceptions),
      };
      const plain = compiledSet(bare).policy;
      for (const [request, agent, atMs] of asked) {
        const who = principalOf(agent);
        const expected = plain.evaluate(request, who).live;
        assert.deepEqual(policy.evaluate(request, who, MOMENTS.late).live, expected);
        assert.deepEqual(policy.evaluate(request, who).live, expected);
        const now = policy.evaluate(request, who, atMs).live;
        if (now.reason === expected.reason && now.rule_id === expected.rule_id) continue;
        assert.equal(expected.verdict, 'deny');
        assert.match(expected.rule_id ?? '', /^d[0-9]\//);
        lifted += 1;
      }
    }),
    { numRuns: 600 },
  );
  assert.ok(lifted > 2, String(lifted));
});

it('gives the same verdict whatever the order of rules, parents and files', () => {
  fc.assert(
    fc.property(sets, many, (set, asked) => {
      const { policy } = compiledSet(set);
      const turned = compiledSet({ entry: turn(set.entry), others: set.others.map(turn).reverse() }).policy;
      for (const [request, agent, atMs] of asked) {
        const who = principalOf(agent);
        assert.deepEqual(turned.evaluate(request, who, atMs), policy.evaluate(request, who, atMs));
      }
    }),
    { numRuns: 100 },
  );
});

it('a shadow document changes nothing that is live', () => {
  let differing = 0;
  fc.assert(
    fc.property(setsWithShadow, many, ({ shadow, ...set }, asked) => {
      const plain = compiledSet(set).policy;
      const { policy } = compiledSet(set, shadow);
      const alone = compiledSet({ entry: shadow, others: set.others }).policy;
      assert.equal(policy.policy_id, plain.policy_id);
      assert.equal(policy.shadow_hash, alone.policy_hash);
      for (const [request, agent, atMs] of asked) {
        const who = principalOf(agent);
        const judged = policy.evaluate(request, who, atMs);
        const expected = plain.evaluate(request, who, atMs);
        assert.deepEqual(judged.live, expected.live);
        assert.deepEqual(judged.observed_by, expected.observed_by);
        assert.deepEqual(policy.limits(request, who), plain.limits(request, who));
        assert.deepEqual(judged.shadow, alone.evaluate(request, who, atMs).live);
        if (judged.shadow.verdict !== judged.live.verdict) differing += 1;
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(differing > 5, String(differing));
});

it('reaches the same verdict from the recorded facts and the archived set', () => {
  fc.assert(
    fc.property(setsWithShadow, many, ({ shadow, ...set }, asked) => {
      const { policy } = compiledSet(set, shadow);
      const archived = compileCanonical(policy.canonical);
      assert.ok(archived.ok);
      assert.equal(archived.value.policy.policy_hash, policy.policy_hash);
      for (const [request, agent, atMs] of asked) {
        const recorded = requestFromFacts(requestFacts(request, policy.query_names));
        assert.ok(recorded);
        const who = principalOf(agent);
        assert.deepEqual(
          archived.value.policy.evaluate(recorded, who, atMs),
          policy.evaluate(request, who, atMs),
        );
      }
    }),
    { numRuns: 100 },
  );
});

/** A rule of the first document, or, as `document/rule`, of another. */
function isDeny(
  [own, ...others]: readonly PolicyDocument[],
  id: string | undefined,
  isMeant: (rule: Rule) => boolean = () => true,
): boolean {
  const isIt = (rule: Rule, name: string) => name === id && rule.action === 'deny' && isMeant(rule);
  return (
    own?.rules.some((rule) => isIt(rule, rule.id)) === true ||
    others.some((one) => one.rules.some((rule) => isIt(rule, `${one.id}/${rule.id}`)))
  );
}

function withoutExceptions({ exceptions: _exceptions, ...rest }: PolicyDocument): PolicyDocument {
  return rest;
}

/** Everything allowed that the live deny rules of a document let through. */
function onlyDenies(
  { id, rules }: PolicyDocument,
  kinds: readonly ('http' | 'websocket' | 'connect' | 'tcp')[] = ['http', 'websocket', 'connect', 'tcp'],
): PolicyDocument {
  const denies = rules.filter(({ action, shadow }) => action === 'deny' && !shadow);
  const open = kinds.map((kind): Rule => {
    const destination = { any_host: true as const };
    return { id: `all-${kind}`, action: 'allow', path: 'raw', match: { destination, protocol: { kind } } };
  });
  const addresses = ['192.0.2.1', '2001:db8::1'] as [string, string];
  const listed = kinds.map((kind): Rule => {
    const destination = { hosts: addresses };
    return { id: `ip-${kind}`, action: 'allow', path: 'raw', match: { destination, protocol: { kind } } };
  });
  return { schema: 'clawgress/policy/v1', id, rules: [...open, ...listed, ...denies] };
}

function turn(document: PolicyDocument): PolicyDocument {
  const { inherits, exceptions } = document;
  return {
    ...document,
    rules: document.rules.toReversed(),
    ...(inherits ? { inherits: inherits.toReversed() as [string, ...string[]] } : {}),
    ...(exceptions ? { exceptions: exceptions.toReversed() as typeof exceptions } : {}),
  };
}
