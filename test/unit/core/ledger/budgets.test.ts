import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AMOUNT_MAX, assertBudgetOp, CAP_MAX, USED_MAX } from '../../../../src/core/ledger/budget_window.ts';
import type { GcraOp } from '../../../../src/core/ledger/operation.ts';
import { SETTLED_WITHIN_US } from '../../../../src/core/ledger/reservations.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import { BudgetBench, budgetOp, HOUR, MINUTE, T0 } from './budget_bench.ts';

const spend = (amount: number, overrides = {}) => budgetOp({ amount, cap: 1_000, ...overrides });
const state = (record: DecisionRecord) => record.budget_state?.[0];
const verdicts = (bench: BudgetBench, from: string) =>
  bench.log
    .filter((one): one is DecisionRecord => one.type === 'decision' && one.receipt_id.startsWith(from))
    .map(({ verdict }) => verdict);

test('what one budget refuses is charged to none, and two operations on one budget add up', () => {
  const bench = new BudgetBench();
  bench.ask('a', [spend(600), spend(500, { limit_id: 'other/usd', key: 'other' })], T0);
  const refused = bench.ask('b', [spend(500, { limit_id: 'other/usd', key: 'other' }), spend(500)], T0);
  assert.equal(refused.verdict, 'deny');
  assert.deepEqual(
    refused.budget_state?.map(({ used_before, used_after }) => [used_before, used_after]),
    [
      [500, 500],
      [600, 600],
    ],
  );
  assert.equal(bench.ask('c', [spend(200), spend(201)], T0).verdict, 'deny');
  const both = bench.ask('d', [spend(200), spend(200)], T0);
  assert.deepEqual(
    both.budget_state?.map(({ used_before, used_after }) => [used_before, used_after]),
    [
      [600, 800],
      [800, 1_000],
    ],
  );
});

test('a wait is the time until enough has left; where one call is more than the cap, none is named', () => {
  const bench = new BudgetBench();
  bench.ask('a', [spend(600)], T0);
  bench.ask('b', [spend(400)], T0 + 10 * MINUTE);
  const small = bench.ask('c', [spend(100)], T0 + 20 * MINUTE);
  const large = bench.ask('d', [spend(700)], T0 + 20 * MINUTE);
  const never = bench.ask('e', [spend(1_001)], T0 + 20 * MINUTE);
  const first = (T0 - (T0 % MINUTE) + 61 * MINUTE - (T0 + 20 * MINUTE)) / 1_000;
  assert.deepEqual([small.retry_after_ms, large.retry_after_ms], [first, first + 600_000]);
  assert.equal(never.verdict, 'deny');
  assert.equal(never.retry_after_ms, undefined);
  assert.equal(bench.ask('f', [spend(100)], T0 + 20 * MINUTE + first * 1_000 - 1).verdict, 'deny');
  assert.equal(bench.ask('g', [spend(100)], T0 + 20 * MINUTE + first * 1_000).verdict, 'allow');
});

test('a fixed window begins anew at its anchor, and before the anchor as well', () => {
  const day = 24 * HOUR;
  const op = spend(1_000, { slot_us: day, slots: 1, anchor_us: T0 + day });
  const bench = new BudgetBench();
  assert.equal(state(bench.ask('a', [op], T0))?.until, T0 + day);
  const refused = bench.ask('b', [op], T0 + day - 1_000);
  assert.deepEqual([refused.verdict, refused.retry_after_ms], ['deny', 1]);
  assert.equal(state(bench.ask('c', [op], T0 + day))?.used_before, 0);
});

test('near_limit and 100 % are told once, and again after less than half of that was used', () => {
  const bench = new BudgetBench();
  const near = (call: string, amount: number, now: number) =>
    state(bench.ask(call, [spend(amount)], now))?.near;
  assert.deepEqual([near('a', 799, T0), near('b', 1, T0), near('c', 100, T0)], [undefined, 80, undefined]);
  bench.answer('c', { cost_micro_usd: 0 }, T0);
  assert.equal(near('d', 10, T0), undefined);
  assert.equal(near('e', 190, T0), 100);
  bench.answer('a', { cost_micro_usd: 0 }, T0);
  bench.restart();
  assert.equal(near('f', 700, T0), 80);
});

test('what a window that has passed reached does not silence two operations on one budget, swept or not', () => {
  for (const isSwept of [false, true]) {
    const bench = new BudgetBench();
    bench.ask('a', [spend(800)], T0);
    if (isSwept) bench.ledger.sweep(T0 + 2 * HOUR, 10);
    const again = bench.ask('b', [spend(400), spend(400)], T0 + 2 * HOUR);
    assert.deepEqual(
      again.budget_state?.map(({ near }) => near),
      [undefined, 80],
    );
  }
});

test('an alert_only budget counts on beyond its cap, says so and refuses nothing', () => {
  const bench = new BudgetBench();
  const op = spend(700, { mode: 'alert_only' });
  bench.ask('a', [op], T0);
  const over = bench.ask('b', [op], T0);
  assert.equal(over.verdict, 'allow');
  assert.deepEqual([state(over)?.exceeded, state(over)?.used_after, state(over)?.near], [true, 1_400, 100]);
});

test('an answer may cost more than was reserved: recorded, charged, beyond the cap', () => {
  const bench = new BudgetBench();
  bench.ask('a', [spend(900)], T0);
  const { settled } = bench.answer('a', { cost_micro_usd: 5_000 }, T0 + MINUTE);
  assert.deepEqual(
    settled?.map((one) => [one.reserved, one.settled]),
    [[900, 5_000]],
  );
  assert.equal(state(bench.ask('b', [spend(0)], T0 + MINUTE))?.used_before, 5_000);
  assert.equal(bench.answer('a', { cost_micro_usd: 0 }, T0 + MINUTE).settled, undefined);
});

test('five minutes after its outcome a call is not settled any more, swept or not; what came before counts', () => {
  for (const isSwept of [false, true]) {
    const bench = new BudgetBench();
    for (const call of ['late', 'early']) {
      bench.ask(call, [spend(500)], T0);
      bench.outcome(call, 'completed', T0);
    }
    assert.equal(
      bench.answer('early', { cost_micro_usd: 1 }, T0 + SETTLED_WITHIN_US - 1_000).settled?.length,
      1,
    );
    if (isSwept) bench.ledger.sweep(T0 + SETTLED_WITHIN_US, 1);
    assert.equal(bench.answer('late', { cost_micro_usd: 1 }, T0 + SETTLED_WITHIN_US).settled, undefined);
    assert.equal(state(bench.ask('x', [spend(0)], T0 + SETTLED_WITHIN_US))?.used_before, 501);
  }
});

test('a log that began with a restore refills nothing: every budget is used up for a whole window', () => {
  const bench = new BudgetBench();
  bench.ledger.exhaust(T0);
  assert.equal(bench.ask('a', [spend(1)], T0).verdict, 'deny');
  bench.reload(T0 + 30 * MINUTE);
  const refused = bench.ask('b', [spend(1)], T0 + HOUR - 1);
  assert.deepEqual([refused.verdict, state(refused)?.used_before], ['deny', 1_000]);
  const { retry_after_ms = 0 } = refused;
  assert.ok(retry_after_ms <= 60_001, `the rest of the window, and its slot: ${retry_after_ms}`);
  assert.equal(bench.ask('c', [spend(1)], T0 + HOUR - 1 + retry_after_ms * 1_000).verdict, 'allow');
});

test('buckets and budgets of a tenant are bounded together, and empty ones make room', () => {
  const bench = new BudgetBench(2);
  const gcra: GcraOp = {
    ...({ op: 'gcra', mode: 'hard_stop', limit_id: 'l/rps' } as const),
    ...{ key: 'bucket', period_us: MINUTE, tolerance_us: 0, cost: 1 },
  };
  assert.equal(bench.ask('a', [gcra, spend(1)], T0).verdict, 'allow');
  const full = bench.ask('b', [spend(1, { key: 'another' })], T0);
  assert.deepEqual([full.verdict, full.reason, full.retry_after_ms], ['deny', 'LIMIT_KEYS', 1_000]);
  const watched = bench.ask('c', [spend(1, { key: 'another', mode: 'alert_only' })], T0);
  assert.deepEqual(
    [watched.verdict, state(watched)?.exceeded, state(watched)?.used_after],
    ['allow', true, 0],
  );
  bench.answer('c', { cost_micro_usd: 7 }, T0);
  assert.equal(bench.ask('d', [spend(1, { key: 'another' })], T0 + 2 * MINUTE).verdict, 'allow');
  assert.deepEqual(verdicts(bench, 'd'), ['allow']);
});

test('what is left is told without any effect', () => {
  const bench = new BudgetBench();
  assert.deepEqual(bench.ledger.quota(spend(0), T0), { cap: 1_000, remaining: 1_000, reset_ms: 0 });
  bench.ask('a', [spend(300)], T0);
  const { until = 0 } = state(bench.ask('b', [spend(100)], T0 + 5 * MINUTE)) ?? {};
  const expected = { cap: 1_000, remaining: 600, reset_ms: (until - T0 - 10 * MINUTE) / 1_000 };
  assert.deepEqual(bench.ledger.quota(spend(0), T0 + 10 * MINUTE), expected);
  bench.answer('a', { cost_micro_usd: 2_000 }, T0 + 10 * MINUTE);
  assert.equal(bench.ledger.quota(spend(0), T0 + 10 * MINUTE).remaining, 0);
});

test('operations whose sums could be inexact never reach the ledger', () => {
  assertBudgetOp(spend(AMOUNT_MAX, { cap: CAP_MAX }));
  assert.ok(Number.isSafeInteger(USED_MAX + AMOUNT_MAX), 'sums are exact');
  const wrong = [
    { amount: AMOUNT_MAX + 1 },
    { amount: -1 },
    { amount: 0.5 },
    { cap: CAP_MAX + 1 },
    { cap: 0 },
    { slots: 62 },
    { slots: 0 },
    { slot_us: 0 },
    { slot_us: 31_622_400_000_001, slots: 1 },
    { anchor_us: -1 },
    { near_percent: 100 },
    { key: '' },
  ];
  for (const one of wrong)
    assert.throws(() => assertBudgetOp(spend(1, one)), RangeError, JSON.stringify(one));
});
