import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeFrame,
  FRAME_BYTES_MAX,
  type Frame,
  FrameReader,
} from '../../../../src/recorder/remote/frame.ts';

/** Frames until there is no whole one, or the problem. */
function drain(reader: FrameReader): { frames: Frame[]; problem?: string } {
  const frames: Frame[] = [];
  for (;;) {
    const next = reader.next();
    if (!next.ok) return { frames, problem: next.problem };
    if (next.value === undefined) return { frames };
    frames.push(next.value);
  }
}

/** Written by hand from the description, not by the encoder. */
function naiveFrame(kind: number, id: number, body: string): Buffer {
  const bytes = Buffer.from(body, 'utf8');
  const head = [0, 0, 0, 0, 1, kind, id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255];
  const length = bytes.length + 6;
  head.splice(0, 4, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
  return Buffer.concat([Buffer.from(head), bytes]);
}

const message = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  id: fc.integer({ min: 0, max: 0xffff_ffff }),
  body: fc.string({ unit: 'binary', maxLength: 300 }),
});

test('frames look as described', () => {
  fc.assert(
    fc.property(message, ({ kind, id, body }) => {
      assert.deepEqual(encodeFrame(kind, id, body), naiveFrame(kind, id, body));
    }),
  );
});

test('any split of the bytes yields the same frames', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), cuts, (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(({ kind, id, body }) => naiveFrame(kind, id, body)));
      const reader = new FrameReader();
      const got: Frame[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        reader.push(bytes.subarray(at, at + size));
        at += size;
        // Sometimes several chunks wait before somebody looks.
        if (turn % 3 !== 1) got.push(...drain(reader).frames);
      }
      got.push(...drain(reader).frames);
      assert.deepEqual(
        got.map(({ kind, id, body }) => ({ kind, id, body: Buffer.from(body).toString('utf8') })),
        sent.map(({ kind, id, body }) => ({ kind, id, body: Buffer.from(body, 'utf8').toString('utf8') })),
      );
    }),
  );
});

test('garbage yields a problem or nothing, and no frame that was not sent whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      const reader = new FrameReader();
      reader.push(Buffer.from(garbage));
      for (const frame of drain(reader).frames) {
        const whole = naiveFrame(frame.kind, frame.id, '').subarray(4);
        assert.ok(Buffer.from(garbage).includes(whole), 'the frame stands in the bytes');
      }
    }),
  );
});

test('a length out of bounds is a problem before its bytes come', () => {
  for (const length of [0, 5, FRAME_BYTES_MAX + 1, 0xffff_ffff]) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    const reader = new FrameReader();
    reader.push(head);
    assert.deepEqual(reader.next(), { ok: false, problem: 'FRAME_LENGTH' });
  }
});

test('another version is a problem', () => {
  const frame = naiveFrame(1, 1, '{}');
  frame[4] = 2;
  const reader = new FrameReader();
  reader.push(frame);
  assert.deepEqual(reader.next(), { ok: false, problem: 'FRAME_VERSION' });
});

test('nothing beyond the bound is encoded, and everything at it is read', () => {
  assert.equal(encodeFrame(1, 1, 'x'.repeat(FRAME_BYTES_MAX - 5)), undefined);
  const largest = encodeFrame(1, 1, 'x'.repeat(FRAME_BYTES_MAX - 6));
  assert.ok(largest);
  const reader = new FrameReader();
  reader.push(largest);
  assert.equal(drain(reader).frames[0]?.body.length, FRAME_BYTES_MAX - 6);
});
