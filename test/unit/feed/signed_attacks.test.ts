/** Promise: whoever can only write the bundle's path, or reads it late, brings no older policy back and delays no revocation. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Versions } from '../../../src/feed/versions.ts';
import { at, bundle, KEY } from '../core/policy_bundle/sample.ts';
import { problems, ref, version, World } from './signed_world.ts';

test('what is no plain file in the place of the bundle is refused, and a revocation still bites', {
  timeout: 40_000,
}, async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 3 }));
  const feed = await world.open(t);
  const make = [
    () => execFileSync('mkfifo', [world.bundle]),
    () => symlinkSync('/dev/zero', world.bundle),
    () => execFileSync('mkdir', [world.bundle]),
  ];
  for (const one of make) {
    rmSync(world.bundle, { recursive: true });
    one();
    await feed.reload();
    assert.match(problems(feed), /not a regular file/);
    assert.equal(version(feed), 3);
  }
  world.trust([[KEY, { revoked_at: at(-1) }]]);
  await feed.reload();
  assert.equal(feed.current().policyLapse?.(world.now_ms), 'deny');
});

test('a gateway that read an older bundle before another one accepted a newer one does not bring it into force', async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 3 }));
  const feed = await world.open(t);
  const seven = bundle({ version: 7 });
  // The other gateway gets ahead while this one compiles.
  world.whileCompiling = () => new Versions(world.versions(), world.log).keep(seven, ref(seven, 7));
  world.put(world.bundle, bundle({ version: 4 }));
  await feed.reload();
  assert.equal(version(feed), 3);
  assert.match(problems(feed), /version 7/);
  assert.match(readFileSync(world.accepted, 'utf8'), /"version":7/);
  assert.deepEqual(new Uint8Array(readFileSync(world.lastGood)), seven);
  const sameVersion = bundle({ version: 7, valid_until: at(90) });
  world.whileCompiling = undefined;
  world.put(world.bundle, sameVersion);
  await feed.reload();
  assert.match(problems(feed), /ROLLBACK/);
  writeFileSync(world.bundle, seven);
  await feed.reload();
  assert.equal(version(feed), 7);
});
