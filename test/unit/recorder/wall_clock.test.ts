import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openRecorder } from '../../../src/recorder/opening.ts';
import {
  appended,
  limitOp,
  ManualClock,
  openWithPolicy,
  proposal,
  recorderOptions,
  recordsOf,
  StateDirs,
} from './workbench.ts';

const dirs = new StateDirs();
after(() => dirs.clean());

const HOUR_MS = 3_600_000;
/** One request in two hours. */
const SLOW = limitOp({ period_us: 2 * HOUR_MS * 1_000, tolerance_us: 0 });

class Machine extends ManualClock {
  boot = 'boot-1';
  bootId(): string {
    return this.boot;
  }
  reboot(off_ms: number): void {
    this.boot = `boot-${Number(this.boot.slice(5)) + 1}`;
    this.wall_ms += off_ms;
    this.mono_us = 1_000_000;
  }
}

const clocksOf = (dir: string) =>
  recordsOf(dir)
    .filter((one) => one['lifecycle'] === 'clock')
    .map((one) => [one['wall_jump_ms'], one['accepted'] ?? false]);

test('a pause that the monotonic clock vouches for refills; a jump of the wall clock does not', async () => {
  const [dir, clock] = [dirs.create(), new Machine()];
  const first = await openWithPolicy(dir, { clock });
  assert.equal((await appended(first, proposal({}, [SLOW]))).verdict, 'allow');
  await first.stop();
  clock.wall_ms += 5 * HOUR_MS;
  const jumped = await openWithPolicy(dir, { clock });
  // The ledger went on one millisecond behind the last record.
  assert.equal(jumped.status().clock_held_back_ms, 5 * HOUR_MS - 1);
  assert.equal((await appended(jumped, proposal({}, [SLOW]))).verdict, 'deny');
  await jumped.stop();
  clock.advance(2 * HOUR_MS);
  const paused = await openWithPolicy(dir, { clock });
  assert.equal((await appended(paused, proposal({}, [SLOW]))).verdict, 'allow');
  await paused.stop();
  assert.deepEqual(
    clocksOf(dir).map(([, accepted]) => accepted),
    [false, false],
  );
});

test('after a reboot more than an hour ahead is held back until it is accepted, at every start anew', async () => {
  const [dir, clock] = [dirs.create(), new Machine()];
  const warnings: string[] = [];
  const log = { info() {}, error() {}, warn: (_: object, text: string) => void warnings.push(text) };
  const first = await openWithPolicy(dir, { clock });
  await appended(first, proposal({}, [SLOW]));
  await first.stop();
  for (let start = 1; start <= 3; start++) {
    clock.reboot(start === 1 ? 9 * HOUR_MS : 1_000);
    const held = await openWithPolicy(dir, { clock, log });
    assert.equal((await appended(held, proposal({}, [SLOW]))).verdict, 'deny');
    assert.ok((held.status().clock_held_back_ms ?? 0) > 8 * HOUR_MS);
    await held.stop();
    assert.equal(warnings.filter((text) => text.includes('clock-accept')).length, start);
  }
  const accepting = await openWithPolicy(dir, { clock, log });
  const moved = await accepting.acceptClock();
  assert.ok(moved > 8 * HOUR_MS);
  assert.equal(await accepting.acceptClock(), 0, 'once is enough');
  assert.equal(accepting.status().clock_held_back_ms, undefined);
  assert.equal((await appended(accepting, proposal({}, [SLOW]))).verdict, 'allow');
  await accepting.stop();
  assert.deepEqual(clocksOf(dir).at(-1), [moved, true]);
  const records = recordsOf(dir);
  for (const [i, { ledger_ms }] of records.entries())
    assert.ok(i === 0 || ledger_ms >= records[i - 1]?.['ledger_ms'], `record ${i}`);
  const accepted = records.findIndex((one) => one['accepted'] === true);
  assert.equal(records[accepted]?.['ledger_ms'], clock.wall_ms);
});

test('an acceptance at a start is the first thing that start records, and lasts', async () => {
  const [dir, clock] = [dirs.create(), new Machine()];
  await (await openRecorder(recorderOptions(dir, { clock }))).stop();
  clock.reboot(48 * HOUR_MS);
  const told: number[] = [];
  const options = recorderOptions(dir, { clock, acceptClock: true, clockAccepted: (ms) => told.push(ms) });
  await (await openRecorder(options)).stop();
  await (await openRecorder(options)).stop();
  assert.equal(told.length, 1);
  assert.deepEqual(clocksOf(dir), [[told[0], true]]);
  const later = await openRecorder(recorderOptions(dir, { clock }));
  assert.equal(later.status().clock_held_back_ms, undefined);
  await later.stop();
});

const event = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 120_000 }) }),
  fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -1e9, max: 1e9 }) }),
  fc.record({ kind: fc.constant('restart' as const), ms: fc.integer({ min: 0, max: 120_000 }) }),
  fc.record({ kind: fc.constant('ask' as const), ms: fc.constant(0) }),
);

test('through a real journal: wall jumps between and during runs never pay for a request', async () => {
  const period_ms = 60_000;
  const op = limitOp({ period_us: period_ms * 1_000, tolerance_us: period_ms * 1_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 25 }), async (events) => {
      const [dir, clock] = [dirs.create(), new Machine()];
      let recorder = await openWithPolicy(dir, { clock });
      // The judge: two tokens, one more for each minute that really passed.
      let tokens = 2;
      for (const { kind, ms } of events) {
        if (kind === 'jump') clock.wall_ms = Math.max(1, clock.wall_ms + ms);
        if (kind === 'restart') await recorder.stop();
        if (kind === 'pass' || kind === 'restart') {
          clock.advance(ms);
          tokens = Math.min(2, tokens + ms / period_ms);
        }
        if (kind === 'restart') recorder = await openWithPolicy(dir, { clock });
        if (kind !== 'ask') continue;
        const { verdict } = await appended(recorder, proposal({}, [op]));
        // A start rounds up to the next whole millisecond.
        if (verdict === 'allow') assert.ok(tokens >= 1 - events.length / period_ms, `${tokens} tokens`);
        if (verdict === 'allow') tokens -= 1;
      }
      await recorder.stop();
      const times = recordsOf(dir).map((one) => Number(one['ledger_ms']));
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
    }),
    { numRuns: 40 },
  );
});
