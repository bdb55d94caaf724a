import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { CompiledPolicy } from '../../../../src/core/policy/compiled.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import { fail, ok } from '../../../../src/core/result.ts';
import { decide } from '../../../../src/core/verdict/decide.ts';
import { mergeLedger } from '../../../../src/core/verdict/merge.ts';
import { Replay } from '../../../../src/core/verdict/replay.ts';
import { Simulation } from '../../../../src/core/verdict/simulate.ts';
import type { Rule } from '../../../../src/gen/policy_document.ts';
import { agents, documents, requests } from '../policy/random_policy.ts';
import { compiled, documentOf, principalOf, requestOf } from '../policy/sample.ts';
import { TestRecorder } from './recorded.ts';

const START = 1_599_999_997_000;
const AT = { connect: 'api.example.com:443' };
const HOST = { hosts: ['api.example.com'] as [string] };
const inside: Rule = { id: 'r', action: 'allow', tls: 'intercept', match: { destination: HOST } };
const opaque: Rule = {
  ...{ id: 'r', action: 'allow' },
  match: { destination: HOST, protocol: { kind: 'connect' } },
};
const limits = [
  { id: 'all', per: 'agent' as const, rps: 1 },
  { id: 'tunnels', per: 'agent' as const, rps: 2, match: { protocol: { kind: 'connect' as const } } },
];
const policyOf = (rule: Rule) => compiled(documentOf({ rules: [rule], limits })).policy;

function recorded(policy: CompiledPolicy, times: number): readonly DecisionRecord[] {
  const recorder = new TestRecorder();
  const one = { request: requestOf(AT), who: principalOf(), atMs: START };
  for (let i = 0; i < times; i += 1) recorder.record(policy, one);
  return recorder.records;
}

describe('the verdict about a CONNECT', () => {
  it('says what opens, and asks only limits that count CONNECTs when requests inside are judged', () => {
    const judge = (rule: Rule) =>
      decide(policyOf(rule), { ok: true, principal: principalOf() }, ok(requestOf(AT)));
    const [intercepted, passed] = [judge(inside), judge(opaque)];
    assert.deepEqual([intercepted.verdict.tunnel, passed.verdict.tunnel], ['intercept', 'passthrough']);
    const asked = ({ demands }: typeof passed) => demands.map(({ denial }) => denial.rule_id);
    assert.deepEqual([asked(intercepted), asked(passed)], [['tunnels'], ['all', 'tunnels']]);
    const other = requestOf({ url: 'https://api.example.com/' });
    const plain = decide(policyOf(inside), { ok: true, principal: principalOf() }, ok(other)).verdict;
    assert.deepEqual([plain.verdict, plain.tunnel], ['allow', undefined]);
    const mismatch = decide(
      policyOf(inside),
      { ok: true, principal: principalOf() },
      fail('TLS_NAME_MISMATCH'),
    );
    assert.deepEqual(mismatch.verdict, { verdict: 'deny', reason: 'TLS_NAME_MISMATCH', observed_by: [] });
  });

  it('opens nothing when the ledger refuses', () => {
    const [record] = recorded(policyOf(inside), 1);
    assert.equal(record?.request.tls, 'intercept');
    assert.ok(record, 'one record');
    const refused = mergeLedger(record, [{ reason: 'LIMIT_RPS', rule_id: 'tunnels' }], 0);
    assert.deepEqual([refused.verdict, refused.request.tls], ['deny', undefined]);
    assert.equal(mergeLedger(record, [], undefined).request.tls, 'intercept');
  });
});

describe('replay and simulation of CONNECTs', () => {
  it('find a receipt that says another tunnel, and believe old ones that say none', () => {
    const policy = policyOf(inside);
    const records = recorded(policy, 3);
    assert.deepEqual(
      records.map(({ reason, request }) => [reason, request.tls]),
      [
        ['POLICY_ALLOW', 'intercept'],
        ['POLICY_ALLOW', 'intercept'],
        ['LIMIT_RPS', undefined],
      ],
    );
    const replay = new Replay({ complete: true });
    for (const record of records) assert.deepEqual(replay.decision(record, policy), { kind: 'same' });
    const saying = (record: DecisionRecord, tls: 'raw' | undefined): DecisionRecord => {
      const { tls: _tls, ...request } = record.request;
      return { ...record, request: { ...request, ...(tls === undefined ? {} : { tls }) } };
    };
    const [first, , third] = records;
    assert.ok(first && third, 'three records');
    const again = (record: DecisionRecord) => new Replay({ complete: false }).decision(record, policy);
    assert.deepEqual(again(saying(first, undefined)), { kind: 'same' });
    const differences = (record: DecisionRecord) => {
      const outcome = again(record);
      return outcome.kind === 'different' ? outcome.differences.map(({ field }) => field) : [outcome.kind];
    };
    assert.deepEqual(differences(saying(first, 'raw')), ['tunnel']);
    assert.deepEqual(differences(saying(third, 'raw')), ['tunnel']);
  });

  it('show a candidate that opens another tunnel by the same rule', () => {
    const records = recorded(policyOf(opaque), 1);
    const simulation = new Simulation(policyOf(inside), { complete: true });
    const [outcome] = records.map((record) => simulation.decision(record, []));
    const said = { verdict: 'allow', reason: 'POLICY_ALLOW', rule_id: 'r' };
    assert.deepEqual(outcome, {
      kind: 'different',
      recorded: { ...said, tunnel: 'passthrough' },
      candidate: { ...said, tunnel: 'intercept' },
    });
  });

  it('come to the same for any document', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(documents, fc.array(fc.tuple(requests, agents), { minLength: 12 }), (document, asked) => {
        const { policy } = compiled(document);
        const recorder = new TestRecorder();
        for (const [request, agent] of asked)
          recorder.record(policy, { request, who: principalOf(agent), atMs: START });
        const replay = new Replay({ complete: true });
        for (const record of recorder.records) {
          if (record.request.tls !== undefined) seen.add(record.request.tls);
          if (record.request.mode === 'intercepted') seen.add(record.verdict);
          assert.deepEqual(replay.decision(record, policy), { kind: 'same' });
        }
      }),
      { numRuns: 100 },
    );
    assert.deepEqual([...seen].sort(), ['allow', 'deny', 'intercept', 'passthrough', 'raw']);
  });
});
