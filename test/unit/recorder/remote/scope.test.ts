/** Promise: a host with a certificate speaks of its own decisions, runs of Envoy and logs, and of nobody else's. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { OutcomeNotice } from '../../../../src/recorder/notices.ts';
import type { Recorder } from '../../../../src/recorder/recorder.ts';
import { HOST_APPENDS_MAX, scopedService } from '../../../../src/recorder/remote/scope.ts';
import type { RecorderService } from '../../../../src/recorder/remote/service.ts';
import { openWithPolicy, proposal, recordsOf, StateDirs } from '../workbench.ts';
import { serviceOf } from './reach.ts';

const states = new StateDirs();
const recorders: Recorder[] = [];
afterEach(async () => {
  for (const recorder of recorders.splice(0)) await recorder.stop();
  states.clean();
});

/** Our own gateways, and two other hosts. All their Envoys call their runs and logs alike. */
async function threeHosts() {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  recorders.push(recorder);
  const own = serviceOf(recorder);
  return { dir, recorder, own, a: scopedService(own, 'host-a'), b: scopedService(own, 'host-b') };
}

async function allowed(host: RecorderService): Promise<{ receipt_id: string; request_id: string }> {
  const one = proposal();
  const answer = await host.append(one);
  assert.ok(answer.ok);
  return { receipt_id: answer.value.receipt_id, request_id: one.draft.request_id };
}

const ended = (ids: { receipt_id?: string; request_id: string }, offset = 10): OutcomeNotice => ({
  ...ids,
  facts: { state: 'completed', status: 200, bytes_in: 1, bytes_out: 2, latency_ms: 3 },
  source: { kind: 'live', log_file_id: 'epoch-1.1', offset },
});

test('nobody closes the decisions of another host, by either id', async () => {
  const { recorder, own, a, b } = await threeHosts();
  const ours = await allowed(own);
  const theirs = await allowed(a);
  for (const { receipt_id, request_id } of [ours, theirs]) {
    await b.close(ended({ receipt_id, request_id }));
    await b.close(ended({ request_id }));
    assert.equal(await b.decided(request_id), false);
  }
  await a.close(ended(ours));
  assert.equal(recorder.status().open_decisions, 2);
  assert.equal(await a.decided(theirs.request_id), true);
  await a.close(ended(theirs));
  await own.close(ended(ours));
  assert.equal(recorder.status().open_decisions, 0);
});

test('a sweep ends only decisions of the host that asks, whatever its Envoy calls the run', async () => {
  const { recorder, own, a, b } = await threeHosts();
  for (const host of [own, a]) await allowed(host);
  assert.equal(await b.sweep('epoch-1'), 0);
  assert.equal(await b.sweep('../host-a/epoch-1'), 0);
  assert.equal(await a.sweep('epoch-1'), 1);
  assert.equal(recorder.status().open_decisions, 1);
  assert.equal(await own.sweep('epoch-1'), 1);
});

test('reading positions and gaps of one host say nothing about the logs of another', async () => {
  const { dir, own, a, b } = await threeHosts();
  await b.close(ended(await allowed(b), 9_000_000));
  const gap = {
    log_file_id: 'epoch-1.1',
    from_ts: '2030-01-01T00:00:00.000Z',
    to_ts: '2030-01-01T00:00:01.000Z',
    counts: [{ cause: 'check_timeout', count: 1 }],
  };
  await b.recordGap({ ...gap, offset: 8_000_000 });
  assert.equal(await b.logPosition('epoch-1.1'), 9_000_000);
  assert.equal(await b.gapPosition('epoch-1.1'), 8_000_000);
  for (const host of [own, a]) {
    assert.equal(await host.logPosition('epoch-1.1'), 0);
    assert.equal(await host.gapPosition('epoch-1.1'), 0);
  }
  await a.recordGap({ ...gap, offset: 5 });
  const files = recordsOf(dir).flatMap((one) => (one['lifecycle'] === 'gap' ? [one['log_file_id']] : []));
  assert.deepEqual(files, ['host-b/epoch-1.1', 'host-a/epoch-1.1']);
});

test('a request id that another host claims first stays free for its own', async () => {
  const { recorder, a, b } = await threeHosts();
  const one = proposal();
  assert.ok((await b.append({ ...one, request_digest: 'f'.repeat(64) })).ok);
  const { draft } = proposal();
  const answer = await a.append({ ...one, draft: { ...one.draft, receipt_id: draft.receipt_id } });
  assert.equal(answer.ok, true);
  assert.equal(recorder.status().decisions, 2);
});

test('a receipt id that is open is not taken over', async () => {
  const { recorder, a, b } = await threeHosts();
  const theirs = await allowed(a);
  const answer = await b.append(proposal({ receipt_id: theirs.receipt_id }));
  assert.deepEqual(answer, { ok: false, problem: 'REQUEST_KEY_REUSED' });
  assert.equal(recorder.status().decisions, 1);
  await a.close(ended(theirs));
  assert.equal(recorder.status().open_decisions, 0);
});

test('one host fills a part of the queue and no more', async () => {
  const { own, a, b } = await threeHosts();
  const asked = Array.from({ length: HOST_APPENDS_MAX + 5 }, () => b.append(proposal()));
  const good = [a.append(proposal()), own.append(proposal())];
  const busy = (await Promise.all(asked)).filter((one) => !one.ok && one.problem === 'RECORDER_BUSY');
  assert.equal(busy.length, 5);
  assert.ok((await Promise.all(good)).every(({ ok }) => ok));
  assert.ok((await b.append(proposal())).ok);
});

test('nobody records inspections of the decisions of another host', async () => {
  const { dir, own, a, b } = await threeHosts();
  const response = { inspect: 'auto', max_bytes: 1_000, on_violation: 'alert' } as const;
  const asked = await Promise.all(
    [own, a].map(async (host) => {
      const answer = await host.append(proposal({ response }));
      assert.ok(answer.ok);
      return answer.value.receipt_id;
    }),
  );
  const facts = {
    ...({
      part: 'response',
      state: 'complete',
      index: 0,
      format: 'json',
      bytes_in: 0,
      bytes_out: 0,
    } as const),
    ...{ digest_in: 'a'.repeat(64), digest_out: 'a'.repeat(64) },
  };
  const inspections = () => recordsOf(dir).filter(({ type }) => type === 'inspection').length;
  for (const receipt_id of asked) await b.inspect({ receipt_id, facts, is_end: true });
  await a.inspect({ receipt_id: asked[0] ?? '', facts, is_end: true });
  assert.equal(inspections(), 0);
  for (const [i, host] of [own, a].entries())
    await host.inspect({ receipt_id: asked[i] ?? '', facts, is_end: true });
  assert.equal(inspections(), 2);
});
