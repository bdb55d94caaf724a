import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from './boundary.ts';
import { Dice, mutate } from './mutate.ts';

test('a seed repeats its inputs, and a long run hardly ever repeats itself', () => {
  const corpus = [bytesOf('a'.repeat(40)), bytesOf('0123456789'.repeat(6))];
  const series = (seed: number, count: number) => {
    const dice = new Dice(seed);
    return Array.from({ length: count }, () =>
      Buffer.from(mutate(dice.of(corpus), dice, corpus)).toString('latin1'),
    );
  };
  assert.deepEqual(series(7, 50), series(7, 50));
  for (const seed of [0, 1, 294_406_196]) {
    const inputs = series(seed, 20_000);
    assert.ok(new Set(inputs).size > 15_000, `${new Set(inputs).size} different inputs of 20,000`);
    // Untouched and changed inputs both come up, so that both verdicts are judged.
    assert.ok(inputs.includes('a'.repeat(40)));
  }
});
