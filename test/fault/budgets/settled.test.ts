/**
 * Promise: what a budget is charged in the end is what the provider counted, streamed or not; what broke off before that
 * was told stays charged as reserved, what never left costs nothing, and the agent is told the same.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually, PATIENT_LINE } from '../../support/running.ts';
import { foldBudget, type Spent } from './fold.ts';
import {
  type Ask,
  type BudgetWorld,
  CENTS,
  costOf,
  type Heard,
  LIMIT,
  openBudgetWorld,
  RESERVED,
} from './world.ts';

const CAP = CENTS * 10_000;
const KEPT: Spent = { reserved: RESERVED, settled: RESERVED };
const RELEASED: Spent = { reserved: RESERVED, released: true };

type Case = Omit<Ask, 'nonce' | 'stream' | 'delayMs'> & { readonly spent: Spent };

function settledFor(usage: { readonly input: number; readonly output: number }): Case {
  return { ...usage, ending: 'complete', spent: { reserved: RESERVED, settled: costOf(usage) } };
}

const SMALL = { input: 12, output: 7 };

function casesFor({ closedPort }: BudgetWorld): readonly Case[] {
  return [
    settledFor(SMALL),
    settledFor({ input: 1, output: 0 }),
    settledFor({ input: 40, output: 9_000 }),
    // More than was reserved was spent all the same.
    settledFor({ input: 40_000, output: 500 }),
    { ...SMALL, ending: 'mute', spent: KEPT },
    { ...SMALL, ending: 'reset', spent: KEPT },
    { ...SMALL, ending: 'hang', leavesMs: 100, spent: KEPT },
    { ...SMALL, ending: 'complete', port: closedPort, spent: RELEASED },
  ];
}

it('settles what the provider counted, keeps what nobody counted, gives back what never left', {
  timeout: 180_000,
}, async () => {
  const world = await openBudgetWorld([PATIENT_LINE]);
  try {
    const asked = casesFor(world).flatMap((one) => [false, true].map((stream) => ({ one, stream })));
    const expected = new Map<string, Spent>();
    const heard = await Promise.all(
      asked.map(async ({ one: { spent, ...play }, stream }, index): Promise<Heard> => {
        expected.set(`s-${index}`, spent);
        return await world.ask({ ...play, stream, delayMs: 20, nonce: `s-${index}` });
      }),
    );
    const total = [...expected.values()].reduce((sum, { settled = 0 }) => sum + settled, 0);
    const folded = await eventually(
      () => {
        const now = foldBudget(world.records(), LIMIT);
        const isOver = [...now.calls.values()].every(
          ({ settled, released }) => settled !== undefined || released,
        );
        return now.calls.size === expected.size && isOver ? now : undefined;
      },
      'the end of all calls',
      60_000,
    );
    const byNonce = callsByNonce(world, folded.calls);
    assert.deepEqual(byNonce, new Map([...expected].sort(byName)));
    assert.deepEqual(folded.mistakes, []);
    assert.equal(folded.charged, total);
    assert.ok(heard.filter(({ isWhole }) => isWhole).length >= 12, JSON.stringify(heard));
    assert.match(await world.quota(), new RegExp(`"remaining":\\s*${CAP - total}\\b`));
  } finally {
    await world.close();
  }
});

/** The nonce stands in the path that was recorded. */
function callsByNonce(world: BudgetWorld, calls: ReadonlyMap<string, Spent>): Map<string, Spent> {
  const named = world.records().flatMap((record) => {
    const spent = calls.get(record['receipt_id']);
    return record['type'] === 'decision' && spent
      ? [[record['request'].path.split('/').at(-3), spent] as const]
      : [];
  });
  return new Map(named.sort(byName));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
