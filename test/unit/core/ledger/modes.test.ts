import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runIdOf } from '../../../../src/core/ledger/limit_state.ts';
import type { GcraOp, LimitMode } from '../../../../src/core/ledger/operation.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import { type NaiveLimit, NaiveLimits } from '../../../support/naive_limits.ts';
import { Bench, SECOND, T0 } from './limit_bench.ts';

const op = (overrides: Partial<GcraOp> = {}): GcraOp => ({
  op: 'gcra',
  limit_id: 'l/rps',
  key: 'k',
  period_us: 100_000,
  tolerance_us: 19 * 100_000,
  cost: 1,
  mode: 'hard_stop',
  near_percent: 80,
  ...overrides,
});

const nearOf = (record: DecisionRecord) => record.rate_limit_bucket_state?.[0]?.near;

test('throttle reserves the next slots one behind the other, and refuses what would wait too long, charging nothing', () => {
  const bench = new Bench();
  const throttle = op({ mode: 'throttle', tolerance_us: 0, max_delay_us: 250_000 });
  const ask = { ops: [throttle], now: T0, bearable: SECOND };
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => {
      const { verdict, delay_ms, retry_after_ms } = bench.ask(ask);
      return [verdict, delay_ms, retry_after_ms];
    }),
    [
      ['allow', undefined, undefined],
      ['allow', 100, undefined],
      ['allow', 200, undefined],
      ['deny', undefined, 50],
      ['deny', undefined, 50],
    ],
  );
  assert.equal(bench.ask({ ...ask, now: T0 + 50_000 }).delay_ms, 250);
});

test('throttle without anywhere to wait is a hard stop', () => {
  const bench = new Bench();
  const throttle = op({ mode: 'throttle', tolerance_us: 0, max_delay_us: 250_000 });
  assert.equal(bench.ask({ ops: [throttle], now: T0 }).verdict, 'allow');
  assert.equal(bench.ask({ ops: [throttle], now: T0 }).verdict, 'deny');
  assert.equal(bench.ask({ ops: [throttle], now: T0, bearable: 99_999 }).verdict, 'deny');
  assert.equal(bench.ask({ ops: [throttle], now: T0, bearable: 100_000 }).delay_ms, 100);
});

test('a refusal by another limit reserves no slot', () => {
  const bench = new Bench();
  const throttle = op({ mode: 'throttle', tolerance_us: 0, max_delay_us: SECOND });
  const hard = op({ limit_id: 'h/rps', key: 'h', tolerance_us: 0, period_us: 10 * SECOND });
  bench.ask({ ops: [throttle, hard], now: T0, bearable: SECOND });
  for (let i = 0; i < 3; i++)
    assert.equal(bench.ask({ ops: [throttle, hard], now: T0, bearable: SECOND }).verdict, 'deny');
  assert.equal(bench.ask({ ops: [throttle], now: T0, bearable: SECOND }).delay_ms, 100);
});

const soft = (overrides: Partial<GcraOp> = {}) =>
  op({ mode: 'soft_stop', grace_us: 60 * SECOND, grace_calls: 100, ...overrides });
const burst = (bench: Bench, one: GcraOp, run: string | undefined, count: number, now = T0) =>
  Array.from({ length: count }, () =>
    bench.ask({ ops: [one], now, ...(run === undefined ? {} : { run }) }),
  ).filter(({ verdict }) => verdict === 'allow').length;

test('soft_stop lets a run that began before go on, to 110 % and no further', () => {
  const bench = new Bench();
  assert.equal(burst(bench, soft(), 'r', 40), 22);
  assert.equal(bench.log.filter((record) => record.rate_limit_bucket_state?.[0]?.exceeded).length, 2);
});

test('soft_stop is a hard stop without a run, and for a run that began after the crossing', () => {
  const bench = new Bench();
  assert.equal(burst(bench, soft(), undefined, 40), 20);
  assert.equal(burst(bench, soft(), 'late', 40), 0);
  // Other limits admit it later; having begun after the crossing it still has no grace while the bucket is in use.
  assert.equal(burst(bench, soft(), 'late', 1, T0 + 100_000), 1);
  assert.equal(burst(bench, soft(), 'late', 5, T0 + 100_000), 0);
});

test('a run of another agent has no share in the grace', () => {
  const ids = new Set([
    runIdOf({ tenant_id: 't', agent_id: 'a', run: { label: 'r' } }),
    runIdOf({ tenant_id: 't', agent_id: 'b', run: { label: 'r' } }),
    runIdOf({ tenant_id: 'u', agent_id: 'a', run: { label: 'r' } }),
  ]);
  assert.equal(ids.size, 3);
  assert.equal(runIdOf({ tenant_id: 't', agent_id: 'a' }), undefined);
});

test('soft_stop ends after its calls and after its minutes', () => {
  const calls = new Bench();
  assert.equal(burst(calls, soft({ grace_calls: 1 }), 'r', 40), 21);
  const minutes = new Bench();
  const one = soft({ grace_us: SECOND });
  // Kept at the brim for a second by runs that began before.
  burst(minutes, one, 'r', 20);
  for (let at = 100_000; at <= SECOND; at += 100_000) burst(minutes, one, 'r', 1, T0 + at);
  assert.equal(burst(minutes, one, 'r', 1, T0 + SECOND), 1, 'the last moment of the grace');
  assert.equal(burst(minutes, one, 'r', 1, T0 + SECOND + 1), 0);
});

test('a drained bucket begins anew: grace, crossing and events', () => {
  const bench = new Bench();
  burst(bench, soft({ grace_calls: 1 }), 'r', 40);
  assert.equal(burst(bench, soft({ grace_calls: 1 }), 'r', 40, T0 + 10 * SECOND), 21);
  assert.deepEqual(
    bench.log.map(nearOf).filter((near) => near !== undefined),
    [80, 100, 80, 100],
  );
});

test('near-limit events come once for each crossing, whatever happens in between', () => {
  const bench = new Bench();
  const one = op({ near_percent: 50 });
  let now = T0;
  const seen: (number | undefined)[] = [];
  for (let i = 0; i < 200; i++) {
    // Around half of the bucket, to and fro.
    now += i < 12 ? 0 : i % 2 === 0 ? 150_000 : 50_000;
    seen.push(nearOf(bench.ask({ ops: [one], now })));
    if (i % 37 === 0) bench.restart();
    if (i % 41 === 0) bench.reload(now);
  }
  assert.deepEqual(
    seen.filter((near) => near !== undefined),
    [50],
  );
});

test('a limit that admits one at a time reports nothing', () => {
  const bench = new Bench();
  for (let i = 0; i < 20; i++)
    assert.equal(nearOf(bench.ask({ ops: [op({ tolerance_us: 0 })], now: T0 + i * 100_000 })), undefined);
});

const limits: fc.Arbitrary<readonly NaiveLimit[]> = fc
  .array(
    fc.record({
      mode: fc.constantFrom<LimitMode>('hard_stop', 'throttle', 'soft_stop', 'alert_only'),
      period: fc.integer({ min: 1, max: 400_000 }),
      burst: fc.integer({ min: 1, max: 30 }),
      max_delay: fc.integer({ min: 1, max: 5 * SECOND }),
      grace: fc.integer({ min: 1, max: 4 * SECOND }),
      grace_calls: fc.integer({ min: 1, max: 6 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) =>
    list.map(({ mode, ...numbers }, i) => {
      const { period, burst, max_delay, grace, grace_calls } = numbers;
      return {
        ...{ id: `l${i}`, mode, period: BigInt(period), burst: BigInt(burst), grace: BigInt(grace) },
        ...{ max_delay: BigInt(max_delay), grace_calls: BigInt(grace_calls) },
      };
    }),
  );

const opOf = (limit: NaiveLimit, key: string): GcraOp => ({
  op: 'gcra',
  limit_id: limit.id,
  key: `${limit.id} ${key}`,
  period_us: Number(limit.period),
  tolerance_us: Number((limit.burst - 1n) * limit.period),
  cost: 1,
  mode: limit.mode,
  near_percent: 80,
  ...(limit.mode === 'throttle' ? { max_delay_us: Number(limit.max_delay) } : {}),
  ...(limit.mode === 'soft_stop'
    ? { grace_us: Number(limit.grace), grace_calls: Number(limit.grace_calls) }
    : {}),
});

const steps = fc.array(
  fc.record({
    gap: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 * SECOND }) },
    ),
    key: fc.constantFrom('x', 'x', 'y'),
    run: fc.constantFrom(undefined, 'r1', 'r1', 'r2', 'r3'),
    bearable: fc.constantFrom(0, 50_000, 5 * SECOND),
    uses: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
    after: fc.constantFrom('nothing', 'nothing', 'nothing', 'crash', 'stop', 'sweep'),
  }),
  { minLength: 1, maxLength: 150 },
);

test('agrees with an independent judge on any mix of limits and modes, with crashes and restarts in between', () => {
  fc.assert(
    fc.property(limits, steps, (configured, asked) => {
      const bench = new Bench();
      const naive = new NaiveLimits();
      let now = T0;
      for (const { gap, key, run, bearable, uses, after } of asked) {
        now += gap;
        const wanted = configured.filter((_, i) => uses.includes(i)).map((limit) => ({ limit, key }));
        const ops = wanted.map(({ limit }) => opOf(limit, key));
        const record = bench.ask({ ops, now, bearable, ...(run === undefined ? {} : { run }) });
        const expected = naive.judge(
          wanted,
          BigInt(now),
          run === undefined ? undefined : `t/a/${run}`,
          BigInt(bearable),
        );
        assert.equal(record.verdict, expected.allowed ? 'allow' : 'deny');
        assert.equal(record.delay_ms ?? 0, Number((expected.delay + 999n) / 1_000n));
        if (record.verdict === 'deny')
          for (const state of record.rate_limit_bucket_state ?? [])
            assert.equal(state.tat_after, state.tat_before, 'a denial charges nothing');
        if (after === 'crash') bench.restart();
        if (after === 'stop') bench.reload(now);
        if (after === 'sweep') bench.ledger.sweep(now, 3);
      }
    }),
    { numRuns: 400 },
  );
});
