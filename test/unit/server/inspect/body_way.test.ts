import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../../../src/server/inspect/admission.ts';
import { BUFFER_BYTES_MAX, bodyWay } from '../../../../src/server/inspect/body_way.ts';

const DEMANDS = { format: 'json', schemas: [], max_bytes: 1_000, on_oversize: 'deny' } as const;
const said = (length: string) => [{ name: 'content-length', value: length }];

test('bodies that do not say how long they are make Envoy hold no more than the room of their agent, four times', () => {
  const room = 512 * 1024 * 1024;
  const admission = new Admission(room);
  let held = 0;
  for (;;) {
    const { way, bytes } = bodyWay(DEMANDS, [], false);
    assert.equal(way, 'whole');
    if (admission.admit('default/bot', bytes) === undefined) break;
    held += BUFFER_BYTES_MAX;
    assert.ok(held <= room, 'one agent has Envoy hold more than there is room for all');
  }
  assert.equal(held, room);
});

test('what says how long it is takes up that much', () => {
  assert.deepEqual(bodyWay(DEMANDS, said('900'), false), { way: 'whole', bytes: 900, announced: 900 });
  assert.deepEqual(bodyWay(DEMANDS, said('1001'), false), { way: 'too_large', bytes: 0, announced: 1001 });
  for (const lying of [[...said('5'), ...said('5')], said('-5'), said('5, 5')])
    assert.equal(bodyWay(DEMANDS, lying, false).bytes, BUFFER_BYTES_MAX / 4);
});

test('what may go on unread is what a rule lets go on, whatever the format is', () => {
  for (const format of ['json', 'json_lines', 'any'] as const) {
    const way = (on_oversize: 'deny' | 'stream' | 'scan_prefix', headers: Parameters<typeof bodyWay>[1]) =>
      bodyWay({ ...DEMANDS, format, on_oversize }, headers, false).way;
    assert.deepEqual(
      [way('deny', []), way('stream', []), way('scan_prefix', [])],
      ['whole', 'streamed', 'whole'],
    );
    assert.deepEqual([way('deny', said('1001')), way('stream', said('1001'))], ['too_large', 'streamed']);
    assert.deepEqual([way('stream', said('1000')), way('scan_prefix', said('1001'))], ['whole', 'whole']);
    assert.equal(way('scan_prefix', said(String(BUFFER_BYTES_MAX + 1))), 'streamed');
  }
});
