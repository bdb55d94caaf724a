import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BucketState, GcraOp } from '../../../../src/core/ledger/operation.ts';
import type { DecisionRecord } from '../../../../src/core/receipt/records.ts';
import { LimitReplay } from '../../../../src/core/verdict/replay_limits.ts';
import { Bench, SECOND, T0 } from '../ledger/limit_bench.ts';

const op = (limit_id: string, rest: Partial<GcraOp>): GcraOp => ({
  ...{ op: 'gcra', limit_id, key: limit_id, period_us: 100_000, tolerance_us: 1_900_000, cost: 1 },
  ...{ mode: 'hard_stop', near_percent: 80 },
  ...rest,
});
const OPS = [
  op('hard', { period_us: 40_000 }),
  op('throttle', { mode: 'throttle', max_delay_us: 300_000, tolerance_us: 200_000 }),
  op('soft', { mode: 'soft_stop', grace_us: 2 * SECOND, grace_calls: 3, tolerance_us: 900_000 }),
  op('alert', { mode: 'alert_only', tolerance_us: 200_000 }),
];
const denial = (limit_id: string) => ({ reason: 'LIMIT_RPS', rule_id: limit_id }) as const;

interface Made {
  readonly record: DecisionRecord;
  readonly ops: readonly GcraOp[];
}

/** What a recorder would have written for these requests. */
function journal(
  asked: readonly { gap: number; uses: readonly number[]; run: string | undefined }[],
): Made[] {
  const bench = new Bench();
  let now = T0;
  return asked.map(({ gap, uses, run }) => {
    now += gap;
    const ops = OPS.filter((_, i) => uses.includes(i));
    const record = bench.ask({ ops, now, bearable: 250_000, ...(run === undefined ? {} : { run }) });
    return { record, ops };
  });
}

function differences(made: readonly Made[], complete: boolean): string[] {
  const replay = new LimitReplay(complete);
  const found: string[] = [];
  for (const { record, ops } of made) {
    const demands = ops.map((one) => ({ op: one, denial: denial(one.limit_id) }));
    const refused = replay.check(record, demands, (field, recorded, replayed) => {
      if (recorded !== replayed) found.push(`${record.seq} ${field}: ${recorded}, not ${replayed}`);
    });
    if ((refused === undefined) !== (record.verdict === 'allow')) found.push(`${record.seq} verdict`);
    replay.fold(record);
  }
  return found;
}

const asked = fc.array(
  fc.record({
    gap: fc.constantFrom(0, 0, 0, 10_000, 100_000, 3 * SECOND),
    uses: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
    run: fc.constantFrom(undefined, 'r1', 'r2'),
  }),
  { minLength: 1, maxLength: 120 },
);

test('every mode comes out as recorded, from the first record on and from any record on', () => {
  fc.assert(
    fc.property(asked, fc.nat(), (requests, cut) => {
      const made = journal(requests);
      assert.deepEqual(differences(made, true), []);
      assert.deepEqual(differences(made.slice(cut % made.length), false), []);
    }),
    { numRuns: 200 },
  );
});

test('a record that says something else is found', () => {
  const made = journal(Array.from({ length: 26 }, () => ({ gap: 10_000, uses: [1, 2, 3], run: 'r1' })));
  const forge = (index: number, change: (state: BucketState) => BucketState): Made[] =>
    made.map((one, i) => {
      if (i !== index) return one;
      const states = (one.record.rate_limit_bucket_state ?? []).map(change);
      return { ...one, record: { ...one.record, rate_limit_bucket_state: states } };
    });
  const withDelay = (index: number, delay_ms: number) =>
    made.map((one, i) => (i === index ? { ...one, record: { ...one.record, delay_ms } } : one));
  assert.deepEqual(differences(made, true), []);
  const forgeries = {
    'more room before': forge(4, (state) => ({ ...state, tat_before: state.tat_before - 1 })),
    'charged less': forge(4, (state) => ({ ...state, tat_after: state.tat_after - 1 })),
    'no event': forge(
      made.findIndex(({ record }) => record.rate_limit_bucket_state?.some(({ near }) => near !== undefined)),
      ({ near: _, ...state }) => state,
    ),
    'a grace that was none': forge(1, (state) => ({ ...state, exceeded: true })),
    'waited less': withDelay(
      made.findIndex(({ record }) => (record.delay_ms ?? 0) > 1),
      1,
    ),
  };
  for (const [name, forged] of Object.entries(forgeries))
    assert.notDeepEqual(differences(forged, true), [], name);
});
