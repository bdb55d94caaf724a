import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { ok } from '../../../src/core/result.ts';
import type { Proposal } from '../../../src/core/verdict/proposal.ts';
import { closePending } from '../../../src/server/inspect/close_pending.ts';
import { sealPending } from '../../../src/server/inspect/pending_ticket.ts';
import { FakeRecorder, mac, recorded } from './fakes.ts';
import { TICKET } from './inspect/pending.ts';
import { line } from './tail_fakes.ts';
import { tailWorld } from './tail_world.ts';

const EPOCH = '000001-0a0b0c0d';
const held = (pending: unknown, inspected: unknown = null) =>
  `${JSON.stringify({ ...JSON.parse(line({ request: 'req-1' })), pending, inspected })}\n`;
const sealed = sealPending({ ...TICKET, draft: { ...TICKET.draft, envoy_epoch: EPOCH } }, mac) ?? '';

test('a held request whose holder died is denied from the log, once, and is no gap', async (t) => {
  const { sink, log, start } = tailWorld(t);
  const asked: [string, string][] = [];
  sink.known = new Set();
  Object.assign(sink, {
    late: async (pending: string, epoch: string) => {
      asked.push([pending, epoch]);
      return true;
    },
  });
  appendFileSync(log, held(sealed));
  const tail = start();
  await tail.drain();
  await tail.stop();
  assert.deepEqual(asked, [[sealed, EPOCH]]);
  assert.deepEqual(sink.gaps, []);
});

test('what is decided by then is asked of nobody, and what cannot be denied is a gap', async (t) => {
  const { sink, log, start } = tailWorld(t);
  let asked = 0;
  Object.assign(sink, {
    late: async () => {
      asked++;
      return false;
    },
  });
  sink.known = new Set(['req-1']);
  appendFileSync(log, held(sealed));
  const tail = start();
  await tail.drain();
  sink.known = new Set();
  appendFileSync(log, held(sealed) + held('none') + held(7));
  await tail.drain();
  await tail.stop();
  assert.equal(asked, 1);
  assert.equal(
    sink.gaps.flatMap(({ counts }) => counts).reduce((sum, { count }) => sum + count, 0),
    3,
  );
});

test('an inspected request is closed by its receipt', async (t) => {
  const { sink, log, start } = tailWorld(t);
  appendFileSync(log, held('none', TICKET.draft.receipt_id));
  await start().drain();
  assert.deepEqual(
    sink.closures.map(({ receipt_id }) => receipt_id),
    [TICKET.draft.receipt_id],
  );
});

test('a ticket of another run, or of nobody, is not recorded', async () => {
  const recorder = new FakeRecorder();
  assert.equal(await closePending(recorder, mac, sealed, '000002-0a0b0c0d'), false);
  assert.equal(await closePending(recorder, mac, `${sealed.slice(0, -4)}AAAA`, EPOCH), false);
  assert.equal(recorder.proposals.length, 0);
  assert.equal(await closePending(recorder, mac, sealed, EPOCH), true);
  assert.equal(recorder.proposals[0]?.late, true);
  assert.equal(recorder.proposals[0]?.draft.gateway_id, TICKET.draft.gateway_id);
});

test('a gateway that reads the log records in its own name, whoever answered the Check', async () => {
  const recorder = new FakeRecorder();
  assert.equal(await closePending(recorder, mac, sealed, EPOCH, 'host-b-1'), true);
  assert.equal(recorder.proposals[0]?.draft.gateway_id, 'host-b-1');
});

test('a recorder that is away is asked again', async () => {
  const recorder = new FakeRecorder();
  let times = 0;
  recorder.answer = (proposal: Proposal) =>
    ++times === 1 ? { ok: false, problem: 'RECORDER_UNAVAILABLE' } : ok(recorded(proposal));
  assert.equal(await closePending(recorder, mac, sealed, EPOCH), true);
  assert.equal(times, 2);
});
