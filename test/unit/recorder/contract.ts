/**
 * The promises of the recorder's port, for every way to reach one. Each arrangement runs the same tests: what a gateway
 * may count on must not depend on where the recorder runs.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { type JournalDisk, openFileDisk } from '../../../src/recorder/disk.ts';
import type { InspectionNotice, OutcomeNotice } from '../../../src/recorder/notices.ts';
import type { RecorderOptions } from '../../../src/recorder/options.ts';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import type { RecorderPort } from '../../../src/server/ports.ts';
import {
  kinds,
  limitOp,
  ManualClock,
  POLICY_BYTES,
  POLICY_HASH,
  proposal,
  proposalOf,
  recordsOf,
  SETTINGS,
  StateDirs,
} from './workbench.ts';

export interface Reached {
  /** What the gateway and its log reader hold. */
  readonly port: RecorderPort & {
    sweep(epoch: string): Promise<number>;
    recordGap: Recorder['recordGap'];
    logPosition(fileId: string): number | Promise<number>;
    checkpoint(): Promise<{ size: number; root: string }>;
  };
  readonly recorder: Recorder;
  /** Returns after everything that was sent before has been looked at by the recorder. */
  turn(): Promise<void>;
  stop(): Promise<void>;
}

export interface Arrangement {
  readonly name: string;
  open(dir: string, overrides?: Partial<RecorderOptions>): Promise<Reached>;
}

/** A disk whose syncs wait until they are let go, or fail. */
function heldDisk() {
  const held: ((error: Error | null) => void)[] = [];
  const state = { hold: false };
  const disk = (path: string): JournalDisk => {
    const real = openFileDisk(path);
    return {
      ...real,
      syncSoon: (settled) => (state.hold ? held.push(settled) : real.syncSoon(settled)),
    };
  };
  const settle = (error: Error | null): void => {
    for (const one of held.splice(0)) one(error);
  };
  return { disk, state, settle };
}

const outcome = (receipt_id: string, request_id: string, offset = 10): OutcomeNotice => ({
  receipt_id,
  request_id,
  facts: { state: 'completed', status: 200, bytes_in: 1, bytes_out: 2, latency_ms: 3 },
  source: { kind: 'live', log_file_id: 'log-1', offset },
});

const ASKED = { inspect: 'auto', max_bytes: 1_000, on_violation: 'alert' } as const;

const finding = (
  receipt_id: string,
  index: number,
  state: InspectionNotice['facts']['state'],
): InspectionNotice => ({
  receipt_id,
  facts: {
    ...{ part: 'response', format: 'sse', state, index, bytes_in: 3, bytes_out: 3 },
    ...{ digest_in: 'a'.repeat(64), digest_out: 'b'.repeat(64) },
  },
  is_end: state !== 'mark',
});

export function contractSuite({ name, open }: Arrangement): void {
  describe(`a recorder reached ${name}`, () => {
    const states = new StateDirs();
    const opened: Reached[] = [];
    const start = async (overrides?: Partial<RecorderOptions>, dir = states.create()) => {
      const reached = await open(dir, overrides);
      opened.push(reached);
      return { ...reached, dir };
    };
    afterEach(async () => {
      await Promise.allSettled(opened.splice(0).map((one) => one.stop()));
      states.clean();
    });

    test('keeps the order of what one gateway sends', async () => {
      const { port, stop, dir } = await start();
      const sent = Array.from({ length: 300 }, () => proposal());
      const answers = await Promise.all(sent.map((one) => port.append(one)));
      const seqs = answers.map((one) => (one.ok ? one.value.seq : -1));
      assert.deepEqual(
        seqs,
        [...seqs].sort((a, b) => a - b),
      );
      await stop();
      const recorded = recordsOf(dir).filter(({ type }) => type === 'decision');
      assert.deepEqual(
        recorded.map(({ receipt_id }) => receipt_id),
        sent.map(({ draft }) => draft.receipt_id),
      );
    });

    test('answers only when the line is on stable storage', async () => {
      const { disk, state, settle } = heldDisk();
      const { port, turn } = await start({ disk });
      state.hold = true;
      let answered = false;
      const pending = port.append(proposal()).then((answer) => {
        answered = true;
        return answer;
      });
      for (let i = 0; i < 5; i++) await turn();
      assert.equal(answered, false, 'an answer left before the sync had come back');
      state.hold = false;
      settle(null);
      assert.ok((await pending).ok);
    });

    test('fails the whole batch when the sync fails, and says so to everybody', async () => {
      const { disk, state, settle } = heldDisk();
      const { port, turn } = await start({ disk, onFatal: () => undefined });
      state.hold = true;
      const pending = [port.append(proposal()), port.append(proposal())];
      for (let i = 0; i < 5; i++) await turn();
      pending.push(port.append(proposal()));
      await turn();
      settle(new Error('EIO: injected'));
      for (const answer of await Promise.all(pending)) {
        assert.deepEqual(answer, { ok: false, problem: 'RECORDER_UNAVAILABLE' });
      }
      assert.deepEqual(await port.append(proposal()), { ok: false, problem: 'RECORDER_UNAVAILABLE' });
    });

    test('gives a repeated request its first result, uncharged, also after a restart', async () => {
      const dir = states.create();
      const { port, stop } = await start({}, dir);
      const one = proposal({}, [limitOp()]);
      const again = { ...one, draft: { ...one.draft, receipt_id: '0190a000-0000-7000-8000-000000000000' } };
      const [first, second] = await Promise.all([port.append(one), port.append(again)]);
      assert.deepEqual(second, first);
      assert.deepEqual(await port.append(again), first);
      await stop();
      const reopened = await start({}, dir);
      assert.deepEqual(await reopened.port.append(again), first);
      await reopened.stop();
      assert.equal(kinds(dir).filter((kind) => kind === 'allow').length, 1);
    });

    test('refuses one request key with two digests', async () => {
      const { port } = await start();
      const one = proposal();
      assert.ok((await port.append(one)).ok);
      assert.deepEqual(await port.append({ ...one, request_digest: 'another' }), {
        ok: false,
        problem: 'REQUEST_KEY_REUSED',
      });
    });

    test('charges limits exactly once and says how long to wait', async () => {
      const { port } = await start({ clock: new ManualClock() });
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => port.append(proposal({}, [limitOp()]))),
      );
      const verdicts = answers.map((one) => (one.ok ? one.value.verdict : one.problem));
      assert.deepEqual(verdicts, [...Array(20).fill('allow'), ...Array(10).fill('deny')]);
      const refused = answers[25];
      assert.ok(refused?.ok);
      assert.equal(refused.value.reason, 'LIMIT_RPS');
      assert.equal(refused.value.retry_after_ms, 50);
      assert.deepEqual(refused.value.limit, { limit_id: 'per-agent/rps', remaining: 0, reset_ms: 1_000 });
    });

    test('refuses a decision that does not fit before anything is charged', async () => {
      const { port, recorder } = await start({ clock: new ManualClock() });
      const one = proposal();
      const path = `/${'a'.repeat(9_000)}`;
      const large = proposalOf({ ...one.draft, request: { ...one.draft.request, path } }, [limitOp()]);
      assert.deepEqual(await port.append(large), { ok: false, problem: 'RECORD_TOO_LARGE' });
      assert.equal(recorder.status().buckets, 0);
      assert.equal(recorder.status().decisions, 0);
      const fitting = await port.append(proposalOf(one.draft, [limitOp()]));
      assert.ok(fitting.ok && fitting.value.limit?.remaining === 19);
    });

    test('refuses text that no record can hold, and goes on with the next', async () => {
      const { port } = await start();
      for (const request_id of ['with a blank', `lone \ud800`, 'x'.repeat(400_000)]) {
        assert.deepEqual(await port.append(proposal({ request_id })), {
          ok: false,
          problem: 'RECORD_TOO_LARGE',
        });
      }
      assert.ok((await port.append(proposal())).ok);
    });

    test('takes operations out of bounds for a broken invariant of the caller', async () => {
      const { port } = await start();
      await assert.rejects(port.append(proposal({}, [limitOp({ period_us: 0 })])), RangeError);
      await assert.rejects(port.append(proposal({}, Array(33).fill(limitOp()))), RangeError);
      assert.ok((await port.append(proposal())).ok);
    });

    test('says at once that its queue is full', async () => {
      const { port } = await start({ settings: { ...SETTINGS, queue_max: 3 } });
      const answers = await Promise.all(Array.from({ length: 5 }, () => port.append(proposal())));
      assert.deepEqual(
        answers.map((one) => (one.ok ? 'ok' : one.problem)),
        ['ok', 'ok', 'ok', 'RECORDER_BUSY', 'RECORDER_BUSY'],
      );
    });

    test('sends back what was judged under another policy or registry', async () => {
      const { port, recorder } = await start();
      const registry_hash = `sha256:${'1'.repeat(64)}`;
      assert.deepEqual(await port.append(proposal({ registry_hash })), {
        ok: false,
        problem: 'STALE_SNAPSHOT',
      });
      await recorder.recordPolicy({
        policy_id: 'test',
        policy_hash: POLICY_HASH,
        canonical: POLICY_BYTES,
        registry_hash,
        trust: 'local',
      });
      assert.deepEqual(await port.append(proposal()), { ok: false, problem: 'STALE_SNAPSHOT' });
      assert.ok((await port.append(proposal({ registry_hash }))).ok);
    });

    test('closes decisions once, ignores strangers, and knows where its log reader was', async () => {
      const { port, stop, dir } = await start();
      const one = proposal();
      const answer = await port.append(one);
      assert.ok(answer.ok);
      const { receipt_id } = answer.value;
      assert.equal(await port.logPosition('log-1'), 0);
      await port.close(outcome(receipt_id, one.draft.request_id, 77));
      await port.close(outcome(receipt_id, one.draft.request_id, 99));
      await port.close(outcome('0190a000-0000-7000-8000-000000000000', 'nobody'));
      assert.equal(await port.logPosition('log-1'), 77);
      await stop();
      const outcomes = recordsOf(dir).filter(({ type }) => type === 'outcome');
      assert.deepEqual(
        outcomes.map(({ decision_ref }) => decision_ref),
        [receipt_id],
      );
    });

    test('records an inspection once, durably, behind its marks, and ignores those of strangers', async () => {
      const { disk, state, settle } = heldDisk();
      const { port, stop, dir, turn } = await start({ disk });
      const answer = await port.append(proposal({ response: ASKED }));
      assert.ok(answer.ok);
      const { receipt_id } = answer.value;
      state.hold = true;
      let isKnown = false;
      const marks = [0, 1].map((index) => port.inspect(finding(receipt_id, index, 'mark')));
      const ended = port.inspect(finding(receipt_id, 2, 'complete')).then(() => {
        isKnown = true;
      });
      for (let i = 0; i < 5; i++) await turn();
      assert.equal(isKnown, false, 'the end of an answer was acknowledged before it was durable');
      state.hold = false;
      settle(null);
      await Promise.all([...marks, ended]);
      await port.inspect(finding(receipt_id, 2, 'complete'));
      await assert.rejects(port.inspect(finding(receipt_id, 3, 'blocked')), /has ended/);
      await port.inspect(finding('0190a000-0000-7000-8000-000000000000', 0, 'complete'));
      await stop();
      const written = recordsOf(dir).filter(({ type }) => type === 'inspection');
      assert.deepEqual(
        written.map(({ decision_ref, index, state: how }) => [decision_ref, index, how]),
        [
          [receipt_id, 0, 'mark'],
          [receipt_id, 1, 'mark'],
          [receipt_id, 2, 'complete'],
        ],
      );
    });

    test('refuses an inspection that fits no record, and takes the next one', async () => {
      const { port } = await start();
      const answer = await port.append(proposal({ response: ASKED }));
      assert.ok(answer.ok);
      const good = finding(answer.value.receipt_id, 0, 'complete');
      for (const model of ['', 'x'.repeat(129), '\ud800'])
        await assert.rejects(port.inspect({ ...good, facts: { ...good.facts, model } }));
      await port.inspect(good);
    });

    test('takes the late denial of a request whose body never came under any policy, once', async () => {
      const { port, recorder } = await start();
      const late = {
        ...proposal({
          verdict: 'deny',
          reason: 'BODY_NOT_COMPLETED',
          policy_hash: `sha256:${'1'.repeat(64)}`,
        }),
        late: true as const,
      };
      assert.ok((await port.append(late)).ok);
      assert.equal(recorder.decided(late.draft.request_id), true);
      const other = proposal();
      const second = {
        ...other,
        draft: { ...late.draft, request_id: other.draft.request_id },
        late: true as const,
      };
      assert.deepEqual(await port.append(second), { ok: false, problem: 'REQUEST_KEY_REUSED' });
    });

    test('sweeps an ended epoch, counts gaps, and signs a head over all of it', async () => {
      const { port, stop, dir, recorder } = await start();
      for (const envoy_epoch of ['epoch-1', 'epoch-1', 'epoch-2']) {
        assert.ok((await port.append(proposal({ envoy_epoch }))).ok);
      }
      assert.equal(await port.sweep('epoch-1'), 2);
      await port.recordGap({
        log_file_id: 'log-1',
        from_ts: '2030-01-01T00:00:00.000Z',
        to_ts: '2030-01-01T00:00:01.000Z',
        counts: [{ cause: 'client_left', count: 3 }],
      });
      const { size } = await port.checkpoint();
      assert.equal(size, recorder.status().tree_size);
      await stop();
      const seen = kinds(dir);
      assert.equal(seen.filter((kind) => kind === 'outcome').length, 2);
      assert.equal(seen.filter((kind) => kind === 'gap').length, 1);
    });

    test('refuses everything once it is stopped', async () => {
      const { port, recorder } = await start();
      await recorder.stop();
      assert.deepEqual(await port.append(proposal()), { ok: false, problem: 'RECORDER_UNAVAILABLE' });
    });
  });
}
