/** Promise: a policy that is wrongly signed, older than the running one, expired, or broken is refused, across restarts. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../../src/feed/files.ts';
import { at, bundle, DOCUMENT, KEY, newKey } from '../core/policy_bundle/sample.ts';
import { problems, ref, version, World } from './signed_world.ts';

test('a newer bundle is accepted, everything else leaves the last good one in force', async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 3 }));
  const feed = await world.open(t);
  assert.equal(version(feed), 3);
  assert.equal(feed.state().trust, 'signed');
  const other = newKey();
  const bad: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ['garbage', /ENVELOPE_INVALID/],
    [bundle({ version: 2 }), /ROLLBACK/],
    [bundle({ version: 3, valid_until: at(31) }), /ROLLBACK.*another digest/],
    [bundle({ version: 4, valid_until: at(-1) }), /BUNDLE_EXPIRED/],
    [bundle({ version: 4, valid_from: at(1) }), /BUNDLE_NOT_YET_VALID/],
    [bundle({ version: 4 }, DOCUMENT, other), /KEY_UNKNOWN/],
    [bundle({ version: 4 }, { ...DOCUMENT, rules: [{ id: 'x' }] }), /POLICY_INVALID/],
    [JSON.stringify(DOCUMENT), /ENVELOPE_INVALID/],
  ];
  for (const [content, problem] of bad) {
    world.put(world.bundle, content);
    await feed.reload();
    assert.match(problems(feed), problem);
    assert.equal(feed.status().policy.refused?.file_digest, digestOf(Buffer.from(content)));
    assert.equal(version(feed), 3);
  }
  world.put(world.bundle, bundle({ version: 4 }));
  await feed.reload();
  assert.equal(version(feed), 4);
  assert.equal(feed.status().policy.refused, undefined);
});

test('a restart accepts nothing older, and starts with the last good one when the file is broken', async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 5 }));
  (await world.open(t)).stop();
  world.put(world.bundle, bundle({ version: 4 }));
  const older = await world.open(t);
  assert.equal(version(older), 5);
  assert.match(problems(older), /ROLLBACK/);
  world.put(world.bundle, 'garbage');
  assert.equal(version(await world.open(t)), 5);
  rmSync(world.bundle);
  const missing = await world.open(t);
  assert.equal(version(missing), 5);
  assert.match(problems(missing), /no such file/);
  world.put(world.lastGood, bundle({ version: 4 }));
  await assert.rejects(world.open(t), /the last good bundle: .*ROLLBACK/);
});

test('deleting or forging the accepted version does not open the door: the journal knows it, too', async (t) => {
  const world = new World(t);
  const five = bundle({ version: 5 });
  world.put(world.bundle, five);
  (await world.open(t)).stop();
  world.journal = ref(five, 5);
  rmSync(join(world.folder, 'policy'), { recursive: true });
  world.put(world.bundle, bundle({ version: 4 }));
  await assert.rejects(world.open(t), /ROLLBACK/);
  world.put(world.bundle, bundle({ version: 5, valid_until: at(9) }));
  await assert.rejects(world.open(t), /ROLLBACK.*another digest/);
  world.put(world.bundle, five);
  assert.equal(version(await world.open(t)), 5);
  const forged = readFileSync(world.accepted, 'utf8').replace('"version":5', '"version":1');
  world.put(world.accepted, forged);
  world.journal = undefined;
  await world.open(t);
  assert.ok(world.errors.some((line) => /changed by somebody else/.test(line)));
});

test('stale: deny refuses everything after valid_until, at once and after a restart', async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 3, valid_until: at(1) }));
  const feed = await world.open(t);
  const lapse = (days: number, open = feed) => open.current().policyLapse?.(Date.parse(at(days)));
  assert.equal(lapse(1), undefined);
  assert.equal(lapse(1.001), 'deny');
  world.now_ms = Date.parse(at(2));
  assert.equal(feed.status().policy.lapse, 'deny');
  const again = await world.open(t);
  assert.equal(version(again), 3);
  assert.equal(lapse(2, again), 'deny');
  world.put(world.bundle, bundle({ version: 4, valid_until: at(3) }));
  const before = again.current();
  await again.reload();
  assert.equal(lapse(2, again), undefined);
  assert.equal(
    before.policyLapse?.(world.now_ms),
    'deny',
    'a request that still holds the old one is not saved',
  );
});

test('stale: loud goes on and says so', async (t) => {
  const world = new World(t);
  world.stale = 'loud';
  world.put(world.bundle, bundle({ version: 3, valid_until: at(1) }));
  const feed = await world.open(t);
  world.now_ms = Date.parse(at(2));
  assert.equal(feed.current().policyLapse?.(world.now_ms), 'loud');
  while (!world.errors.some((line) => /stays in force by setting/.test(line)))
    await new Promise((resolve) => setTimeout(resolve, 20));
});

test('revoking or removing the key of the bundle in force lapses it; the next key takes over', async (t) => {
  const world = new World(t);
  const next = newKey();
  world.put(world.bundle, bundle({ version: 3 }));
  const feed = await world.open(t);
  const lapse = () => feed.current().policyLapse?.(world.now_ms);
  world.trust([[KEY, { revoked_at: at(-1) }], [next]]);
  await feed.reload();
  assert.equal(lapse(), 'deny');
  world.trust([[next]]);
  await feed.reload();
  assert.equal(lapse(), 'deny');
  world.put(world.bundle, bundle({ version: 4 }, DOCUMENT, next));
  await feed.reload();
  assert.equal(lapse(), undefined);
  assert.equal(version(feed), 4);
  world.put(world.keys, 'garbage');
  world.put(world.bundle, bundle({ version: 5 }, DOCUMENT, next));
  await feed.reload();
  assert.equal(version(feed), 4, 'nothing new while the key file is broken');
  assert.equal(lapse(), undefined);
  assert.match(problems(feed), /not a trust file/);
});

test('a bundle whose version cannot be kept does not come into force until it can', async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 3 }));
  const feed = await world.open(t);
  world.failKeep = true;
  world.put(world.bundle, bundle({ version: 4 }));
  await feed.reload();
  assert.equal(version(feed), 3);
  assert.match(problems(feed), /no space/);
  world.failKeep = false;
  await feed.reload();
  assert.equal(version(feed), 4);
});

test('a bundle of the future is taken when its time has come', async (t) => {
  const world = new World(t);
  world.put(world.bundle, bundle({ version: 3 }));
  const feed = await world.open(t);
  world.put(world.bundle, bundle({ version: 4, valid_from: at(1) }));
  await feed.reload();
  assert.match(problems(feed), /BUNDLE_NOT_YET_VALID/);
  const swapped = new Promise<void>((resolve) => feed.onChange(() => resolve()));
  world.now_ms = Date.parse(at(1));
  await swapped;
  assert.equal(version(feed), 4);
});

test('a large bundle is opened like a small one', async (t) => {
  const world = new World(t);
  const rules = Array.from({ length: 500 }, (_, i) => ({
    id: `r${i}`,
    match: { destination: { hosts: [`h${i}.example.com`, 'api.example.com'] } },
    action: 'allow',
  }));
  world.put(world.bundle, bundle({ version: 3 }, { ...DOCUMENT, rules }));
  const feed = await world.open(t);
  assert.equal(version(feed), 3);
  assert.equal(feed.current().policy.policy_hash, digestOf(feed.current().policy.canonical));
  world.put(world.bundle, bundle({ version: 4 }, { ...DOCUMENT, rules: [...rules, { id: 'x' }] }));
  await feed.reload();
  assert.match(problems(feed), /POLICY_INVALID.*MISSING_KEY/s);
  assert.ok(existsSync(world.lastGood));
});
