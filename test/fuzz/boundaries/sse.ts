import assert from 'node:assert/strict';
import { SseReader } from '../../../src/core/sse/event_reader.ts';
import { JsonLineReader } from '../../../src/core/sse/json_lines.ts';
import { naiveEvents } from '../../unit/core/sse/naive_events.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const MAX = 256;
const CORPUS = [
  'data: {"a":1}\n\nevent: error\ndata: x\ndata: y\n\n',
  '\ufeffid: 7\r\ndata: a\r\n\r\n: ping\r\rdata\r\r',
  'event: ping\nretry: 100\n\ndata: b',
  '{"a":1}\n{"b":"\r"}\n\n[2]',
  `data: ${'x'.repeat(300)}\n\n`,
];

/** Judge: another reading of the standard, over the whole at once; and the same stream in two pieces and in bytes. */
export function sse(): Boundary {
  return {
    name: 'sse',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const whole = events([input]);
      const pieces = [input.subarray(0, input.length >> 1), input.subarray(input.length >> 1)];
      assert.deepEqual(events(pieces), whole);
      assert.deepEqual(events(Array.from(input, (byte) => Uint8Array.of(byte))), whole);
      assert.deepEqual(lines(pieces), lines([input]));
      if (whole.violation !== undefined) return false;
      // The judge cannot tell a U+FFFD of the stream from one of its own.
      const judged = naiveEvents(input).events.map(({ type, data, id }) => ({ type, data, id }));
      assert.deepEqual(whole.events, judged);
      return whole.events.length > 0;
    },
  };
}

function events(pieces: readonly Uint8Array[]) {
  const reader = new SseReader({ maxEventBytes: MAX });
  const feeds = pieces.map((piece) => reader.feed(piece));
  const found = feeds.flatMap((feed) => feed.events.map(({ type, data, id }) => ({ type, data, id })));
  return { events: found, violation: feeds.at(-1)?.violation };
}

function lines(pieces: readonly Uint8Array[]) {
  const reader = new JsonLineReader({ maxLineBytes: MAX });
  const feeds = pieces.map((piece) => reader.feed(piece));
  const found = [...feeds.flatMap((feed) => feed.lines), ...reader.end()];
  return { lines: found.map(({ text }) => text), violation: feeds.at(-1)?.violation };
}
