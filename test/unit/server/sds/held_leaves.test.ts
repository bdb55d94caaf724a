import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeldLeaves } from '../../../../src/server/sds/held_leaves.ts';

const act = fc.tuple(
  fc.constantFrom('hold', 'used', 'release'),
  fc.constantFrom('e1', 'e2'),
  fc.constantFrom('a', 'b', 'c', 'd', 'e'),
);

test('each Envoy holds the names used last and no more, whatever the order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(act, { maxLength: 60 }), (max, acts) => {
      const held = new HeldLeaves<string>(max);
      // The naive one: a list for each Envoy, oldest first.
      const naive: Record<string, string[]> = { e1: [], e2: [] };
      for (const [what, node, name] of acts) {
        const list = (naive[node] ?? []).filter((one) => one !== name);
        const had = list.length !== naive[node]?.length;
        if (what === 'hold') {
          const out = held.hold(node, name, 'stream').map((one) => one.name);
          list.push(name);
          assert.deepEqual(out, list.splice(0, Math.max(0, list.length - max)));
        } else if (what === 'used') {
          held.used(node, name);
          if (had) list.push(name);
        } else held.release(node, name, 'stream');
        naive[node] = list;
        assert.equal(held.count, (naive['e1']?.length ?? 0) + (naive['e2']?.length ?? 0));
      }
    }),
  );
});

test('a name that two streams hold stays until both let go, and both are told', () => {
  const held = new HeldLeaves<string>(1);
  held.hold('e', 'a', 's1');
  held.hold('e', 'a', 's2');
  held.release('e', 'a', 's1');
  assert.equal(held.count, 1);
  held.hold('e', 'a', 's1');
  assert.deepEqual(held.hold('e', 'b', 's3'), [{ name: 'a', streams: new Set(['s2', 's1']) }]);
});

test('Envoys are told apart up to a bound', () => {
  const held = new HeldLeaves<string>(10);
  for (let n = 0; n < 64; n++) held.hold(`e${n}`, 'a', 's');
  assert.equal(held.admits('e64'), false);
  assert.equal(held.admits('e3'), true);
  held.release('e5', 'a', 's');
  assert.equal(held.admits('e64'), true);
});
