import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldRoom } from '../../../src/relay/held_room.ts';

test('room is taken and given back', () => {
  const room = new HeldRoom(10);
  assert.equal(room.change(10), true);
  assert.equal(room.change(1), false);
  assert.equal(room.change(-1), true);
});
