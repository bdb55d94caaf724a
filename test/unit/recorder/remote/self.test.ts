/** Promise: a recorder in another process tells an agent of its own receipts and limits, and charges nothing for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRecorder } from '../../../../src/recorder/opening.ts';
import { scopedService } from '../../../../src/recorder/remote/scope.ts';
import {
  ALICE,
  appended,
  limitOp,
  ManualClock,
  openWithPolicy,
  proposal,
  recorderOptions,
} from '../workbench.ts';
import { cleaned, clientOf, serviceOf, unixWire } from './reach.ts';

const { states, cleanups } = cleaned();

const OWNER = { tenant_id: ALICE.tenant_id, agent_id: ALICE.agent_id };

async function reached() {
  const dir = states.create();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  cleanups.push(() => recorder.stop());
  const { server, dial } = await unixWire(dir, serviceOf(recorder));
  cleanups.push(() => server.close());
  const client = clientOf(dial);
  cleanups.push(() => client.stop());
  await client.whenReachable();
  return { dir, clock, recorder, client };
}

test('what is left of a bucket, before and after it was used, and after time', async () => {
  const { clock, recorder, client } = await reached();
  const op = limitOp({ period_us: 1_000_000, tolerance_us: 4_000_000 });
  const full = { cap: 5, remaining: 5, reset_ms: 0 };
  assert.deepEqual(await client.quota([op]), [full]);
  for (let i = 0; i < 3; i++) await appended(recorder, proposal({}, [op]));
  const { head_seq } = recorder.status();
  for (let i = 0; i < 3; i++)
    assert.deepEqual(await client.quota([op, { ...op, key: '5:other' }]), [
      { cap: 5, remaining: 2, reset_ms: 3_000 },
      full,
    ]);
  assert.equal(recorder.status().head_seq, head_seq, 'asking leaves no record');
  clock.advance(1_000);
  assert.deepEqual(await client.quota([op]), [{ cap: 5, remaining: 3, reset_ms: 2_000 }]);
  clock.advance(10_000);
  assert.deepEqual(await client.quota([op]), [full]);
});

test('a receipt is told to its agent, with its outcome, and to nobody else', async () => {
  const { recorder, client } = await reached();
  const one = proposal();
  const { receipt_id } = await appended(recorder, one);
  const told = await client.why({ ...OWNER, receipt_id });
  assert.equal(told?.receipt_id, receipt_id);
  assert.equal(told?.outcome, undefined);
  for (const other of [{ agent_id: 'mallory' }, { tenant_id: 'elsewhere' }])
    assert.equal(await client.why({ ...OWNER, ...other, receipt_id }), undefined);
  await recorder.close({
    ...{ receipt_id, request_id: one.draft.request_id },
    facts: { state: 'completed', status: 200, bytes_in: 1, bytes_out: 2, latency_ms: 3 },
    source: { kind: 'live', log_file_id: 'log-1', offset: 10 },
  });
  const after = await client.why({ ...OWNER, receipt_id });
  assert.deepEqual(after, recorder.why({ ...OWNER, receipt_id }));
  assert.deepEqual(after?.outcome, {
    state: 'completed',
    status: 200,
    bytes_in: 1,
    bytes_out: 2,
    latency_ms: 3,
  });
});

test('another host is told of its own decisions alone', async () => {
  const { recorder } = await reached();
  const own = serviceOf(recorder);
  const [a, b] = [scopedService(own, 'host-a'), scopedService(own, 'host-b')];
  const answer = await a.append(proposal());
  assert.ok(answer.ok, 'recorded');
  const { receipt_id } = answer.value;
  assert.equal(a.why({ ...OWNER, receipt_id })?.receipt_id, receipt_id);
  assert.equal(own.why({ ...OWNER, receipt_id })?.receipt_id, receipt_id);
  assert.equal(b.why({ ...OWNER, receipt_id }), undefined);
});

test('a start from a snapshot knows the newest receipts again', async () => {
  const dir = states.create();
  const first = await openWithPolicy(dir);
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push((await appended(first, proposal())).receipt_id);
  await first.stop();
  const second = await openRecorder(recorderOptions(dir));
  cleanups.push(() => second.stop());
  for (const receipt_id of ids) assert.equal(second.why({ ...OWNER, receipt_id })?.receipt_id, receipt_id);
});
