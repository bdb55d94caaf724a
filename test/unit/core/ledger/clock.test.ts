import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LedgerClock, START_JUMP_MS, startClock, WALL_JUMP_MS } from '../../../../src/core/ledger/clock.ts';

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
  assert.equal(startClock(WALL, 0, WALL - 1_000).clock.read(WALL, 0).now_us, WALL * 1_000);
  assert.equal(startClock(WALL, 0, WALL + 5_000).clock.read(WALL, 0).now_us, (WALL + 5_001) * 1_000);
});

test('a start far ahead of the last record refills nothing', () => {
  const last = WALL - START_JUMP_MS - 1;
  const { clock, held_back_ms } = startClock(WALL, 0, last);
  assert.equal(held_back_ms, START_JUMP_MS + 1);
  assert.equal(clock.read(WALL, 0).now_us, (last + 1) * 1_000);
  assert.equal(startClock(WALL, 0, WALL - START_JUMP_MS).held_back_ms, undefined);
});
