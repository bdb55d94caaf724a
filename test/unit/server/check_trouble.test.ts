import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCheck } from '../../../src/server/check.ts';
import type { Snapshot } from '../../../src/server/ports.ts';
import { ALLOWED, bench, fail, ok, policy, recorded, STAMP, snapshot, UNMATCHED } from './fakes.ts';
import { checkRequest, readResponse } from './official.ts';

import { CALLER, run, stampOf } from './one_check.ts';

test('a stale snapshot is judged once more, with the new one and the same receipt id', async () => {
  const snapshots = [snapshot(policy(ALLOWED)), snapshot(policy(UNMATCHED, { policy_hash: 'sha256:p2' }))];
  const setup = bench(() => snapshots.shift() as Snapshot);
  setup.recorder.answer = (proposal) =>
    proposal.draft.policy_hash === 'sha256:p2' ? ok(recorded(proposal)) : fail('STALE_SNAPSHOT');
  const response = readResponse(await createCheck(setup.deps)(checkRequest(), CALLER));
  const [first, second, ...more] = setup.recorder.proposals;
  assert.deepEqual(more, []);
  assert.equal(first?.draft.receipt_id, second?.draft.receipt_id);
  assert.equal(response.denied_response?.status?.code, 403);
});

test('three changes during one Check cost no request', async () => {
  const hashes = ['sha256:p1', 'sha256:p2', 'sha256:p3', 'sha256:p4'];
  const setup = bench(() => snapshot(policy(ALLOWED, { policy_hash: hashes.shift() ?? '' })));
  setup.recorder.answer = (proposal) =>
    proposal.draft.policy_hash === 'sha256:p4' ? ok(recorded(proposal)) : fail('STALE_SNAPSHOT');
  const response = readResponse(await createCheck(setup.deps)(checkRequest(), CALLER));
  assert.equal(setup.recorder.proposals.length, 4);
  assert.equal(new Set(setup.recorder.proposals.map(({ draft }) => draft.receipt_id)).size, 1);
  assert.equal(stampOf(response), STAMP);
});

test('a call is not judged again once Envoy has given up', async () => {
  const setup = bench(() => snapshot(policy(ALLOWED)));
  let now_us = 0;
  const deps = { ...setup.deps, clock: { ...setup.deps.clock, monoUs: () => now_us } };
  setup.recorder.answer = () => {
    now_us += deps.settings.checkTimeoutMs * 1_000;
    return fail('STALE_SNAPSHOT');
  };
  const response = readResponse(await createCheck(deps)(checkRequest(), CALLER));
  assert.equal(setup.recorder.proposals.length, 1);
  assert.equal(response.denied_response?.status?.code, 503);
});

test('re-judgements are bounded', async () => {
  const { recorder, body, response } = await run(snapshot(policy(ALLOWED)), checkRequest(), (setup) => {
    setup.recorder.answer = () => fail('STALE_SNAPSHOT');
  });
  assert.equal(recorder.proposals.length, 4);
  assert.equal(body.code, 'STALE_SNAPSHOT');
  assert.equal(response.denied_response?.status?.code, 503);
});

for (const problem of [
  'RECORDER_UNAVAILABLE',
  'RECORDER_BUSY',
  'RECORD_TOO_LARGE',
  'REQUEST_KEY_REUSED',
] as const) {
  test(`${problem}: denied without a receipt`, async () => {
    const { response, body, proposal, counted } = await run(
      snapshot(policy(ALLOWED)),
      checkRequest(),
      (setup) => {
        setup.recorder.answer = () => fail(problem);
      },
    );
    assert.equal(response.denied_response?.status?.code, problem === 'REQUEST_KEY_REUSED' ? 403 : 503);
    assert.equal(body.request_id, proposal.draft.request_id);
    assert.ok(!JSON.stringify(response).includes(proposal.draft.receipt_id));
    assert.equal(response.dynamic_metadata, undefined);
    assert.deepEqual(counted, [[problem, false]]);
  });
}

test('no answer exists before the recorder has answered', async () => {
  const setup = bench(() => snapshot(policy(ALLOWED)));
  let release = () => {};
  setup.recorder.answer = (proposal) =>
    new Promise((resolve) => {
      release = () => resolve(ok(recorded(proposal)));
    });
  let answered = false;
  const pending = createCheck(setup.deps)(checkRequest(), CALLER).then(() => {
    answered = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(setup.recorder.proposals.length, 1);
  assert.equal(answered, false);
  release();
  await pending;
});

test('whatever breaks inside becomes a bland 503, with the cause in the log only', async () => {
  const secret = 'cause-4711';
  const explode = () => {
    throw new Error(secret);
  };
  const broken: ((setup: ReturnType<typeof bench>) => void)[] = [
    (setup) => {
      setup.recorder.answer = explode;
    },
    (setup) => Object.assign(setup.deps, { snapshot: explode }),
    (setup) => Object.assign(setup.deps, { salt: explode }),
    (setup) => Object.assign(setup.deps, { snapshot: () => snapshot(policy(ALLOWED), explode) }),
    (setup) =>
      Object.assign(setup.deps, { snapshot: () => snapshot(policy(ALLOWED, { evaluate: explode })) }),
  ];
  for (const breakIt of broken) {
    const { response, body, errors } = await run(snapshot(policy(ALLOWED)), checkRequest(), breakIt);
    assert.equal(response.denied_response?.status?.code, 503);
    assert.equal(body.code, 'INTERNAL');
    assert.equal(body.request_id, '4f9a3d1e-0000-4000-8000-000000000001');
    assert.ok(!JSON.stringify(response).includes(secret));
    assert.equal(errors.length, 1);
    const [logged] = errors as { request_id: string; err: Error }[];
    assert.equal(logged?.err.message, secret);
    assert.equal(logged?.request_id, body.request_id);
  }
});

test('a message that is no Check, and a caller without a name, fail closed', async () => {
  const setup = bench(() => snapshot(policy(ALLOWED)));
  const check = createCheck(setup.deps);
  for (const answer of [
    await check(new Uint8Array([1, 2, 3]), CALLER),
    await check(checkRequest(), undefined),
  ]) {
    const response = readResponse(answer);
    assert.equal(response.denied_response?.status?.code, 503);
    assert.equal(response.dynamic_metadata, undefined);
  }
  assert.deepEqual(setup.recorder.proposals, []);
  assert.equal(setup.errors.length, 2);
});
