/** Promise: what waits for the end of an answer hears of it when it is durable, and every end is recorded once. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResponseDemands } from '../../../src/core/contract/demands.ts';
import type { BudgetOp } from '../../../src/core/ledger/budget_operation.ts';
import type { InspectionFinding } from '../../../src/core/receipt/inspection_facts.ts';
import { type JournalDisk, openFileDisk } from '../../../src/recorder/disk.ts';
import { ENDS_MAX } from '../../../src/recorder/inspecting.ts';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import {
  ALICE,
  appended,
  kinds,
  ManualClock,
  openWithPolicy,
  proposal,
  receiptId,
  recordsOf,
  StateDirs,
} from './workbench.ts';

const states = new StateDirs();
afterEach(() => states.clean());

const ASKED: ResponseDemands = { inspect: 'auto', max_bytes: 1_000, on_violation: 'alert', notarize: true };
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

function found(overrides: Partial<InspectionFinding> = {}): InspectionFinding {
  return {
    part: 'response',
    state: 'mark',
    index: 0,
    format: 'sse',
    bytes_in: 3,
    bytes_out: 3,
    digest_in: digest('abc'),
    digest_out: digest('abc'),
    events: 1,
    ...overrides,
  };
}
const end = (overrides: Partial<InspectionFinding> = {}) => found({ state: 'complete', ...overrides });
const closed = { state: 'completed', bytes_in: 1, bytes_out: 2, latency_ms: 3 } as const;

async function allowed(recorder: Recorder, overrides: Parameters<typeof proposal>[0] = {}): Promise<string> {
  return (await appended(recorder, proposal({ response: ASKED, ...overrides }))).receipt_id;
}

/** `is_end` as the facts say. */
function inspect(recorder: Recorder, receipt_id: string, facts: InspectionFinding): Promise<void> {
  return recorder.inspect({ receipt_id, facts, is_end: facts.state !== 'mark' });
}

const inspections = (dir: string) => recordsOf(dir).filter(({ type }) => type === 'inspection');

function heldDisk() {
  const held: ((error: Error | null) => void)[] = [];
  const state = { hold: false };
  const disk = (path: string): JournalDisk => {
    const real = openFileDisk(path);
    return { ...real, syncSoon: (done) => (state.hold ? held.push(done) : real.syncSoon(done)) };
  };
  const settle = (error: Error | null) => {
    for (const one of held.splice(0)) one(error);
  };
  return { disk, state, settle };
}

test('an end is acknowledged when it is on stable storage, and its repetition not before', async () => {
  const { disk, state, settle } = heldDisk();
  const recorder = await openWithPolicy(states.create(), { disk });
  const id = await allowed(recorder);
  state.hold = true;
  const heard: string[] = [];
  const first = inspect(recorder, id, end()).then(() => heard.push('first'));
  for (let i = 0; i < 5; i++) await nextTurn();
  const again = inspect(recorder, id, end()).then(() => heard.push('again'));
  for (let i = 0; i < 5; i++) await nextTurn();
  assert.deepEqual(heard, [], 'an end was acknowledged before the sync had come back');
  state.hold = false;
  settle(null);
  await Promise.all([first, again]);
  await recorder.stop();
});

test('an end whose sync fails is refused', async () => {
  const { disk, state, settle } = heldDisk();
  const recorder = await openWithPolicy(states.create(), { disk, onFatal: () => undefined });
  const id = await allowed(recorder);
  state.hold = true;
  const waiting = [inspect(recorder, id, found()), inspect(recorder, id, end({ index: 1 }))];
  const outcomes = Promise.allSettled(waiting);
  for (let i = 0; i < 5; i++) await nextTurn();
  settle(new Error('EIO: injected'));
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('an end waits for no timer and stands behind the marks that came before it', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const id = await allowed(recorder);
  const marks = [0, 1, 2, 3].map((index) => inspect(recorder, id, found({ index })));
  await inspect(recorder, id, end({ index: 4 }));
  await Promise.all(marks);
  assert.deepEqual(
    inspections(dir).map(({ index, state }) => [index, state]),
    [
      [0, 'mark'],
      [1, 'mark'],
      [2, 'mark'],
      [3, 'mark'],
      [4, 'complete'],
    ],
  );
  await recorder.stop();
});

test('marks ride: alone they force no commit, and they are durable with the next one', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const id = await allowed(recorder);
  const mark = inspect(recorder, id, found());
  await appended(recorder, proposal());
  await mark;
  assert.equal(inspections(dir).length, 1);
  await recorder.stop();
});

test('a second end is refused, an identical one is not written again, and nothing follows an end', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const id = await allowed(recorder);
  await inspect(recorder, id, end());
  await inspect(recorder, id, end());
  const others: Partial<InspectionFinding>[] = [
    { state: 'policy_cut' },
    { index: 1 },
    { digest_out: digest('other') },
  ];
  for (const other of others) await assert.rejects(inspect(recorder, id, end(other)), /has ended/);
  await assert.rejects(inspect(recorder, id, found({ index: 5 })), /has ended/);
  await inspect(recorder, id, found());
  await assert.rejects(
    inspect(recorder, await allowed(recorder), end({ part: 'request' })),
    /nobody asked for an inspection of its request/,
  );
  assert.equal(inspections(dir).length, 1);
  await recorder.stop();
});

test('an end with the index of a mark is refused, and comes through with the next one', async () => {
  const recorder = await openWithPolicy(states.create());
  const id = await allowed(recorder);
  const mark = inspect(recorder, id, found({ index: 2 }));
  await assert.rejects(inspect(recorder, id, end({ index: 2 })), /its index is not above/);
  await Promise.all([mark, inspect(recorder, id, end({ index: 3 }))]);
  await recorder.stop();
});

test('a finding that is a mark and an end is nobody of ours', async () => {
  const recorder = await openWithPolicy(states.create());
  const receipt_id = await allowed(recorder);
  for (const [facts, is_end] of [
    [found(), true],
    [end(), false],
  ] as const)
    await assert.rejects(recorder.inspect({ receipt_id, facts, is_end }), RangeError);
  await recorder.stop();
});

test('what nobody asked for is ignored: unknown decisions, denials, allows without demands', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const denied = await appended(
    recorder,
    proposal({ verdict: 'deny', reason: 'POLICY_DENY', response: ASKED }),
  );
  const plain = await appended(recorder, proposal());
  for (const id of [receiptId(), denied.receipt_id, plain.receipt_id]) {
    await inspect(recorder, id, found());
    await inspect(recorder, id, end({ index: 1 }));
  }
  await recorder.stop();
  assert.equal(inspections(dir).length, 0);
});

test('both parts of a call have an end of their own, and continue the chains of its owner', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const run = { label: 'r1', asserted_by: 'header' } as const;
  const request = { ...proposal().draft.request, body_state: 'streamed' as const };
  const id = await allowed(recorder, { identity: { ...ALICE, run }, request });
  await inspect(recorder, id, end({ part: 'request', format: 'json_lines' }));
  await inspect(recorder, id, end());
  await recorder.stop();
  const written = inspections(dir);
  assert.deepEqual(
    written.map(({ part, streams }) => [part, streams.map((one: { seq: number }) => one.seq)]),
    [
      ['request', [1, 1, 1]],
      ['response', [2, 2, 2]],
    ],
  );
});

test('an outcome may come first: the end is taken for five minutes more, also after a restart', async () => {
  const dir = states.create();
  const clock = new ManualClock();
  let recorder = await openWithPolicy(dir, { clock });
  const ids = [await allowed(recorder), await allowed(recorder), await allowed(recorder)] as const;
  for (const receipt_id of ids)
    await recorder.close({ receipt_id, request_id: 'x', facts: closed, source: { kind: 'live' } });
  await inspect(recorder, ids[0], end());
  await recorder.stop();
  clock.advance(299_000);
  recorder = await openWithPolicy(dir, { clock });
  await inspect(recorder, ids[1], end());
  clock.advance(2_000);
  await recorder.heartbeat(0);
  await inspect(recorder, ids[2], end());
  await recorder.stop();
  assert.deepEqual(
    inspections(dir).map(({ decision_ref }) => decision_ref),
    ids.slice(0, 2),
  );
});

test('a process that was killed leaves to the next one what it waited for', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const id = await allowed(recorder);
  await inspect(recorder, id, found());
  await recorder.stop();
  const next = await openWithPolicy(dir);
  assert.equal(next.inspectedEpoch(id), 'epoch-1');
  await inspect(next, id, found());
  await inspect(next, id, end({ index: 1 }));
  await next.stop();
  assert.deepEqual(
    inspections(dir).map(({ index }) => index),
    [0, 1],
  );
});

test('what does not fit a record is refused, and the answer can still end', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const id = await allowed(recorder);
  for (const bad of [{ model: '' }, { tool_calls: ['a b'] }, { bytes_in: -1 }, { digest_in: 'AB' }])
    await assert.rejects(inspect(recorder, id, end(bad)), /does not fit/);
  await inspect(recorder, id, end());
  await recorder.stop();
  assert.equal(inspections(dir).length, 1);
  await assert.rejects(inspect(recorder, id, end()), /stopped/);
});

test('ends that wait are bounded', async () => {
  const { disk, state, settle } = heldDisk();
  const recorder = await openWithPolicy(states.create(), { disk });
  const id = receiptId();
  state.hold = true;
  const decision = recorder.append(proposal());
  await nextTurn();
  const waiting = Array.from({ length: ENDS_MAX }, () => inspect(recorder, id, end()));
  await assert.rejects(inspect(recorder, id, end()), /too many inspections wait/);
  state.hold = false;
  settle(null);
  await Promise.all([decision, ...waiting]);
  await inspect(recorder, id, end());
  await recorder.stop();
});

const BUDGET: BudgetOp = {
  op: 'budget',
  limit_id: 'spend/usd',
  key: '7:default5:alice',
  unit: 'micro_usd',
  amount: 600,
  cap: 1_000,
  slot_us: 3_600_000_000,
  slots: 25,
  anchor_us: 0,
  mode: 'hard_stop',
};

test('the end of an answer settles what its call reserved, and the marks do not', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const asked = () => proposal({ response: { ...ASKED, usage: true } }, [BUDGET]);
  const id = (await appended(recorder, asked())).receipt_id;
  assert.equal((await appended(recorder, asked())).verdict, 'deny', 'two calls do not fit the budget');
  const mark = inspect(recorder, id, found({ cost_micro_usd: 5 }));
  await inspect(recorder, id, end({ index: 1, cost_micro_usd: 50 }));
  await mark;
  assert.equal((await appended(recorder, asked())).verdict, 'allow', 'the rest was given back');
  await recorder.stop();
  const [first, last] = inspections(dir);
  assert.equal(first?.['settled'], undefined);
  assert.deepEqual(
    last?.['settled'].map(({ limit_id, reserved, settled }: Record<string, unknown>) => [
      limit_id,
      reserved,
      settled,
    ]),
    [['spend/usd', 600, 50]],
  );
  assert.equal(kinds(dir).filter((kind) => kind === 'inspection').length, 2);
});
