import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SseReader } from '../../../../src/core/sse/event_reader.ts';
import { naiveEvents } from './naive_events.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function read(pieces: readonly Uint8Array[], maxEventBytes?: number) {
  const reader = new SseReader(maxEventBytes === undefined ? {} : { maxEventBytes });
  const feeds = pieces.map((piece) => reader.feed(piece));
  const events = feeds.flatMap((feed) =>
    feed.events.map(({ type, data, id, isLossy }) => ({ type, data, id, isLossy })),
  );
  return { events, violation: feeds.at(-1)?.violation, retry: reader.retry, place: reader.place, feeds };
}

/** Lines that mean something, ends of all kinds, and rubbish. */
const part = fc
  .oneof(
    fc.constantFrom(
      ...['data', 'data:', 'data: ', 'data:  x', 'data: {"a":1}', 'event: error', 'event:', 'id: 7', 'id'],
      ...[
        'id: a\0b',
        'retry: 100',
        'retry: 1x',
        ': comment',
        ':',
        'x: y',
        'data: \u00e9\u{1f600}',
        '\ufeff',
        ' data: no',
      ],
    ),
    fc.string({ maxLength: 6 }),
  )
  .map(bytes);
const ending = fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', '').map(bytes);
const rubbish = fc.uint8Array({ maxLength: 4 });
const stream = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: part },
      { weight: 5, arbitrary: ending },
      { weight: 1, arbitrary: rubbish },
    ),
    {
      maxLength: 24,
    },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

test('a stream is read as by a naive reader, cut at every place and into single bytes', () => {
  fc.assert(
    fc.property(fc.boolean(), stream, (hasBom, rest) => {
      const input = hasBom ? new Uint8Array(Buffer.concat([bytes('\ufeff'), rest])) : rest;
      const { events, retry } = naiveEvents(input);
      for (let cut = 0; cut <= input.length; cut += 1) {
        const result = read([input.subarray(0, cut), input.subarray(cut)]);
        assert.deepEqual(result.events, events);
        assert.equal(result.retry, retry);
      }
      const single = read(Array.from(input, (byte) => Uint8Array.of(byte)));
      assert.deepEqual(single.events, events);
    }),
    { examples: [[false, bytes('data: a\r\ndata: b\r\n\r\n')]] },
  );
});

test('a fed buffer may be used again', () => {
  const reader = new SseReader();
  const piece = bytes('data: kept');
  reader.feed(piece);
  piece.fill(0);
  assert.deepEqual(reader.feed(bytes('\n\n')).events[0]?.data, 'kept');
});

test('what is safe to pass on ends where no event is under way, and never later', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(30), { maxLength: 5 }), (input, cuts) => {
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, input.length)).sort((a, b) => a - b),
        input.length,
      ];
      const pieces = places.slice(1).map((to, i) => input.subarray(places[i], to));
      let passed = 0;
      pieces.reduce((from, piece, i) => {
        const safe = read(pieces.slice(0, i + 1)).feeds.at(-1)?.safe ?? 0;
        if (safe > 0) passed = from + safe;
        return from + piece.length;
      }, 0);
      const before = naiveEvents(input.subarray(0, passed));
      assert.deepEqual(before.events, naiveEvents(input).events, 'an event is held back for ever');
      assert.equal(before.isOpen, false, 'the beginning of an event is passed on');
    }),
  );
});

test('nothing is dispatched without its empty line', () => {
  const { events, place } = read([bytes('data: a\n\nevent: x\ndata: b\n')]);
  assert.deepEqual(
    events.map(({ data }) => data),
    ['a'],
  );
  assert.equal(place, 'inside');
});

test('where a stream stands', () => {
  const place = (text: string) => read([bytes(text)]).place;
  assert.equal(place(''), 'between');
  assert.equal(place('data: a\n\n'), 'between');
  assert.equal(place('data: a\r\n\r'), 'between_after_cr');
  assert.equal(place(': ping\n'), 'between');
  for (const open of ['d', 'data: a', 'data: a\n', 'retry: 1\n', ': pin'])
    assert.equal(place(open), 'inside', open);
  assert.equal(read([Uint8Array.of(0xef)]).place, 'inside');
});

test('an event is bounded, all its lines together, and nothing is read behind one that is not', () => {
  const big = `data: ${'x'.repeat(40)}\n`;
  assert.equal(read([bytes(`${big}\n`)], 48).violation, undefined);
  assert.equal(read([bytes(`${big}\n`)], 47).violation, 'EVENT_TOO_BIG');
  assert.equal(read([bytes(`data: a\n\n${big}${big}`)], 48).violation, 'EVENT_TOO_BIG');
  assert.equal(read([bytes(`:${'x'.repeat(60)}`)], 48).violation, 'EVENT_TOO_BIG', 'a comment without end');
  const after = read([bytes(`data: a\n\n${'x'.repeat(60)}`), bytes('\n\ndata: b\n\n')], 48);
  assert.deepEqual(
    after.events.map(({ data }) => data),
    ['a'],
  );
  assert.equal(after.violation, 'EVENT_TOO_BIG');
});

test('many comments and events are not one event', () => {
  const { events, violation } = read([bytes(': ping\r\n'.repeat(50) + 'data: a\n\n'.repeat(50))], 48);
  assert.equal(events.length, 50);
  assert.equal(violation, undefined);
});
