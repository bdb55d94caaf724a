import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compilePolicySet } from '../../../../src/core/policy/compile.ts';
import type { CompiledPolicy } from '../../../../src/core/policy/compiled.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import { Replay } from '../../../../src/core/verdict/replay.ts';
import { Simulation, type SimulationOutcome } from '../../../../src/core/verdict/simulate.ts';
import type { StreamCaps } from '../../../../src/core/verdict/stream_caps.ts';
import type { Limit, PolicyDocument, Rule } from '../../../../src/gen/policy_document.ts';
import { agents, documents, requests } from '../policy/random_policy.ts';
import { setsWithShadow } from '../policy/random_set.ts';
import { compiled, documentOf, principalOf, requestOf } from '../policy/sample.ts';
import { type Asked, TestRecorder } from './recorded.ts';

/** Three seconds before exceptions of random sets run out. */
const START = 1_599_999_997_000;
const URL = 'https://api.example.com/v1';
const open: Rule = { id: 'open', action: 'allow', match: { destination: { any_host: true } } };
const limit = (parts: Partial<Limit>): Limit => ({ id: 'slow', per: 'agent', ...parts });

/** Few agents and little time between requests, so that limits are met. */
const traffic = fc
  .array(fc.tuple(requests, agents, fc.nat(300)), { minLength: 20, maxLength: 40 })
  .map((list) => {
    let atMs = START;
    return list.map(([request, agent, gap]): Asked => {
      atMs += gap;
      return { request, who: principalOf(agent), atMs };
    });
  });

function recorded(policy: CompiledPolicy, asked: readonly Asked[]): readonly DecisionRecord[] {
  const recorder = new TestRecorder();
  for (const one of asked) recorder.record(policy, one);
  return recorder.records;
}

function simulated(
  records: readonly DecisionRecord[],
  live: CompiledPolicy,
  candidate: CompiledPolicy,
  complete = true,
): SimulationOutcome[] {
  const simulation = new Simulation(candidate, { complete });
  return records.map((record) => simulation.decision(record, live.query_names));
}

const at = (offsetMs: number, url = URL): Asked => ({
  request: requestOf({ url }),
  who: principalOf(),
  atMs: START + offsetMs,
});

describe('policy simulation', () => {
  it('finds no difference under the policy that was live, limits included', () => {
    let limited = 0;
    fc.assert(
      fc.property(documents, traffic, (document, asked) => {
        const limits = [...(document.limits ?? []), limit({ per: 'team', rps: 2 })];
        const { policy } = compiled({ ...document, rules: [...document.rules, open], limits });
        const records = recorded(policy, asked);
        limited += records.filter(({ reason }) => reason === 'LIMIT_RPS').length;
        for (const outcome of simulated(records, policy, policy)) assert.deepEqual(outcome, { kind: 'same' });
      }),
      { numRuns: 60 },
    );
    assert.ok(limited > 20, String(limited));
  });

  it('finds no difference for sets with exceptions that run out in between, or with a shadow document', () => {
    fc.assert(
      fc.property(setsWithShadow, traffic, ({ entry, others, shadow }, asked) => {
        const source = (one: PolicyDocument) => ({ file: one.id, text: JSON.stringify(one) });
        const set = compilePolicySet({
          entry: source(entry),
          others: others.map(source),
          shadow: source(shadow),
          trust: 'signed',
        });
        assert.ok(set.ok);
        const { policy } = set.value;
        for (const outcome of simulated(recorded(policy, asked), policy, policy))
          assert.deepEqual(outcome, { kind: 'same' });
      }),
      { numRuns: 60 },
    );
  });

  it('finds exactly what one changed rule changes', () => {
    let changed = 0;
    fc.assert(
      fc.property(documents, fc.nat(30), traffic, (document, which, asked) => {
        const { limits: _limits, ...rest } = document;
        const rules = [...rest.rules, open];
        const live = compiled({ ...rest, rules }).policy;
        const candidate = compiled({ ...rest, rules: rules.filter((_, i) => i !== which % rules.length) });
        const outcomes = simulated(recorded(live, asked), live, candidate.policy);
        for (const [i, { request, who }] of asked.entries()) {
          const outcome = outcomes[i];
          if (outcome?.kind === 'skipped') continue;
          const before = said(live.evaluate(request, who).live);
          const after = said(candidate.policy.evaluate(request, who).live);
          if (before !== after) changed += 1;
          assert.equal(outcome?.kind, before === after ? 'same' : 'different');
          if (outcome?.kind !== 'different') continue;
          assert.deepEqual([said(outcome.recorded), said(outcome.candidate)], [before, after]);
        }
      }),
      { numRuns: 100 },
    );
    assert.ok(changed > 50, String(changed));
  });

  it('folds the limits of the candidate over the recorded times', () => {
    const live = compiled(documentOf({ rules: [open], limits: [limit({ rps: 5 })] })).policy;
    const candidate = compiled(documentOf({ rules: [open], limits: [limit({ rps: 2 })] })).policy;
    const asked = [0, 0, 0, 0, 0, 0, 500, 500].map((offset) => at(offset));
    const records = recorded(live, asked);
    assert.deepEqual(
      records.map(({ verdict }) => verdict),
      ['allow', 'allow', 'allow', 'allow', 'allow', 'deny', 'allow', 'allow'],
    );
    const kinds = simulated(records, live, candidate).map((outcome) =>
      outcome.kind === 'different' ? said(outcome.candidate) : outcome.kind,
    );
    const denied = 'deny LIMIT_RPS slow';
    // Two at once, then one each half second: a request that was denied charges nothing.
    assert.deepEqual(kinds, ['same', 'same', denied, denied, denied, 'same', 'same', denied]);
  });

  it('goes on from the recorded buckets in the middle of a log', () => {
    const live = compiled(documentOf({ rules: [open], limits: [limit({ rps: 5 })] })).policy;
    const records = recorded(
      live,
      Array.from({ length: 8 }, () => at(0)),
    ).slice(3);
    for (const outcome of simulated(records, live, live, false)) assert.deepEqual(outcome, { kind: 'same' });
    // Taken for a whole log, the three charges before it are missing.
    assert.ok(simulated(records, live, live, true).some(({ kind }) => kind === 'different'));
  });

  it("judges exceptions by the recorded moment, not by the recorder's clock", () => {
    const base = documentOf({ id: 'base', rules: [{ id: 'no', action: 'deny', match: {} }] });
    const child = documentOf({
      id: 'child',
      inherits: ['base'],
      rules: [open],
      exceptions: [
        {
          id: 'x',
          to: 'base/no',
          match: open.match ?? {},
          reason: 'moving',
          expires: '2020-09-13T12:26:40Z',
        },
      ],
    });
    const source = (one: PolicyDocument) => ({ file: one.id, text: JSON.stringify(one) });
    const set = compilePolicySet({ entry: source(child), others: [source(base)], trust: 'signed' });
    assert.ok(set.ok);
    const { policy } = set.value;
    const records = recorded(policy, [at(2_999), at(3_000)]);
    assert.deepEqual(
      records.map(({ verdict, judged_ms }) => [verdict, judged_ms]),
      [
        ['allow', START + 2_999],
        ['deny', START + 3_000],
      ],
    );
    // The recorder writes a moment later, when the exception has run out.
    const late = records.map((record) => ({ ...record, ledger_ms: record.ledger_ms + 5_000 }));
    for (const outcome of simulated(late, policy, policy)) assert.deepEqual(outcome, { kind: 'same' });
    const replay = new Replay({ complete: false });
    for (const record of late) assert.deepEqual(replay.decision(record, policy), { kind: 'same' });
  });

  it('names what it cannot judge', () => {
    const live = compiled(documentOf({ rules: [open] })).policy;
    const looksAtQuery = { ...open, match: { ...open.match, query: { absent: ['debug'] as [string] } } };
    const candidate = compiled(documentOf({ rules: [looksAtQuery] })).policy;
    const withQuery = { ...at(0), request: { ...requestOf({ url: URL }), query_names: ['debug'] } };
    const [asked, plain] = simulated(recorded(live, [withQuery, at(0)]), live, candidate);
    assert.equal(asked?.kind, 'skipped');
    assert.deepEqual(plain, { kind: 'same' });
    const [record] = recorded(live, [at(0)]);
    assert.ok(record);
    const partial = simulated([{ ...record, replayable: false }], live, candidate);
    assert.equal(partial[0]?.kind, 'skipped');
  });
});

function said({
  verdict,
  reason,
  rule_id,
  stream,
}: {
  readonly verdict: string;
  readonly reason: string;
  readonly rule_id?: string;
  readonly stream?: StreamCaps;
}): string {
  const caps = stream === undefined ? [] : [JSON.stringify(Object.entries(stream).sort())];
  return [verdict, reason, rule_id ?? '-', ...caps].join(' ');
}
