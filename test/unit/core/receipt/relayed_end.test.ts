import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeFacts, type StreamEnd } from '../../../../src/core/receipt/outcome_state.ts';
import { relayedEnd } from '../../../../src/core/receipt/relayed_end.ts';
import type { RelayEnd } from '../../../../src/core/relay/relay_end.ts';

const END: StreamEnd = {
  code: 200,
  flags: '',
  details: 'via_upstream',
  tunnel: false,
  bytes_in: 999,
  bytes_out: 999,
  duration_ms: 5,
  attempts: 1,
};
const outer: StreamEnd = { ...END, upstream: '/run/relay.sock', upstream_ms: 1 };
const hop: StreamEnd = { ...END, upstream: '192.0.2.1:443', upstream_ms: 4 };
const socket: Partial<StreamEnd> = { code: 101, tunnel: true };
const report: RelayEnd = { cause: 'done', bytes_in: 3, bytes_out: 4 };

function facts(parts: Parameters<typeof relayedEnd>[0]) {
  const end = relayedEnd(parts);
  if (end === undefined) return undefined;
  const { state, cause, upstream_address, bytes_in, bytes_out, details } = outcomeFacts(end);
  return { state, cause, upstream_address, bytes_in, bytes_out, details };
}

test('the second entry names the destination, and the report the bytes', () => {
  assert.deepEqual(facts({ outer, hop, report }), {
    state: 'completed',
    cause: undefined,
    upstream_address: '192.0.2.1:443',
    bytes_in: 3,
    bytes_out: 4,
    details: 'via_upstream',
  });
});

for (const [cause, recorded] of [
  ['stream_bytes', 'stream_bytes'],
  ['stream_time', 'stream_time'],
  ['frame_blocked', 'frame_blocked'],
  ['stopped', 'relay_stopped'],
] as const) {
  test(`a stream that the relay ended for ${cause} was served, and says why it ended`, () => {
    const cut = { ...hop, flags: 'DR', details: 'http2.remote_reset' };
    const ended = facts({ outer, hop: cut, report: { ...report, cause } });
    assert.deepEqual([ended?.state, ended?.cause], ['completed', recorded]);
  });
}

test('what the destination broke off is its fault, though the relay answered', () => {
  const details = 'upstream_reset_after_response_started{connection_termination}';
  assert.equal(facts({ outer, hop: { ...hop, details }, report })?.state, 'upstream_error');
});

test('a destination that was not reached was sent nothing', () => {
  const unreached = { ...hop, code: 503, attempts: 0, flags: 'DF', details: 'dns_resolution_failure' };
  const ended = facts({ outer: { ...outer, code: 503 }, hop: unreached, report });
  assert.deepEqual([ended?.state, ended?.details], ['not_sent', 'dns_resolution_failure']);
});

test('a client that left is told of by the first entry', () => {
  const left = { ...outer, flags: 'DR', details: 'http2.remote_reset' };
  assert.equal(facts({ outer: left, hop, report })?.state, 'client_abort');
});

test('without a report nobody knows how it ended: the relay died', () => {
  const parts = { outer: { ...outer, ...socket }, hop: { ...hop, ...socket } };
  const ended = facts(parts);
  assert.deepEqual([ended?.state, ended?.cause], ['unknown', 'relay_stopped']);
  assert.equal(facts({ ...parts, report })?.state, 'completed', 'with a report it is known');
});

test('a relay that refused sent nothing', () => {
  const ended = facts({ outer: { ...outer, code: 403 } });
  assert.deepEqual([ended?.state, ended?.cause, ended?.upstream_address], ['not_sent', undefined, undefined]);
});

test('whether the destination was reached is not known without the entry that tells it', () => {
  const left = { flags: 'DC', details: 'downstream_remote_disconnect' };
  const broken = 'upstream_reset_before_response_started{connection_termination}';
  const ends: Partial<StreamEnd>[] = [
    { ...socket, ...left },
    { ...left, code: 0 },
    { code: 200 },
    { code: 503, flags: 'UC', details: broken },
  ];
  for (const end of ends) {
    assert.equal(facts({ outer: { ...outer, ...end } })?.state, 'unknown', JSON.stringify(end));
    assert.equal(facts({ outer: { ...outer, ...end }, report })?.state, 'unknown', JSON.stringify(end));
  }
});

test('a relay that was not reached sent nothing', () => {
  const details = 'upstream_reset_before_response_started{remote_connection_failure}';
  const unreached = { ...outer, code: 503, flags: 'UF', details };
  assert.equal(facts({ outer: unreached })?.state, 'not_sent');
  assert.equal(facts({ outer: { ...outer, code: 503, attempts: 0 } })?.state, 'not_sent');
});

test('a report alone closes nothing', () => assert.equal(relayedEnd({ report }), undefined));
