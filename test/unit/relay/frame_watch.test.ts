import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameWatch } from '../../../src/relay/frame_watch.ts';

test('thousands of empty frames go on in one piece', () => {
  const empty = Buffer.concat(Array.from({ length: 5_000 }, () => Buffer.from([0x82, 0x80, 1, 2, 3, 4])));
  const order = {
    receipt_id: 'r',
    owner: 'o',
    scheme: 'http',
    exp_ms: 0,
    frames: 'block',
  } as const;
  const { pieces, violation } = frameWatch(order).pass('in', empty);
  assert.equal(violation, undefined);
  assert.equal(pieces.length, 1);
  assert.deepEqual(Buffer.concat(pieces), empty);
});
