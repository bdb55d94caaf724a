import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldRoom } from '../../../src/relay/held_room.ts';

const OWN = 65_536;

test('room is taken and given back', () => {
  const room = new HeldRoom(10);
  assert.equal(room.change(0, OWN + 10), true);
  assert.equal(room.change(0, OWN + 1), false);
  assert.equal(room.change(OWN + 10, OWN + 9), true);
  assert.equal(room.change(0, OWN + 1), true);
});

test('whoever fills the room takes nothing from the small messages of others', () => {
  const room = new HeldRoom(10);
  assert.equal(room.change(0, OWN + 10), true);
  assert.equal(room.change(OWN + 10, OWN + 11), false);
  for (const [before, after] of [
    [0, 0],
    [0, OWN],
    [OWN, 0],
  ] as const)
    assert.equal(room.change(before, after), true, `${before} to ${after}`);
});
