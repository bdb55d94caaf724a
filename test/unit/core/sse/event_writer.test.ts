import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SseReader } from '../../../../src/core/sse/event_reader.ts';
import { type CutDialect, writeEvent, writePolicyCut } from '../../../../src/core/sse/event_writer.ts';

const CUT = { message: 'Cut by policy.', reason: 'RESPONSE_BLOCKED', receipt_id: 'r-1' } as const;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function cutAfter(before: string, dialect: CutDialect, rpc_id?: number) {
  const reader = new SseReader();
  reader.feed(new TextEncoder().encode(before));
  const cut = writePolicyCut(reader.place, { ...CUT, dialect, ...(rpc_id === undefined ? {} : { rpc_id }) });
  assert.ok(cut.ok, 'no cut was written');
  const { events } = reader.feed(cut.value);
  assert.equal(events.length, 1);
  return { raw: text(cut.value), type: events[0]?.type, body: JSON.parse(events[0]?.data ?? '') };
}

test('what OpenAI and Anthropic clients raise their API error for', () => {
  for (const dialect of ['openai', 'anthropic', 'other'] as const) {
    const { type, body } = cutAfter('data: {}\n\n', dialect);
    assert.equal(type, 'error');
    assert.deepEqual(body, {
      type: 'error',
      error: {
        type: 'permission_error',
        message: CUT.message,
        param: null,
        code: 'policy_cut',
        reason: CUT.reason,
        receipt_id: 'r-1',
      },
    });
  }
});

test('Gemini wants a status of HTTP, JSON-RPC an answer to the request in an event called message', () => {
  assert.equal(cutAfter('', 'gemini').body.error.code, 403);
  const { type, body } = cutAfter('', 'jsonrpc', 7);
  assert.equal(type, 'message');
  assert.deepEqual([body.jsonrpc, body.id, typeof body.error.code], ['2.0', 7, 'number']);
});

test('no empty line stands in front of a cut, and nothing completes a half event', () => {
  assert.match(cutAfter('data: {}\n\n', 'openai').raw, /^event: error\n/);
  assert.match(cutAfter('data: {}\r\n\r', 'openai').raw, /^\nevent: error\n/);
  for (const open of ['data: {"a', 'data: {}\n', 'eve'])
    assert.deepEqual(writePolicyCut(placeAfter(open), { ...CUT, dialect: 'openai' }), {
      ok: false,
      problem: 'INSIDE_EVENT',
    });
});

function placeAfter(before: string) {
  const reader = new SseReader();
  reader.feed(new TextEncoder().encode(before));
  return reader.place;
}

test('what is written is what is read, whatever the data', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(undefined, 'error'), (data, type) => {
      const input = new TextEncoder().encode(writeEvent(type === undefined ? { data } : { data, type }));
      const [event] = new SseReader().feed(input).events;
      assert.equal(event?.type, type ?? 'message');
      assert.equal(event?.data, data.replace(/\r\n?/g, '\n'));
    }),
  );
  assert.throws(() => writeEvent({ type: 'a\nb', data: '' }), /line end/);
});
