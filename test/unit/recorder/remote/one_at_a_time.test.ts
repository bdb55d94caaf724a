import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calmLog, WARNINGS_MAX } from '../../../../src/recorder/remote/calm_log.ts';
import { oneAtATime } from '../../../../src/recorder/remote/one_at_a_time.ts';

test('however many ask, one run is under way and one to come, and nobody gets a run that began before', async () => {
  const ends: (() => void)[] = [];
  let begun = 0;
  const work = async (): Promise<number> => {
    const number = ++begun;
    await new Promise<void>((resolve) => ends.push(resolve));
    return number;
  };
  const ask = oneAtATime(work, 1);
  const first = ask();
  const others = Array.from({ length: 100 }, ask);
  assert.equal(begun, 1);
  ends[0]?.();
  assert.equal(await first, 1);
  while (begun < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  const late = ask();
  ends[1]?.();
  assert.deepEqual(new Set(await Promise.all(others)), new Set([2]));
  while (begun < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  ends[2]?.();
  assert.equal(await late, 3);
});

test('a run that fails fails for those who waited for it, and the next one is tried', async () => {
  let fails = true;
  const ask = oneAtATime(async () => {
    if (fails) throw new Error('no');
    return 'yes';
  }, 1);
  await assert.rejects(ask(), /no/);
  fails = false;
  assert.equal(await ask(), 'yes');
});

test('warnings beyond a number are counted instead of written', () => {
  const said: object[] = [];
  let now = 0;
  const log = calmLog({ info: () => undefined, warn: (fields) => void said.push(fields) }, () => now);
  for (let i = 0; i < WARNINGS_MAX + 7; i += 1) log.warn({ i }, 'refused');
  assert.equal(said.length, WARNINGS_MAX);
  now = 60_000;
  log.warn({ i: 'next' }, 'refused');
  assert.deepEqual(said.slice(WARNINGS_MAX), [{ left_out: 7 }, { i: 'next' }]);
});
