import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ledger } from '../../../../src/core/ledger/ledger.ts';
import type { GcraOp } from '../../../../src/core/ledger/operation.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import type { AppendResult } from '../../../../src/core/verdict/proposal.ts';

const T0 = 1_900_000_000_000_000;
const options = {
  limit_keys_max: 3,
  request_window_us: 2_000_000,
  commit: (key: string) => `commitment of ${key}`,
};

const op = (key: string, overrides: Partial<GcraOp> = {}): GcraOp => ({
  op: 'gcra',
  limit_id: key,
  key,
  period_us: 1_000_000,
  tolerance_us: 1_000_000,
  cost: 1,
  mode: 'hard_stop',
  ...overrides,
});

let serial = 0;
/** The part of a record that the ledger folds. */
function record(ledger: Ledger, ops: readonly GcraOp[], now_us: number, tenant = 'tenant'): DecisionRecord {
  const evaluation = ledger.evaluate(ops, tenant, now_us);
  serial++;
  return {
    receipt_id: `receipt-${serial}`,
    request_id: `request-${serial}`,
    request_key: `key-${serial}`,
    request_digest: 'digest',
    envoy_epoch: 'e1',
    identity: { tenant_id: tenant, agent_id: 'agent' },
    verdict: evaluation.refused === undefined ? 'allow' : 'deny',
    ledger_ms: Math.floor(now_us / 1_000),
    rate_limit_bucket_state: evaluation.states,
  } as unknown as DecisionRecord;
}

const result = (of: DecisionRecord) => ({ receipt_id: of.receipt_id }) as AppendResult;

function charge(ledger: Ledger, ops: readonly GcraOp[], now_us: number, tenant?: string): DecisionRecord {
  const made = record(ledger, ops, now_us, tenant);
  ledger.foldDecision(made, result(made));
  return made;
}

test('all operations are charged together, or none is', () => {
  const ledger = new Ledger(options);
  assert.equal(charge(ledger, [op('a'), op('b', { tolerance_us: 0 })], T0).verdict, 'allow');
  const refused = ledger.evaluate([op('a'), op('b', { tolerance_us: 0 })], 'tenant', T0);
  assert.equal(refused.refused, 1);
  assert.equal(refused.retry_after_ms, 1_000);
  for (const state of refused.states) assert.equal(state.tat_after, state.tat_before);
  // Folding the denial charges nothing: `a` still has its second slot.
  charge(ledger, [op('a'), op('b', { tolerance_us: 0 })], T0);
  assert.equal(ledger.evaluate([op('a')], 'tenant', T0).refused, undefined);
});

test('evaluating has no effect', () => {
  const ledger = new Ledger(options);
  const first = ledger.evaluate([op('a')], 'tenant', T0);
  for (let i = 0; i < 10; i++) assert.deepEqual(ledger.evaluate([op('a')], 'tenant', T0), first);
});

test('the first refusal names the denial, the longest wait is the answer', () => {
  const ledger = new Ledger(options);
  const short = op('a', { tolerance_us: 0 });
  const long = op('b', { tolerance_us: 0, period_us: 60_000_000 });
  charge(ledger, [short, long], T0);
  const { refused, retry_after_ms, limit } = ledger.evaluate([short, long], 'tenant', T0);
  assert.deepEqual([refused, retry_after_ms, limit?.remaining], [0, 60_000, 0]);
});

test('alert_only passes, is flagged, and is not charged beyond its limit', () => {
  const ledger = new Ledger(options);
  const alert = op('a', { mode: 'alert_only', tolerance_us: 0 });
  const [first] = charge(ledger, [alert], T0).rate_limit_bucket_state ?? [];
  assert.equal(first?.exceeded, undefined);
  const evaluation = ledger.evaluate([alert], 'tenant', T0);
  assert.equal(evaluation.refused, undefined);
  assert.equal(evaluation.limit, undefined);
  assert.equal(evaluation.states[0]?.exceeded, true);
  assert.equal(evaluation.states[0]?.tat_after, evaluation.states[0]?.tat_before);
});

test('two operations on one bucket are tested one on top of the other', () => {
  const ledger = new Ledger(options);
  assert.equal(ledger.evaluate([op('a'), op('a')], 'tenant', T0).refused, undefined);
  assert.equal(ledger.evaluate([op('a'), op('a'), op('a')], 'tenant', T0).refused, 2);
});

test('distinct keys are capped per tenant, and drained buckets make room', () => {
  const ledger = new Ledger(options);
  for (const key of ['a', 'b', 'c']) charge(ledger, [op(key)], T0);
  const full = ledger.evaluate([op('d')], 'tenant', T0);
  assert.deepEqual([full.refused, full.keys_full, full.retry_after_ms], [0, true, 1_000]);
  assert.equal(ledger.evaluate([op('a')], 'tenant', T0).refused, undefined, 'a known key needs no room');
  assert.equal(ledger.evaluate([op('d')], 'other', T0).refused, undefined, 'another tenant has its own room');
  assert.equal(ledger.evaluate([op('d', { mode: 'alert_only' })], 'tenant', T0).refused, undefined);
  assert.equal(ledger.evaluate([op('d')], 'tenant', T0 + 1_000_000).refused, undefined);
  assert.equal(ledger.bucketCount, 0);
});

test('new keys of one proposal count together against the cap', () => {
  const ledger = new Ledger(options);
  assert.equal(
    ledger.evaluate(
      ['a', 'b', 'c'].map((key) => op(key)),
      'tenant',
      T0,
    ).refused,
    undefined,
  );
  assert.equal(
    ledger.evaluate(
      ['a', 'b', 'c', 'd'].map((key) => op(key)),
      'tenant',
      T0,
    ).refused,
    3,
  );
});

test('sweeping and restarting never change what is admitted or recorded', () => {
  const wide = { ...options, limit_keys_max: 1_000 };
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          gap: fc.integer({ min: 0, max: 1_500_000 }),
          key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
          sweep: fc.integer({ min: 0, max: 4 }),
          restart: fc.boolean(),
        }),
        { maxLength: 80 },
      ),
      (steps) => {
        const plain = new Ledger(wide);
        let busy = new Ledger(wide);
        let folded = new Ledger(wide);
        const log: DecisionRecord[] = [];
        let now = T0;
        for (const { gap, key, sweep, restart } of steps) {
          now += gap;
          busy.sweep(now, sweep);
          if (restart) {
            busy = new Ledger(wide, JSON.parse(JSON.stringify(busy.snapshot(now))));
            folded = new Ledger(wide);
            for (const old of log) folded.foldDecision(old, result(old));
          }
          const expected = plain.evaluate([op(key)], 'tenant', now);
          assert.deepEqual(busy.evaluate([op(key)], 'tenant', now), expected);
          assert.deepEqual(folded.evaluate([op(key)], 'tenant', now), expected);
          const made = record(plain, [op(key)], now);
          for (const one of [plain, busy, folded]) one.foldDecision(made, result(made));
          log.push(made);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a request key answers with its first result for one window, and with nothing else', () => {
  const ledger = new Ledger(options);
  const made = charge(ledger, [op('a')], T0);
  const { request_key: key, request_digest: digest } = made;
  assert.deepEqual(ledger.recall(key, digest, T0 + 1_999_999), { kind: 'same', result: result(made) });
  assert.equal(ledger.recall(key, 'another', T0).kind, 'reused');
  assert.equal(ledger.recall(key, digest, T0 + 2_000_000).kind, 'new');
  assert.equal(ledger.recall('unknown', digest, T0).kind, 'new');
});

test('request keys are forgotten once they can no longer be asked for', () => {
  const ledger = new Ledger({ ...options, limit_keys_max: 100_000 });
  for (let i = 0; i < 3_000; i++) charge(ledger, [], T0 + i * 10_000);
  const live = ledger.snapshot(T0 + 3_000 * 10_000).requests.length;
  assert.ok(live <= 200, `${live} keys for a window of 200 requests`);
});

test('an allow stays open until its outcome, found by either id', () => {
  const ledger = new Ledger(options);
  const made = charge(ledger, [], T0);
  assert.equal(ledger.openCount, 1);
  assert.equal(ledger.findOpen(undefined, made.request_id)?.receipt_id, made.receipt_id);
  assert.equal(ledger.findOpen(made.receipt_id, 'whatever')?.request_id, made.request_id);
  assert.equal(ledger.findOpen('unknown', made.request_id), undefined);
  ledger.foldOutcome(made.receipt_id, 'completed', T0);
  ledger.foldOutcome(made.receipt_id, 'completed', T0);
  assert.equal(ledger.openCount, 0);
  assert.equal(ledger.findOpen(undefined, made.request_id), undefined);
});
