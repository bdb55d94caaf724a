import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { receiptIds } from '../../../src/server/receipt_id.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('ids are UUIDv7 of the clock that was passed in', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
      const id = receiptIds(() => ms)();
      assert.match(id, UUID_V7);
      assert.equal(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16), ms);
    }),
  );
});

test('no id repeats across refills of the pool, and no pool byte is used twice', () => {
  let drawn = 0;
  const mint = receiptIds(
    () => 0,
    (pool) => {
      // Numbered chunks of ten bytes: an id that reused one would repeat.
      const view = new DataView(pool.buffer, pool.byteOffset, pool.byteLength);
      for (let at = 0; at < pool.byteLength; at += 10) view.setUint32(at + 5, drawn++);
    },
  );
  const ids = new Set(Array.from({ length: 5_000 }, mint));
  assert.equal(ids.size, 5_000);
  assert.ok(drawn >= 5_000 && drawn < 6_000);
});

test('all 74 bits are random', () => {
  const mint = receiptIds(() => 0);
  const bits = new Array<number>(128).fill(0);
  const runs = 2_000;
  for (let i = 0; i < runs; i += 1) {
    const value = BigInt(`0x${mint().replaceAll('-', '')}`);
    for (let bit = 0; bit < 128; bit += 1) bits[bit] = (bits[bit] ?? 0) + Number((value >> BigInt(bit)) & 1n);
  }
  const random = bits.filter((ones) => ones > runs * 0.4 && ones < runs * 0.6).length;
  assert.equal(random, 74);
});
