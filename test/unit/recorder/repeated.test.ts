import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { appended, limitOp, ManualClock, openWithPolicy, proposal, StateDirs } from './workbench.ts';

const dirs = new StateDirs();
after(() => dirs.clean());

const op = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  period_us: fc.integer({ min: 1_000, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 5 }),
  mode: fc.constantFrom('hard_stop' as const, 'alert_only' as const),
});

test('a repeated request hears after a restart what it heard before, headroom of its limits included', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(op, { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
      async (requests) => {
        const [dir, clock] = [dirs.create(), new ManualClock()];
        const options = { clock, checkTimeoutMs: 60_000 };
        const before = await openWithPolicy(dir, options);
        const asked = requests.map((ops, i) =>
          proposal(
            { request_id: `request-${i}` },
            ops.map(({ key, period_us, burst, mode }, n) =>
              limitOp({
                key,
                period_us,
                mode,
                limit_id: `limit-${n}/rps`,
                tolerance_us: (burst - 1) * period_us,
              }),
            ),
          ),
        );
        const first = [];
        for (const one of asked) first.push(await appended(before, one));
        await before.stop();
        // As after a crash: only records are left to remember from.
        rmSync(join(dir, 'ledger'), { recursive: true });
        const again = await openWithPolicy(dir, options);
        for (const [i, one] of asked.entries()) assert.deepEqual(await appended(again, one), first[i]);
        await again.stop();
      },
    ),
    { numRuns: 25 },
  );
});
