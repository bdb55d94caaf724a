import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tailAccessLogs } from '../../../src/server/access_log.ts';
import { RelayedStreams } from '../../../src/server/relayed_streams.ts';
import { FakeSink } from './tail_fakes.ts';

const COMMON = {
  attempts: 1,
  bytes_in: 10,
  bytes_out: 20,
  code: 101,
  details: 'upstream_reset_after_response_started{connection_termination}',
  duration_ms: 5,
  flags: 'UC',
  protocol: 'HTTP/1.1',
  start_ms: '1795307598397',
  upstream_ms: null,
};
const REPORT =
  'cause=stream_bytes;in=3;out=4;frames_in=1;frames_out=2;messages_in=1;messages_out=2;largest=2;violations=0';

const json = (change: object): string => `${JSON.stringify({ ...COMMON, ...change })}\n`;
const outer = (receipt: string, change: object = {}): string =>
  json({
    listener: 'explicit',
    route: 'relay',
    receipt_id: receipt,
    request_id: `req-${receipt}`,
    upstream: '/run/relay.sock',
    ...change,
  });
const hop = (receipt: string | null, change: object = {}): string =>
  json({
    listener: 'relay_out',
    route: 'relay_out',
    receipt_id: receipt,
    request_id: `req-${receipt}`,
    upstream: '192.0.2.1:443',
    ...change,
  });
const report = (receipt: string, relay_end = REPORT): string =>
  hop(receipt, {
    route: 'relay_end',
    relay_end,
    code: 204,
    details: 'direct_response',
    upstream: null,
    request_id: null,
  });

async function outcomes(t: TestContext, text: string, stop = false) {
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-relayed-'));
  mkdirSync(join(dir, '000001-0a0b0c0d'));
  writeFileSync(join(dir, '000001-0a0b0c0d', 'access.log'), text);
  const sink = new FakeSink();
  const never = 3_600_000;
  const tail = tailAccessLogs({
    envoyDir: dir,
    sink,
    onError: (error) => assert.fail(error),
    pollMs: never,
    gapMs: never,
  });
  let isStopped = false;
  const stopOnce = async (): Promise<void> => {
    if (!isStopped) await tail.stop();
    isStopped = true;
  };
  t.after(async () => {
    await stopOnce();
    rmSync(dir, { recursive: true, force: true });
  });
  await tail.drain();
  if (stop) await stopOnce();
  const closed = sink.closures.map(({ receipt_id, request_id, facts, source }) => ({
    receipt_id,
    request_id,
    state: facts.state,
    cause: facts.cause,
    frames: facts.frames,
    upstream: facts.upstream_address,
    status: facts.status,
    offset: source.offset,
  }));
  return { closed, gaps: sink.gaps };
}

const orders = (parts: readonly string[]): readonly (readonly string[])[] =>
  parts.length < 2
    ? [parts]
    : parts.flatMap((one, i) => orders(parts.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));

for (const [i, parts] of orders([outer('a'), hop('a'), report('a')]).entries()) {
  test(`three lines become one outcome, order ${i + 1}`, async (t) => {
    const text = parts.join('');
    const { closed, gaps } = await outcomes(t, text, true);
    assert.deepEqual(closed, [
      {
        receipt_id: 'a',
        request_id: 'req-a',
        state: 'completed',
        cause: 'stream_bytes',
        frames: { in: 1, out: 2, messages_in: 1, messages_out: 2, largest: 2, violations: 0 },
        upstream: '192.0.2.1:443',
        status: 101,
        offset: text.length,
      },
    ]);
    assert.deepEqual(gaps, []);
  });
}

test('a stream waits for its other lines, and is closed without them in the end', async (t) => {
  const text = outer('a') + hop('a') + outer('b') + hop('b') + report('b');
  const waiting = await outcomes(t, text);
  assert.deepEqual(
    waiting.closed.map(({ receipt_id }) => receipt_id),
    ['b'],
  );
  const { closed } = await outcomes(t, text, true);
  assert.deepEqual(
    closed.map(({ receipt_id, state, cause }) => [receipt_id, state, cause]),
    [
      ['b', 'completed', 'stream_bytes'],
      ['a', 'unknown', 'relay_stopped'],
    ],
  );
});

test('a relay that could not be reached sent nothing, and nothing is waited for', async (t) => {
  const details = 'upstream_reset_before_response_started{remote_connection_failure}';
  const { closed } = await outcomes(t, outer('a', { code: 503, flags: 'UF', details }));
  assert.deepEqual(
    closed.map(({ state, cause }) => [state, cause]),
    [['not_sent', undefined]],
  );
});

test('whoever spoke to the second hop without the stamp is no gap', async (t) => {
  const denied = {
    code: 403,
    attempts: null,
    details: 'rbac_access_denied_matched_policy[none]',
    upstream: null,
  };
  const { closed, gaps } = await outcomes(t, hop(null, denied), true);
  assert.deepEqual({ closed, gaps }, { closed: [], gaps: [] });
});

test('a report that is none is damage, not an outcome', async (t) => {
  const { closed, gaps } = await outcomes(t, report('a', 'cause=fine;in=1;out=1'), true);
  assert.equal(closed.length, 0);
  assert.deepEqual(gaps[0]?.counts, [{ cause: 'log_damaged', count: 1 }]);
});

test('a WebSocket without a relay was served, whoever closed it', async (t) => {
  const { closed } = await outcomes(t, outer('a', { route: 'websocket', upstream: '192.0.2.1:80' }));
  assert.deepEqual(
    closed.map(({ state, status }) => [state, status]),
    [['completed', 101]],
  );
});

test('the number of streams that wait is bounded', () => {
  const streams = new RelayedStreams();
  const file = { id: 'e.1', index: 1, path: '', active: true };
  const { upstream_ms: _none, ...rest } = COMMON;
  const end = { ...rest, tunnel: true };
  const of = (n: number) =>
    ({ receipt_id: `r${n}`, request_id: `q${n}`, end, kind: 'live', file, offset: n }) as const;
  const closed = Array.from(
    { length: 8_194 },
    (_, n) => streams.take({ ...of(n), relay: { part: 'hop' } })?.receipt_id,
  ).filter((id) => id !== undefined);
  assert.deepEqual(closed, ['r0', 'r1']);
  assert.equal(streams.release(0).length, 8_192);
  assert.equal(streams.isEmpty, true);
});

test('a stream with one side open is not taken for lost', (t) => {
  t.mock.method(performance, 'now', () => now);
  let now = 0;
  const streams = new RelayedStreams();
  const file = { id: 'e.1', index: 1, path: '', active: true };
  const { upstream_ms: _none, ...rest } = COMMON;
  const line = { request_id: 'q', end: { ...rest, tunnel: true }, kind: 'live', file, offset: 1 } as const;
  streams.take({ ...line, receipt_id: 'slow reader', relay: { part: 'hop' } });
  streams.take({ ...line, receipt_id: 'slow destination', relay: { part: 'outer' } });
  const refused = { ...line.end, code: 403, tunnel: false };
  streams.take({ ...line, end: refused, receipt_id: 'refused', relay: { part: 'outer' } });
  const released = () => streams.release(10_000).map(({ receipt_id }) => receipt_id);
  now = 600_000;
  assert.deepEqual(released(), ['refused']);
  streams.take({ ...line, receipt_id: 'slow reader', relay: { part: 'outer' } });
  assert.deepEqual(released(), []);
  now = 610_000;
  assert.deepEqual(released(), ['slow reader']);
  now = 3_700_000;
  assert.deepEqual(released(), ['slow destination']);
});
