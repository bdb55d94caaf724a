import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Admission, type Admitted } from '../../../../src/server/inspect/admission.ts';

test('never more than there is, never more than a quarter for one, and everything comes back once', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
          fc.integer({ min: 0, max: 60_000 }),
          fc.boolean(),
        ),
        {
          maxLength: 60,
        },
      ),
      (asks) => {
        const admission = new Admission(200_000);
        const held: { agent: string; bytes: number; room: Admitted }[] = [];
        for (const [agent, bytes, frees] of asks) {
          if (frees) {
            const last = held.pop();
            last?.room.release();
            last?.room.release();
          }
          const room = admission.admit(agent, bytes);
          const size = Math.max(bytes, 4_096);
          const own = held.filter((one) => one.agent === agent).reduce((sum, one) => sum + one.bytes, size);
          const all = held.reduce((sum, one) => sum + one.bytes, size);
          assert.equal(room !== undefined, own <= 50_000 && all <= 200_000);
          if (room !== undefined) held.push({ agent, bytes: size, room });
          assert.equal(
            admission.taken,
            held.reduce((sum, one) => sum + one.bytes, 0),
          );
        }
        for (const { room } of held) room.release();
        assert.equal(admission.taken, 0);
      },
    ),
  );
});

test('room grows and shrinks within the same bounds', () => {
  const admission = new Admission(200_000);
  const room = admission.admit('a', 10_000) ?? assert.fail('no room');
  assert.equal(room.resize(50_000), true);
  assert.equal(room.resize(50_001), false, 'more than a quarter');
  assert.equal(admission.taken, 50_000, 'what is refused changes nothing');
  assert.equal(admission.admit('a', 1), undefined);
  assert.equal(room.resize(20_000), true);
  assert.equal(admission.taken, 20_000);
  room.release();
  assert.equal(room.resize(30_000), false, 'nothing is taken behind the end');
  assert.equal(admission.taken, 0);
});
