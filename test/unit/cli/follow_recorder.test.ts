import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LeadingRecorder, RecorderFollower } from '../../../src/cli/follow_recorder.ts';
import type { CompiledPolicy } from '../../../src/core/policy/compiled.ts';
import { fail, ok } from '../../../src/core/result.ts';
import type { AppendResult, Proposal } from '../../../src/core/verdict/proposal.ts';

const PROPOSAL = {} as Proposal;
const RECORDED = ok({} as AppendResult);

/** A file that both processes read, a recorder and a gateway that each hold what they read last. */
function world() {
  const state = { file: 'P1', recorder: 'P1', gateway: 'P1', reloads: 0, syncs: 0, reachable: true };
  const recorder: LeadingRecorder = {
    append: async () => (state.gateway === state.recorder ? RECORDED : fail('STALE_SNAPSHOT')),
    sync: async () => {
      if (!state.reachable) throw new Error('away');
      state.syncs += 1;
      state.recorder = state.file;
      return { policy_hash: state.recorder, registry_hash: 'R' };
    },
  };
  const feed = {
    state: () => ({
      policy: { policy_hash: state.gateway } as CompiledPolicy,
      registry_hash: 'R',
      registry_canonical: new Uint8Array(),
    }),
    reload: async () => {
      state.reloads += 1;
      state.gateway = state.file;
    },
  };
  return { state, recorder, feed, follower: new RecorderFollower(recorder, feed as never) };
}

test('a gateway that is behind catches up before it judges again', async () => {
  const { state, follower } = world();
  state.file = 'P2';
  state.recorder = 'P2';
  assert.deepEqual(await follower.append(PROPOSAL), fail('STALE_SNAPSHOT'));
  assert.equal(state.gateway, 'P2');
  assert.deepEqual(await follower.append(PROPOSAL), RECORDED);
});

test('a gateway that is ahead has the recorder look', async () => {
  const { state, follower } = world();
  state.file = 'P2';
  state.gateway = 'P2';
  assert.deepEqual(await follower.append(PROPOSAL), fail('STALE_SNAPSHOT'));
  assert.equal(state.recorder, 'P2');
  assert.deepEqual(await follower.append(PROPOSAL), RECORDED);
});

test('a gateway that holds an old document never makes it live again', async () => {
  const { state, recorder, feed } = world();
  state.file = 'P2';
  state.recorder = 'P2';
  const stuck = { ...feed, reload: async () => undefined };
  const follower = new RecorderFollower(recorder, stuck as never);
  assert.equal(await follower.catchUp(), false);
  assert.deepEqual([state.gateway, state.recorder], ['P1', 'P2']);
});

test('many Checks that were sent back share one attempt', async () => {
  const { state, follower } = world();
  state.file = 'P2';
  state.recorder = 'P2';
  await Promise.all(Array.from({ length: 50 }, () => follower.append(PROPOSAL)));
  assert.deepEqual([state.reloads, state.syncs], [1, 1]);
});

test('a recorder that is away ends the attempt at once', async () => {
  const { state, follower } = world();
  state.file = 'P2';
  state.recorder = 'P2';
  state.reachable = false;
  assert.deepEqual(await follower.append(PROPOSAL), fail('STALE_SNAPSHOT'));
  assert.equal(state.reloads, 1);
});

test('a Check does not wait for a recorder that takes long to look', { timeout: 90_000 }, async () => {
  const { state, recorder, feed } = world();
  state.file = 'P2';
  state.recorder = 'P2';
  const slow = { ...recorder, sync: () => new Promise<never>(() => undefined) };
  const follower = new RecorderFollower(slow, feed as never);
  const alive = setInterval(() => undefined, 1_000);
  assert.deepEqual(await follower.append(PROPOSAL), fail('STALE_SNAPSHOT'));
  clearInterval(alive);
});

test('an older bundle of the same documents is not in step: it may go on for longer', () => {
  const bundle = { version: 1, digest: 'B1', key_id: 'k', valid_until: '2027-01-01T00:00:00.000Z' };
  const { recorder, feed } = world();
  const holding = { ...feed, state: () => ({ ...feed.state(), bundle }) };
  const follower = new RecorderFollower(recorder, holding as never);
  const live = { policy_hash: 'P1', registry_hash: 'R' };
  assert.equal(follower.isInStep({ ...live, bundle_digest: 'B1' }), true);
  assert.equal(follower.isInStep({ ...live, bundle_digest: 'B2' }), false);
  assert.equal(follower.isInStep(live), false);
});
