import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  assertGcraOp,
  COST_MAX,
  NOW_US_MAX,
  PERIOD_US_MAX,
  stepGcra,
  TOLERANCE_US_MAX,
} from '../../../../src/core/ledger/gcra.ts';
import type { GcraOp } from '../../../../src/core/ledger/operation.ts';

const op = (overrides: Partial<GcraOp> = {}): GcraOp => ({
  op: 'gcra',
  limit_id: 'l/rps',
  key: '1:t',
  period_us: 50_000,
  tolerance_us: 950_000,
  cost: 1,
  mode: 'hard_stop',
  ...overrides,
});

/** The textbook in BigInt: admit when the theoretical arrival time is at most the tolerance ahead. */
function naive(tat: bigint, now: bigint, period: bigint, tolerance: bigint, cost: bigint) {
  const start = tat > now ? tat : now;
  // `cost` cells at once: the last of them must still be within the tolerance.
  const lastArrival = start + (cost - 1n) * period;
  if (lastArrival - now > tolerance)
    return { admitted: false, tat: start, wait: lastArrival - now - tolerance };
  return { admitted: true, tat: start + cost * period, wait: 0n };
}

const arbitrarySteps = fc.record({
  period_us: fc.integer({ min: 1, max: PERIOD_US_MAX }),
  burst: fc.integer({ min: 1, max: 300 }),
  start: fc.integer({ min: 0, max: NOW_US_MAX - 1_000 * PERIOD_US_MAX }),
  steps: fc.array(
    fc.record({ gap: fc.double({ min: 0, max: 3, noNaN: true }), cost: fc.integer({ min: 1, max: 4 }) }),
    { minLength: 1, maxLength: 200 },
  ),
});

test('agrees step by step with a BigInt GCRA', () => {
  fc.assert(
    fc.property(arbitrarySteps, ({ period_us, burst, start, steps }) => {
      const tolerance_us = Math.min(TOLERANCE_US_MAX, (burst - 1) * period_us);
      let now = start;
      let tat: number | undefined;
      let reference = 0n;
      for (const { gap, cost } of steps) {
        now += Math.floor(gap * period_us);
        const one = op({ period_us, tolerance_us, cost });
        const step = stepGcra(one, tat, now);
        const expected = naive(reference, BigInt(now), BigInt(period_us), BigInt(tolerance_us), BigInt(cost));
        assert.equal(step.admitted, expected.admitted);
        assert.equal(BigInt(step.tat_after), expected.tat);
        assert.equal(BigInt(step.retry_after_us), expected.wait);
        if (!step.admitted) {
          const later = stepGcra(one, step.tat_after, now + step.retry_after_us);
          const earlier = stepGcra(one, step.tat_after, now + step.retry_after_us - 1);
          assert.equal(later.admitted || cost * period_us > tolerance_us + period_us, true);
          assert.equal(earlier.admitted, false);
        }
        tat = step.tat_after;
        reference = expected.tat;
      }
    }),
    { numRuns: 200 },
  );
});

test('admits at most burst + floor(t / T) in any window, and exactly burst at once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 150 }),
      (period_us, burst, gaps) => {
        const admitted: number[] = [];
        let now = 1_000_000;
        let tat: number | undefined;
        for (const gap of gaps) {
          now += gap;
          const step = stepGcra(op({ period_us, tolerance_us: (burst - 1) * period_us }), tat, now);
          tat = step.tat_after;
          if (step.admitted) admitted.push(now);
        }
        for (const [i, from] of admitted.entries()) {
          for (const [j, to] of admitted.entries()) {
            if (j >= i) assert.ok(j - i + 1 <= burst + Math.floor((to - from) / period_us));
          }
        }
      },
    ),
    { numRuns: 200 },
  );
  let tat: number | undefined;
  const verdicts = Array.from({ length: 25 }, () => {
    const step = stepGcra(op(), tat, 5_000_000);
    tat = step.tat_after;
    return step.admitted;
  });
  assert.equal(verdicts.filter(Boolean).length, 20);
  assert.equal(verdicts.lastIndexOf(true), 19);
});

test('remaining counts exactly the requests that still pass', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 100_000 }), (charged, later) => {
      let tat: number | undefined;
      for (let i = 0; i < charged; i++) tat = stepGcra(op(), tat, 1_000_000).tat_after;
      const now = 1_000_000 + later;
      const step = stepGcra(op(), tat, now);
      let more = 0;
      for (let at = step.tat_after; stepGcra(op(), at, now).admitted; more++)
        at = stepGcra(op(), at, now).tat_after;
      assert.equal(step.remaining, more);
    }),
  );
});

test('stays exact at the largest values', () => {
  const largest = op({ period_us: PERIOD_US_MAX, tolerance_us: TOLERANCE_US_MAX, cost: COST_MAX });
  const highestTat = NOW_US_MAX + TOLERANCE_US_MAX + PERIOD_US_MAX;
  const step = stepGcra(largest, highestTat, NOW_US_MAX);
  for (const value of Object.values(step))
    if (typeof value === 'number') assert.ok(Number.isSafeInteger(value));
  const exact = BigInt(highestTat) + BigInt(COST_MAX) * BigInt(PERIOD_US_MAX);
  assert.ok(exact < BigInt(Number.MAX_SAFE_INTEGER));
  assert.equal(BigInt(step.retry_after_us), exact - BigInt(NOW_US_MAX + TOLERANCE_US_MAX + PERIOD_US_MAX));
});

test('refuses operations outside the proven bounds', () => {
  assertGcraOp(op());
  const bad: Partial<GcraOp>[] = [
    { period_us: 0 },
    { period_us: 1.5 },
    { period_us: PERIOD_US_MAX + 1 },
    { tolerance_us: -1 },
    { tolerance_us: TOLERANCE_US_MAX + 1 },
    { cost: 0 },
    { cost: COST_MAX + 1 },
    { cost: Number.NaN },
    { key: '' },
  ];
  for (const one of bad) assert.throws(() => assertGcraOp(op(one)), RangeError, JSON.stringify(one));
});
