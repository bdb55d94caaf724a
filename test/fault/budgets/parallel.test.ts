/**
 * Promise: of 1,000 calls at once that can come to ten cents each, a budget of five dollars lets exactly fifty through; and
 * whatever is killed when, never more than fifty are reserved, and the provider never sees a fifty-first.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSeed, Random } from '../../support/fault_random.ts';
import { PATIENT_LINE } from '../../support/running.ts';
import { foldBudget } from './fold.ts';
import { byAnswer, callInParallel, callUntilSpent } from './parallel.ts';
import { type BudgetWorld, CALLS_THAT_FIT, CENTS, LIMIT, openBudgetWorld, RESERVED } from './world.ts';

const CALLS = 1_000;
const CAP = CENTS * 10_000;
const AT_ONCE = { apartMs: 0, pauseMsMax: 0 };
/** So that something is reserved, under way and settled whenever something dies. */
const OVER_SECONDS = { apartMs: 40, pauseMsMax: 500, delayMsMax: 1_200 };

it('exactly fifty of 1,000 calls', { timeout: 250_000 }, async (t) => {
  const world = await openBudgetWorld([PATIENT_LINE]);
  try {
    const heard = await callInParallel(world, {
      calls: CALLS,
      delayMsMax: 50,
      random: new Random(1),
      ...AT_ONCE,
    });
    t.diagnostic(JSON.stringify(byAnswer(heard)));
    await world.running.stop();
    assert.deepEqual(byAnswer(heard), { 200: CALLS_THAT_FIT, '429 LIMIT_SPEND': CALLS - CALLS_THAT_FIT });
    assert.equal(world.provider.arrived.length, CALLS_THAT_FIT);
    const { most, charged, calls, mistakes } = foldBudget(world.records(), LIMIT);
    assert.deepEqual(mistakes, []);
    assert.deepEqual(
      { most, charged, count: calls.size },
      { most: CAP, charged: CAP, count: CALLS_THAT_FIT },
    );
    for (const one of calls.values()) assert.deepEqual(one, { reserved: RESERVED, settled: RESERVED });
  } finally {
    await world.close();
  }
});

const VICTIMS = {
  gateway: 'gateway\u0000--number\u00002',
  recorder: 'recorder\u0000run',
  envoy: 'envoy.json',
} as const;
async function killAtRandom({ running }: BudgetWorld, random: Random): Promise<string[]> {
  const killed: string[] = [];
  for (const victim of ['recorder', 'envoy', 'gateway', 'recorder'] as const) {
    await sleep(150 + random.below(1_200));
    try {
      process.kill(running.childPid(VICTIMS[victim]), 'SIGKILL');
      killed.push(victim);
    } catch {
      // It is just being started again.
    }
  }
  return killed;
}

it('never more than fifty, whatever dies', { timeout: 340_000 }, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const world = await openBudgetWorld(['gateways: 2']);
  try {
    const calling = callInParallel(world, { calls: CALLS, random, ...OVER_SECONDS });
    const killed = await killAtRandom(world, random);
    const heard = [...(await calling)];
    // What never left is given back as soon as Envoy's log is read: it is asked for again.
    await sleep(1_500);
    heard.push(...(await callUntilSpent(world, random)));
    t.diagnostic(JSON.stringify({ killed, answers: byAnswer(heard) }));
    await world.running.stop();
    const { most, refusedAt, calls, mistakes } = foldBudget(world.records(), LIMIT);
    const told = `seed ${seed}, killed ${killed.join(', ')}\n${world.running.output()}`;
    assert.deepEqual(mistakes, [], told);
    assert.ok(most <= CAP, `${most} reserved at one time; ${told}`);
    const { arrived } = world.provider;
    assert.ok(arrived.length <= CALLS_THAT_FIT, `${arrived.length} at the provider; ${told}`);
    assert.equal(new Set(arrived).size, arrived.length, `one came twice; ${told}`);
    assert.ok(killed.length >= 3, `only ${killed.join(', ')} died; ${told}`);
    // What is given back behind the last refusal finds nobody who asks for it.
    assert.ok(refusedAt.length > 0, `somebody was refused; ${told}`);
    assert.ok(
      refusedAt.every((charged) => charged === CAP),
      `nobody is refused before the budget is spent: ${refusedAt.join(', ')}; ${told}`,
    );
    assert.ok((byAnswer(heard)['429 LIMIT_SPEND'] ?? 0) > 0, `and says so; ${told}`);
    const released = [...calls.values()].filter((one) => one.released === true).length;
    assert.ok(arrived.length <= calls.size - released, `a released call arrived; ${told}`);
  } finally {
    await world.close();
  }
});
