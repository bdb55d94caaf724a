import assert from 'node:assert/strict';
import { FrameGate } from '../../../src/core/frames/frame_gate.ts';
import { naiveFrames } from '../../unit/core/frames/naive_frames.ts';
import type { Boundary } from '../boundary.ts';

/** Longest message that passes here; small, so that mutation gets beyond it. */
const MESSAGE_BYTES_MAX = 64;

/** Frames of a client, masked with 37fa213d as in RFC 6455: text, a fragmented message with a ping between, binary, a close. */
const CORPUS = [
  '818537fa213d7f9f4d5158',
  '010237fa213d' + '898037fa213d' + '800037fa213d',
  '018337fa213d7f9f4d' + '898037fa213d' + '808237fa213d5b95',
  '828437fa213d00010203' + '888237fa213d3412',
  '82fe008037fa213d',
  '888237fa213d3412',
  '818437fa213df45aa31d',
];

/** Judge: the naive reader of whole streams; what is let through is exactly what comes before the first bad frame. */
export function websocket(): Boundary {
  return {
    name: 'websocket',
    corpus: CORPUS.map((hex) => Buffer.from(hex, 'hex')),
    check(input) {
      const expected = naiveFrames(input, 'client', MESSAGE_BYTES_MAX);
      const gate = new FrameGate({ sender: 'client', maxMessageBytes: MESSAGE_BYTES_MAX });
      const half = input.length >> 1;
      const steps = [gate.feed(input.subarray(0, half)), gate.feed(input.subarray(half))];
      const forwarded = Buffer.concat(steps.flatMap(({ forward }) => [...forward]));
      const violation = steps.map((step) => step.violation).find((one) => one !== undefined);
      assert.deepEqual(violation, expected.violation);
      const good = expected.partIsSafe ? input.length : expected.wholeBytes;
      assert.equal(forwarded.equals(input.subarray(0, good)), true);
      return expected.violation === undefined;
    },
  };
}
