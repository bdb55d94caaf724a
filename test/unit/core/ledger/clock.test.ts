import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LedgerClock, START_JUMP_MS, startClock, WALL_JUMP_MS } from '../../../../src/core/ledger/clock.ts';
import { stepGcra } from '../../../../src/core/ledger/gcra.ts';
import type { GcraOp } from '../../../../src/core/ledger/operation.ts';

const WALL = 1_900_000_000_000;

test('never goes back, whatever the wall and the monotonic clock do', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: -1e9, max: 1e9 }))),
      (moves) => {
        const clock = new LedgerClock(WALL * 1_000, WALL, 1e12);
        let wall = WALL;
        let mono = 1e12;
        let last = WALL * 1_000;
        for (const [wallStep, monoStep] of moves) {
          wall += wallStep;
          mono += monoStep;
          const { now_us } = clock.read(wall, mono);
          assert.ok(now_us >= last);
          last = now_us;
        }
      },
    ),
  );
});

test('advances with the monotonic clock only, and reports a jump of the wall clock once', () => {
  const clock = new LedgerClock(WALL * 1_000, WALL, 0);
  assert.deepEqual(clock.read(WALL + 10, 10_000), { now_us: WALL * 1_000 + 10_000 });
  assert.deepEqual(clock.read(WALL + 20 + WALL_JUMP_MS, 20_000), { now_us: WALL * 1_000 + 20_000 });
  assert.deepEqual(clock.read(WALL + 30 + 86_400_000, 30_000), {
    now_us: WALL * 1_000 + 30_000,
    wall_jump_ms: 86_400_000,
  });
  assert.deepEqual(clock.read(WALL + 40 + 86_400_000, 40_000), { now_us: WALL * 1_000 + 40_000 });
  assert.equal(clock.read(WALL + 50, 50_000).wall_jump_ms, -86_400_000);
});

test('starts at the wall clock or just behind the last record, whichever is later', () => {
  assert.deepEqual(startClock(WALL, 0, undefined).clock.read(WALL, 0), { now_us: WALL * 1_000 });
  assert.equal(startClock(WALL, 0, { ledger_ms: WALL - 1_000 }).clock.read(WALL, 0).now_us, WALL * 1_000);
  assert.equal(
    startClock(WALL, 0, { ledger_ms: WALL + 5_000 }).clock.read(WALL, 0).now_us,
    (WALL + 5_001) * 1_000,
  );
});

test('a start far ahead of the last record refills nothing', () => {
  // Records keep whole milliseconds, so the ledger goes on one behind the last.
  const last = WALL - START_JUMP_MS - 2;
  const { clock, held_back_ms } = startClock(WALL, 0, { ledger_ms: last });
  assert.equal(held_back_ms, START_JUMP_MS + 1);
  assert.equal(clock.read(WALL, 0).now_us, (last + 1) * 1_000);
  assert.equal(startClock(WALL, 0, { ledger_ms: WALL - START_JUMP_MS }).held_back_ms, undefined);
});

test('while the machine runs on, the monotonic clock says how long the recorder was away', () => {
  const last = { ledger_ms: WALL, elapsed_us: 7_200_000_000 };
  const away = startClock(WALL + 7_200_000, 0, last);
  assert.equal(away.held_back_ms, undefined);
  assert.equal(away.clock.read(WALL + 7_200_000, 0).now_us, (WALL + 7_200_000) * 1_000);
  const jumped = startClock(WALL + 7_200_000 + WALL_JUMP_MS + 1, 0, last);
  assert.equal(jumped.held_back_ms, WALL_JUMP_MS + 1);
  assert.equal(jumped.clock.read(WALL, 0).now_us, (WALL + 7_200_000) * 1_000);
});

test('moves to the wall clock only when it is accepted, and never back', () => {
  const clock = new LedgerClock(WALL * 1_000, WALL, 0);
  clock.read(WALL + 86_400_000, 1_000_000);
  assert.equal(clock.heldBackMs(WALL + 86_400_000), 86_400_000 - 1_000);
  assert.equal(clock.accept(WALL + 86_400_000, 1_000_000), 86_400_000 - 1_000);
  assert.equal(clock.read(WALL + 86_400_000, 1_000_000).now_us, (WALL + 86_400_000) * 1_000);
  assert.equal(clock.heldBackMs(WALL + 86_400_000), 0);
  assert.equal(clock.accept(WALL - 1_000, 2_000_000), 0);
  assert.equal(clock.read(WALL, 2_000_000).now_us, (WALL + 86_400_000) * 1_000 + 1_000_000);
  assert.throws(() => clock.accept(5e12, 2_000_000), RangeError);
  const start = startClock(WALL, 0, { ledger_ms: WALL - 86_400_000 }, true);
  assert.equal(start.accepted_ms, 86_399_999);
  assert.equal(start.clock.read(WALL, 0).now_us, WALL * 1_000);
  assert.equal(startClock(5e12, 0, { ledger_ms: WALL }, true).held_back_ms, 5e12 - WALL - 1);
});

/** A bucket of tokens as a schoolbook has it, in time that really passed. */
function schoolbook(burst: number, period_ms: number) {
  let tokens = burst;
  return {
    pass(ms: number) {
      tokens = Math.min(burst, tokens + ms / period_ms);
    },
    admitsAtMost: () => tokens,
    take() {
      tokens -= 1;
    },
  };
}

const event = (jump_ms: fc.Arbitrary<number>) =>
  fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ kind: fc.constant('jump' as const), ms: jump_ms }),
    fc.record({ kind: fc.constant('restart' as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ kind: fc.constant('ask' as const), ms: fc.constant(0) }),
  );
/** Wild ones, and ones too small to be reported. */
const events = fc.oneof(
  fc.array(event(fc.integer({ min: -1e10, max: 1e10 })), { minLength: 20, maxLength: 200, size: 'max' }),
  fc.array(event(fc.integer({ min: 0, max: WALL_JUMP_MS })), { minLength: 20, maxLength: 200, size: 'max' }),
);

test('whatever the wall clock does, across restarts too, no request passes that real time has not paid for', () => {
  const period_ms = 10_000;
  const op: GcraOp = {
    op: 'gcra',
    limit_id: 'l/rps',
    key: 'k',
    cost: 1,
    mode: 'hard_stop',
    period_us: period_ms * 1_000,
    tolerance_us: 2 * period_ms * 1_000,
  };
  fc.assert(
    fc.property(events, (all) => {
      const naive = schoolbook(3, period_ms);
      let [wall, mono] = [WALL, 5_000_000];
      let { clock } = startClock(wall, mono);
      let tat: number | undefined;
      let last: { ledger_ms: number; mono: number } = { ledger_ms: WALL, mono };
      for (const { kind, ms } of all) {
        if (kind === 'jump') wall = Math.max(0, wall + ms);
        if (kind === 'pass' || kind === 'restart') {
          [wall, mono] = [wall + ms, mono + ms * 1_000];
          naive.pass(ms);
        }
        if (kind === 'restart')
          clock = startClock(wall, mono, { ledger_ms: last.ledger_ms, elapsed_us: mono - last.mono }).clock;
        const { now_us } = clock.read(wall, mono);
        const ledger_ms = Math.floor(now_us / 1_000);
        assert.ok(ledger_ms >= last.ledger_ms, 'the ledger went back');
        last = { ledger_ms, mono };
        if (kind !== 'ask') continue;
        const step = stepGcra(op, tat, now_us);
        tat = step.tat_after;
        if (!step.admitted) continue;
        // A restart rounds up to the next whole millisecond of the ledger.
        assert.ok(
          naive.admitsAtMost() >= 1 - all.length / period_ms,
          'a request passed that nothing paid for',
        );
        naive.take();
      }
    }),
    { numRuns: 300 },
  );
});

test('after a reboot the wall clock refills an hour at most, however often it is wrong', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e11, max: 1e11 }), { maxLength: 20 }), (jumps) => {
      let last_ms = WALL;
      for (const jump of jumps) {
        const wall = Math.max(0, last_ms + jump);
        const { clock } = startClock(wall, 0, { ledger_ms: last_ms });
        const now_ms = clock.read(wall, 0).now_us / 1_000;
        assert.ok(now_ms > last_ms && now_ms <= last_ms + START_JUMP_MS + 1);
        last_ms = Math.floor(now_ms);
      }
    }),
  );
});
