import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompiledPolicy } from '../../../../src/core/policy/compiled.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import { ok } from '../../../../src/core/result.ts';
import { decide } from '../../../../src/core/verdict/decide.ts';
import { mergeLedger } from '../../../../src/core/verdict/merge.ts';
import { Replay } from '../../../../src/core/verdict/replay.ts';
import { Simulation } from '../../../../src/core/verdict/simulate.ts';
import type { Rule } from '../../../../src/gen/policy_document.ts';
import { compiled, documentOf, principalOf, requestOf } from '../policy/sample.ts';
import { TestRecorder } from './recorded.ts';

const START = 1_599_999_997_000;
const SOCKET = { url: 'https://api.example.com/live', protocol: 'websocket' as const };
const live = (stream: Rule['stream']): Rule => ({
  ...{ id: 'live', action: 'allow' },
  match: { destination: { hosts: ['api.example.com'] }, protocol: { kind: 'websocket' } },
  ...(stream ? { stream } : {}),
});
const limits = [{ id: 'all', per: 'agent' as const, rps: 1 }];
const policyOf = (rule: Rule) => compiled(documentOf({ rules: [rule], limits })).policy;
const CAPS = { max_bytes: 9, max_seconds: 5 };

function recorded(policy: CompiledPolicy, times: number): readonly DecisionRecord[] {
  const recorder = new TestRecorder();
  const one = { request: requestOf(SOCKET), who: principalOf(), atMs: START };
  for (let i = 0; i < times; i += 1) recorder.record(policy, one);
  return recorder.records;
}

describe('the verdict about a stream', () => {
  it('carries the caps of an allow, and none of a plain request or a denial', () => {
    const judge = (sample: Parameters<typeof requestOf>[0]) =>
      decide(policyOf(live(CAPS)), { ok: true, principal: principalOf() }, ok(requestOf(sample))).verdict;
    assert.deepEqual(judge(SOCKET).stream, CAPS);
    assert.deepEqual(judge({ url: SOCKET.url }).stream, undefined);
  });

  it('loses its caps when the ledger refuses', () => {
    const [record] = recorded(policyOf(live(CAPS)), 1);
    assert.ok(record, 'one record');
    assert.deepEqual(record.stream, CAPS);
    const refused = mergeLedger(record, [{ reason: 'LIMIT_RPS', rule_id: 'all' }], 0);
    assert.deepEqual([refused.verdict, 'stream' in refused], ['deny', false]);
  });
});

describe('replay and simulation of streams', () => {
  it('find a receipt that says other caps, or caps on a denial', () => {
    const policy = policyOf(live(CAPS));
    const records = recorded(policy, 2);
    assert.deepEqual(
      records.map(({ reason, stream }) => [reason, stream]),
      [
        ['POLICY_ALLOW', CAPS],
        ['LIMIT_RPS', undefined],
      ],
    );
    const replay = new Replay({ complete: true });
    for (const record of records) assert.deepEqual(replay.decision(record, policy), { kind: 'same' });
    const fields = (record: DecisionRecord) => {
      const outcome = new Replay({ complete: false }).decision(record, policy);
      return outcome.kind === 'different' ? outcome.differences.map(({ field }) => field) : [outcome.kind];
    };
    const [first, second] = records;
    assert.ok(first && second, 'two records');
    const { stream: _stream, ...bare } = first;
    assert.deepEqual(fields(bare), ['stream']);
    assert.deepEqual(fields({ ...first, stream: { ...CAPS, max_bytes: 10 } }), ['stream']);
    assert.deepEqual(fields({ ...first, stream: { ...CAPS, frames: 'block' } }), ['stream']);
    assert.deepEqual(fields({ ...second, stream: CAPS }), ['stream']);
  });

  it('show a candidate that asks for other caps by the same rule', () => {
    const records = recorded(policyOf(live(CAPS)), 1);
    const simulation = new Simulation(policyOf(live({ max_bytes: 5 })), { complete: true });
    const [outcome] = records.map((record) => simulation.decision(record, []));
    const said = { verdict: 'allow', reason: 'POLICY_ALLOW', rule_id: 'live' };
    assert.deepEqual(outcome, {
      kind: 'different',
      recorded: { ...said, stream: CAPS },
      candidate: { ...said, stream: { max_bytes: 5 } },
    });
  });
});
