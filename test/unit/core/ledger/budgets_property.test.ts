import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BudgetOp } from '../../../../src/core/ledger/budget_operation.ts';
import { LimitReplay } from '../../../../src/core/verdict/replay_limits.ts';
import { type NaiveBudget, NaiveBudgets } from '../../../support/naive_budgets.ts';
import { BudgetBench, budgetOp, HOUR, MINUTE, T0 } from './budget_bench.ts';

const SLIDING: NaiveBudget = { id: 'spend', cap: 1_000n, width: BigInt(HOUR), refuses: true };
const FIXED: NaiveBudget = {
  id: 'fixed',
  cap: 700n,
  width: BigInt(2 * HOUR),
  anchor: BigInt(T0 - 5 * MINUTE),
  refuses: true,
};
const WATCHED: NaiveBudget = { id: 'watched', cap: 300n, width: BigInt(10 * MINUTE), refuses: false };
const BUDGETS = [SLIDING, FIXED, WATCHED];

function opOf({ id, cap, width, anchor, refuses }: NaiveBudget, key: string, amount: number): BudgetOp {
  const window =
    anchor === undefined
      ? { slot_us: Number(width) / 60, slots: 61, anchor_us: 0 }
      : { slot_us: Number(width), slots: 1, anchor_us: Number(anchor) };
  const unit = id === 'fixed' ? 'tokens' : 'micro_usd';
  const mode = refuses ? 'hard_stop' : 'alert_only';
  return budgetOp({ limit_id: id, key: `${id} ${key}`, cap: Number(cap), amount, unit, mode, ...window });
}

const step = fc.record({
  wait: fc.oneof(fc.nat(MINUTE), fc.nat(HOUR), fc.constant(0), fc.constant(HOUR), fc.nat(3 * HOUR)),
  kind: fc.constantFrom('ask', 'ask', 'ask', 'ask', 'answer', 'end', 'end', 'restart', 'reload', 'sweep'),
  which: fc.nat(),
  asked: fc.array(
    fc.record({ budget: fc.constantFrom(...BUDGETS), key: fc.constantFrom('a', 'b'), amount: fc.nat(400) }),
    { minLength: 1, maxLength: 3 },
  ),
  actual: fc.option(fc.nat(600), { nil: undefined }),
  isSent: fc.boolean(),
});

test('budgets hold in every window, settle and give back like the naive judge, and replay alike', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const bench = new BudgetBench();
      const naive = new NaiveBudgets();
      const opsOf = new Map<string, readonly BudgetOp[]>();
      const calls: string[] = [];
      let now = T0;
      for (const { wait, kind, which, asked, actual, isSent } of steps) {
        now += wait;
        // Records tell whole milliseconds.
        const then = BigInt(Math.floor(now / 1_000) * 1_000);
        const call = calls[which % Math.max(1, calls.length)] ?? '';
        if (kind === 'restart') bench.restart();
        else if (kind === 'reload') bench.reload(now);
        else if (kind === 'sweep') bench.ledger.sweep(now, 100);
        else if (kind === 'answer' && call !== '') {
          const usage = actual === undefined ? {} : { usage: { input: actual, output: 0 } };
          const cost = actual === undefined ? {} : { cost_micro_usd: actual };
          bench.answer(call, { ...usage, ...cost }, now);
          const each = (opsOf.get(call) ?? []).map(() => (actual === undefined ? undefined : BigInt(actual)));
          naive.settle(call, each, then);
        } else if (kind === 'end' && call !== '') {
          bench.outcome(call, isSent ? 'completed' : 'not_sent', now);
          naive.end(call, isSent, then);
        } else if (kind === 'ask') {
          const id = `c${calls.length}`;
          const ops = asked.map(({ budget, key, amount }) => opOf(budget, key, amount));
          const said = bench.ask(id, ops, now);
          const wanted = asked.map((one) => ({ ...one, amount: BigInt(one.amount) }));
          const used = wanted.map(({ budget, key }) => naive.used(budget, key, BigInt(now)));
          const judged = naive.judge(id, wanted, BigInt(now));
          assert.equal(said.verdict, judged.allowed ? 'allow' : 'deny');
          const expected = judged.allowed || judged.wait === undefined ? undefined : ceilMs(judged.wait);
          assert.equal(said.retry_after_ms, expected);
          assert.equal(said.budget_state?.[0]?.used_before, Number(used[0]));
          opsOf.set(id, ops);
          calls.push(id);
        }
      }
      assert.deepEqual(replayed(bench, opsOf, true), []);
      assert.deepEqual(replayed(bench, opsOf, false), []);
    }),
    { numRuns: 300 },
  );
});

test('without settlements above the reservation no window of any position holds more than the cap', () => {
  const amounts = fc.array(
    fc.record({ wait: fc.nat(10 * MINUTE), amount: fc.integer({ min: 1, max: 400 }) }),
    {
      maxLength: 80,
      size: 'max',
    },
  );
  fc.assert(
    fc.property(amounts, (asked) => {
      const bench = new BudgetBench();
      const naive = new NaiveBudgets();
      let now = T0;
      for (const [i, { wait, amount }] of asked.entries()) {
        now += wait;
        const { verdict } = bench.ask(`c${i}`, [opOf(SLIDING, 'a', amount)], now);
        if (verdict === 'allow')
          naive.charges.push({ call: `c${i}`, name: 'spend a', at: BigInt(now), amount: BigInt(amount) });
        // Refused: what counts beyond the window is at most a slot old.
        else {
          const wider = { ...SLIDING, width: (SLIDING.width * 61n) / 60n + 1n };
          assert.ok(
            naive.strictly(wider, 'a', BigInt(now)) + BigInt(amount) > SLIDING.cap,
            'refused too early',
          );
        }
        assert.ok(naive.strictly(SLIDING, 'a', BigInt(now)) <= SLIDING.cap, 'more than the cap in a window');
      }
    }),
    { numRuns: 300 },
  );
});

function ceilMs(us: bigint): number {
  return Number((us + 999n) / 1_000n);
}

/** What replay finds wrong with the records of the bench. */
function replayed(bench: BudgetBench, opsOf: ReadonlyMap<string, readonly BudgetOp[]>, complete: boolean) {
  const replay = new LimitReplay(complete);
  const found: string[] = [];
  const differ = (field: string, recorded: string, again: string) => {
    if (recorded !== again) found.push(`${field}: ${recorded} / ${again}`);
  };
  for (const record of bench.log) {
    if (record.type === 'inspection') replay.inspection(record, differ);
    else if (record.type === 'outcome') replay.outcome(record);
    else {
      const demands = (opsOf.get(record.receipt_id) ?? []).map((op) => ({
        op,
        denial: { reason: 'LIMIT_SPEND' as const, rule_id: op.limit_id },
      }));
      const denied = replay.check(record, demands, differ) !== undefined;
      if (denied !== (record.verdict === 'deny')) found.push(`verdict of ${record.receipt_id}`);
      replay.fold(record);
    }
  }
  return found;
}
