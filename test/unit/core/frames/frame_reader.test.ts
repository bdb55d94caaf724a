import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameGate, HELD_BYTES_MAX } from '../../../../src/core/frames/frame_gate.ts';
import { FrameReader } from '../../../../src/core/frames/frame_reader.ts';
import { frameBytes, streams } from './arbitrary_frames.ts';
import { naiveFrames } from './naive_frames.ts';

const SENDERS = ['client', 'server'] as const;
const MAX = 150;

function read(pieces: readonly Uint8Array[], sender: 'client' | 'server') {
  const reader = new FrameReader({ sender, maxMessageBytes: MAX });
  const marks = pieces.flatMap((piece) => reader.feed(piece));
  const violation = marks.flatMap((mark) => (mark.kind === 'violation' ? [mark.violation] : []))[0];
  const { frames, messages } = reader.counts;
  return { frames, messages, ...(violation === undefined ? {} : { violation }) };
}

function gated(pieces: readonly Uint8Array[], sender: 'client' | 'server') {
  const gate = new FrameGate({ sender, maxMessageBytes: MAX });
  const steps = pieces.map((piece) => gate.feed(piece));
  return {
    forwarded: Buffer.concat(steps.flatMap(({ forward }) => [...forward])),
    violation: steps.find(({ violation }) => violation !== undefined)?.violation,
    mayClose: gate.mayClose,
  };
}

for (const sender of SENDERS) {
  test(`what a ${sender} sends is read as by a naive reader, cut at every place`, () => {
    fc.assert(
      fc.property(streams(sender), (stream) => {
        const { frames, messages, violation } = naiveFrames(stream, sender, MAX);
        const expected = { frames, messages, ...(violation === undefined ? {} : { violation }) };
        for (let cut = 0; cut <= stream.length; cut += 1) {
          assert.deepEqual(read([stream.subarray(0, cut), stream.subarray(cut)], sender), expected);
        }
        assert.deepEqual(
          read(
            Array.from(stream, (byte) => Uint8Array.of(byte)),
            sender,
          ),
          expected,
        );
      }),
    );
  });

  test(`nothing of a bad frame of a ${sender} goes on, and everything before it does`, () => {
    fc.assert(
      fc.property(streams(sender), (stream) => {
        const { violation, wholeBytes, partIsSafe } = naiveFrames(stream, sender, MAX);
        const expected = stream.subarray(0, partIsSafe ? stream.length : wholeBytes);
        for (let cut = 0; cut <= stream.length; cut += 1) {
          const result = gated([stream.subarray(0, cut), stream.subarray(cut)], sender);
          assert.deepEqual(result.violation, violation);
          assert.equal(result.forwarded.equals(expected), true, `cut at ${cut}`);
        }
      }),
    );
  });
}

const CLIENT = { masked: true, width: 0 } as const;

test('a close may follow only where a frame has ended, and only one', () => {
  const binary = frameBytes({ ...CLIENT, first: 0x82, payload: Buffer.alloc(9) });
  const close = frameBytes({ ...CLIENT, first: 0x88, payload: Buffer.from([3, 232]) });
  assert.equal(gated([binary], 'client').mayClose, true);
  assert.equal(gated([binary.subarray(0, 10)], 'client').mayClose, false);
  assert.equal(gated([binary.subarray(0, 3)], 'client').mayClose, true, 'half a header is held back');
  assert.equal(gated([binary, close], 'client').mayClose, false);
});

test('what is held back is bounded', () => {
  const gate = new FrameGate({ sender: 'client' });
  const long = frameBytes({ ...CLIENT, first: 0x81, payload: Buffer.alloc(HELD_BYTES_MAX + 1, 'a') });
  assert.deepEqual(gate.feed(long.subarray(0, 70_000)), { forward: [] });
  const { forward, violation } = gate.feed(long.subarray(70_000));
  assert.deepEqual(
    { forward, violation },
    { forward: [], violation: { code: 1009, why: 'MESSAGE_TOO_BIG' } },
  );
  assert.deepEqual(gate.feed(Buffer.from('more')), { forward: [] });
});

test('a watcher counts a message that is too big once and reads on', () => {
  const reader = new FrameReader({ sender: 'client', maxMessageBytes: 5, goesOn: true });
  const big = frameBytes({ ...CLIENT, first: 0x01, payload: Buffer.alloc(6, 'a') });
  const rest = frameBytes({ ...CLIENT, first: 0x80, payload: Buffer.alloc(3, 'a') });
  reader.feed(Buffer.concat([big, rest, frameBytes({ ...CLIENT, first: 0x89, payload: Buffer.alloc(0) })]));
  assert.deepEqual(reader.counts, { frames: 3, messages: 1, largest: 9, violations: 1 });
});

test('a length that no number can hold is too big', () => {
  const head = Uint8Array.of(0x82, 0x7f, 0x7f, 255, 255, 255, 255, 255, 255, 255);
  const gate = new FrameGate({ sender: 'server' });
  assert.deepEqual(gate.feed(head).violation, { code: 1009, why: 'MESSAGE_TOO_BIG' });
});
