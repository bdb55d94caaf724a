/** Promise: an agent finds its newest receipts, never another's, and memory stays bounded whoever asks for how much. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AGENT_RECEIPTS_MAX,
  RECEIPTS_MAX,
  RecentReceipts,
  TOLD_INSPECTIONS_MAX,
} from '../../../../src/core/receipt/recent_receipts.ts';
import type { JournalRecord } from '../../../../src/core/receipt/records.ts';

const decision = (receipt_id: string, agent_id: string | undefined, more: object = {}): JournalRecord =>
  ({
    type: 'decision',
    ...{ receipt_id, ts: '2026-01-01T00:00:00.000Z', verdict: 'deny', reason: 'POLICY_NO_MATCH' },
    ...{ policy_hash: 'sha256:00', envoy_epoch: 'e1', rule_id: 'r' },
    ...(agent_id === undefined ? {} : { identity: { tenant_id: 't', agent_id } }),
    request: { mode: 'explicit', method: 'GET', authority: 'a.example', port: 443, path: '/secret' },
    ...more,
  }) as unknown as JournalRecord;

const find = (recent: RecentReceipts, receipt_id: string, agent_id: string) =>
  recent.find({ receipt_id, tenant_id: 't', agent_id });

test('what is told is what the record says, and no more than that', () => {
  const recent = new RecentReceipts();
  recent.fold(decision('d1', 'bot', { retry_after_ms: 7, source: '192.0.2.1:1' }));
  assert.deepEqual(find(recent, 'd1', 'bot'), {
    receipt_id: 'd1',
    ts: '2026-01-01T00:00:00.000Z',
    verdict: 'deny',
    reason: 'POLICY_NO_MATCH',
    policy_hash: 'sha256:00',
    rule_id: 'r',
    retry_after_ms: 7,
    request: { mode: 'explicit', method: 'GET', authority: 'a.example', port: 443 },
  });
  assert.equal(recent.epochOf('d1'), 'e1');
});

test('of a body that was refused the agent is told what was found, and of any other body nothing', () => {
  const recent = new RecentReceipts();
  const schemas = [{ schema_hash: 'sha256:00', is_valid: false, pointer: '/amount', keyword: 'maximum' }];
  const body = { state: 'complete', bytes: 9, format: 'json', schemas };
  const request = { mode: 'explicit', body };
  recent.fold(decision('d1', 'bot', { reason: 'SCHEMA_INVALID', request }));
  recent.fold(decision('d2', 'bot', { request }));
  assert.deepEqual(find(recent, 'd1', 'bot')?.body, { schemas });
  assert.equal(find(recent, 'd2', 'bot')?.body, undefined);
});

test('nobody is told of an anonymous denial', () => {
  const recent = new RecentReceipts();
  recent.fold(decision('d1', undefined));
  assert.equal(recent.size, 0);
});

test('an outcome or an inspection of what is not kept changes nothing', () => {
  const recent = new RecentReceipts();
  recent.fold({ type: 'outcome', decision_ref: 'gone', state: 'completed' } as unknown as JournalRecord);
  recent.fold({ type: 'inspection', decision_ref: 'gone', state: 'complete' } as unknown as JournalRecord);
  assert.equal(recent.size, 0);
});

test('the last ends of inspections are told, marks are not', () => {
  const recent = new RecentReceipts();
  recent.fold(decision('d1', 'bot'));
  for (let index = 0; index < 10; index++)
    for (const state of ['mark', 'complete'])
      recent.fold({
        ...{ type: 'inspection', decision_ref: 'd1', part: 'response', state, index, format: 'sse' },
        ...{ model: `m${index}`, digest_in: 'not told' },
      } as unknown as JournalRecord);
  const told = find(recent, 'd1', 'bot')?.inspections ?? [];
  assert.deepEqual(
    told.map(({ state, model }) => `${state} ${model}`),
    [6, 7, 8, 9].map((index) => `complete m${index}`),
  );
  assert.equal(told.length, TOLD_INSPECTIONS_MAX);
});

test('a naive list agrees for every agent, whatever comes in which order', () => {
  const step = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(AGENT_RECEIPTS_MAX));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (bursts) => {
      const recent = new RecentReceipts();
      const all: Record<string, string[]> = { a: [], b: [], c: [] };
      let next = 0;
      for (const [agent, count] of bursts)
        for (let i = 0; i < count; i++) {
          const id = `d${next++}`;
          all[agent]?.push(id);
          recent.fold(decision(id, agent));
        }
      for (const [agent, ids] of Object.entries(all)) {
        const kept = ids.filter((id) => find(recent, id, agent) !== undefined);
        assert.deepEqual(kept, ids.slice(-AGENT_RECEIPTS_MAX));
        for (const other of ['a', 'b', 'c'])
          if (other !== agent) for (const id of ids) assert.equal(find(recent, id, other), undefined);
      }
    }),
    { numRuns: 20 },
  );
});

test('with too many agents the quietest forgets first', () => {
  const recent = new RecentReceipts();
  const agents = Math.ceil(RECEIPTS_MAX / AGENT_RECEIPTS_MAX) + 3;
  for (let agent = 0; agent < agents; agent++)
    for (let i = 0; i < AGENT_RECEIPTS_MAX; i++) recent.fold(decision(`d${agent}-${i}`, `agent${agent}`));
  assert.equal(recent.size, RECEIPTS_MAX);
  assert.equal(find(recent, 'd0-0', 'agent0'), undefined);
  const last = `d${agents - 1}-0`;
  assert.ok(find(recent, last, `agent${agents - 1}`), 'the newest are all there');
});
