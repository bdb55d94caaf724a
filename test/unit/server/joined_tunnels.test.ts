import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { JoinedTunnels } from '../../../src/server/joined_tunnels.ts';
import { line } from './tail_fakes.ts';
import { tailWorld } from './tail_world.ts';

const EPOCH = '000001-0a0b0c0d';
const COMMON = {
  bytes_in: 371,
  bytes_out: 0,
  start_ms: '1795307598397',
  protocol: null,
  upstream_ms: null,
};

/** As Envoy 1.40 wrote them: the CONNECT, and the connection inside. */
const outer = (receipt: string, change: object = {}): string =>
  `${JSON.stringify({
    ...COMMON,
    listener: 'explicit',
    route: 'tunnel',
    receipt_id: receipt,
    request_id: `req-${receipt}`,
    stream_id: `req-${receipt}`,
    code: 200,
    attempts: 1,
    flags: 'UC',
    details: 'upstream_reset_after_response_started{connection_termination}',
    duration_ms: 15,
    upstream: 'envoy://opaque_in/',
    ...change,
  })}\n`;
const inner = (receipt: string, change: object = {}): string =>
  `${JSON.stringify({
    ...COMMON,
    listener: 'opaque',
    receipt_id: receipt,
    request_id: null,
    stream_id: `stream-${receipt}`,
    code: 0,
    attempts: 0,
    flags: '-',
    details: 'rbac_access_denied_matched_policy[none]',
    sni: 'other.example',
    duration_ms: 8,
    upstream: null,
    ...change,
  })}\n`;
const PASSED = { attempts: 1, details: null, upstream: '127.83.7.2:41271', sni: 'api.example' };
const CLIENT_ENDED = { flags: 'DC', details: 'downstream_remote_disconnect' };

function world(t: TestContext) {
  const { sink, log, start } = tailWorld(t);
  const outcomes = () =>
    sink.closures.map(({ receipt_id, request_id, facts, source }) => ({
      receipt_id,
      request_id,
      state: facts.state,
      cause: facts.cause,
      upstream: facts.upstream_address,
      status: facts.status,
      offset: source.offset,
    }));
  return { sink, log, start, outcomes };
}

test('a tunnel that was closed for its name sent nothing, and says why', async (t) => {
  const { log, start, outcomes } = world(t);
  const text = inner('a') + outer('a');
  writeFileSync(log, text);
  await start().drain();
  const whole = { receipt_id: 'a', request_id: 'req-a', status: 200, upstream: undefined };
  assert.deepEqual(outcomes(), [{ ...whole, state: 'not_sent', cause: 'sni_mismatch', offset: text.length }]);
});

test('what is no TLS at all finds no chain', async (t) => {
  const { log, start, outcomes } = world(t);
  writeFileSync(log, outer('a') + inner('a', { flags: 'NR', details: null, sni: null }));
  await start().drain();
  assert.deepEqual(
    outcomes().map(({ state, cause }) => ({ state, cause })),
    [{ state: 'not_sent', cause: 'sni_mismatch' }],
  );
});

test('a tunnel that served names the address that was dialled, whichever line comes first', async (t) => {
  const { log, start, outcomes } = world(t);
  writeFileSync(
    log,
    outer('a', CLIENT_ENDED) + inner('a', PASSED) + inner('b', PASSED) + outer('b', CLIENT_ENDED),
  );
  await start().drain();
  assert.deepEqual(
    outcomes().map(({ receipt_id, state, cause, upstream }) => ({ receipt_id, state, cause, upstream })),
    ['a', 'b'].map((receipt_id) => ({
      receipt_id,
      state: 'completed',
      cause: undefined,
      upstream: '127.83.7.2:41271',
    })),
  );
});

test('a destination that could not be reached was sent nothing', async (t) => {
  const { log, start, outcomes } = world(t);
  const failed = { attempts: 1, flags: 'UF,URX', details: null, upstream: '127.83.7.2:1' };
  writeFileSync(log, inner('a', failed) + outer('a'));
  await start().drain();
  assert.deepEqual(
    outcomes().map(({ state, cause }) => ({ state, cause })),
    [{ state: 'not_sent', cause: undefined }],
  );
});

test('half a tunnel waits for the other line, and is closed without it in the end', async (t) => {
  const { log, start, outcomes } = world(t);
  writeFileSync(log, outer('a', CLIENT_ENDED) + inner('b') + line({ receipt: 'c' }));
  const tail = start();
  await tail.drain();
  assert.deepEqual(
    outcomes().map(({ receipt_id }) => receipt_id),
    ['c'],
  );
  appendFileSync(log, inner('a', PASSED));
  await tail.drain();
  assert.deepEqual(
    outcomes().map(({ receipt_id }) => receipt_id),
    ['c', 'a'],
  );
  await tail.stop();
  assert.deepEqual(outcomes().at(-1), {
    receipt_id: 'b',
    request_id: 'stream-b',
    state: 'not_sent',
    cause: 'sni_mismatch',
    upstream: undefined,
    status: 200,
    offset: (outer('a', CLIENT_ENDED) + inner('b')).length,
  });
});

test('a restart between the two lines loses neither', async (t) => {
  const { log, start, outcomes, sink } = world(t);
  writeFileSync(log, inner('a') + line({ receipt: 'b' }));
  // Never stopped properly: as after a kill.
  await start().drain();
  assert.equal(sink.positions.size, 1);
  appendFileSync(log, outer('a'));
  await start().drain();
  const ofA = outcomes().filter(({ receipt_id }) => receipt_id === 'a');
  assert.deepEqual(
    ofA.map(({ cause }) => cause),
    ['sni_mismatch'],
  );
});

test('raw tunnels have one line', async (t) => {
  const { log, start, outcomes } = world(t);
  writeFileSync(log, outer('b', { ...CLIENT_ENDED, route: 'tunnel_raw', upstream: '127.83.7.2:22' }));
  await start().drain();
  assert.deepEqual(
    outcomes().map(({ state, upstream }) => ({ state, upstream })),
    [{ state: 'completed', upstream: '127.83.7.2:22' }],
  );
});

test('the number of halves that wait is bounded', () => {
  const tunnels = new JoinedTunnels();
  const file = { id: `${EPOCH}.1`, index: 1, path: '', active: true };
  const end = {
    code: 200,
    flags: '',
    details: '',
    tunnel: true,
    bytes_in: 0,
    bytes_out: 0,
    duration_ms: 0,
    attempts: 1,
  };
  const of = (n: number) =>
    ({
      half: 'outer',
      receipt_id: `r${n}`,
      request_id: `q${n}`,
      end,
      kind: 'live',
      file,
      offset: n,
    }) as const;
  const closed = Array.from({ length: 8_194 }, (_, n) => tunnels.take(of(n))?.receipt_id).filter(
    (id) => id !== undefined,
  );
  assert.deepEqual(closed, ['r0', 'r1']);
  assert.equal(tunnels.release(0).length, 8_192);
  assert.ok(tunnels.isEmpty, 'nothing waits');
});
