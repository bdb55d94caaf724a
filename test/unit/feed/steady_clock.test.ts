/** Promise: a clock that is set back makes no expired bundle valid again, while a gateway runs and after a restart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steadyClock } from '../../../src/feed/steady_clock.ts';
import { at, bundle, NOW_MS } from '../core/policy_bundle/sample.ts';
import { problems, version, World } from './signed_world.ts';

test('time follows the wall clock forward, and the monotonic clock when the wall clock goes back', () => {
  let wall = 1_000;
  let mono = 50;
  const now = steadyClock(
    0,
    () => wall,
    () => mono,
  );
  assert.equal(now(), 1_000);
  wall = 5_000;
  assert.equal(now(), 5_000);
  wall = 100;
  mono = 60.5;
  assert.equal(now(), 5_010);
  wall = 9_000;
  assert.equal(now(), 9_000);
});

test('what has certainly passed holds after a restart', () => {
  const now = steadyClock(
    7_000,
    () => 100,
    () => 0,
  );
  assert.equal(now(), 7_000);
});

test('a request that carries the time of a clock that was set back finds the bundle lapsed', async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 3, valid_until: at(1) }));
  const feed = await world.open(t);
  world.now_ms = Date.parse(at(2));
  assert.equal(feed.current().policyLapse?.(NOW_MS), 'deny');
  world.put(world.bundle, bundle({ version: 4, valid_until: at(1.5) }));
  await feed.reload();
  assert.match(problems(feed), /BUNDLE_EXPIRED.*for this gateway it is 2026-06-03T00:00/);
  assert.equal(version(feed), 3);
});
