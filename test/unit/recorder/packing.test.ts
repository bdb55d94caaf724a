/**
 * Promise: a packed segment holds exactly the bytes of the original, from any offset, for us and for any gzip reader;
 * and a file that is not exactly what we wrote is refused, never read as something else.
 */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { BLOCK_BYTES, packBlock, packedPlainSize, readPacked } from '../../../src/recorder/packing.ts';

const folder = mkdtempSync(join(tmpdir(), 'clawgress-packing-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'segment.jsonl.gz');

async function packed(plain: Buffer, block: number): Promise<Buffer> {
  const members: Buffer[] = [];
  for (let at = 0; at < plain.length; at += block)
    members.push(await packBlock(plain.subarray(at, at + block)));
  return Buffer.concat(members);
}

function unpacked(bytes: Uint8Array, from = 0): Buffer {
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  try {
    return Buffer.concat([...readPacked(fd, path, from)]);
  } finally {
    closeSync(fd);
  }
}

function sizeIn(bytes: Uint8Array): number {
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  try {
    return packedPlainSize(fd, path);
  } finally {
    closeSync(fd);
  }
}

test('any bytes in any blocks come back, from any offset, and gunzip agrees', async () => {
  const content = fc.uint8Array({ minLength: 1, maxLength: 3_000 });
  await fc.assert(
    fc.asyncProperty(content, fc.integer({ min: 1, max: 999 }), fc.nat(3_100), async (bytes, block, from) => {
      const plain = Buffer.from(bytes);
      const file = await packed(plain, block);
      assert.deepEqual(gunzipSync(file), plain);
      assert.deepEqual(unpacked(file, from), plain.subarray(from));
      assert.equal(sizeIn(file), plain.length);
    }),
    { numRuns: 60 },
  );
});

test('a full block that does not compress fits its bounds', async () => {
  const plain = Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, i) => (i * 2_654_435_761) >>> 11));
  assert.deepEqual(unpacked(await packed(plain, BLOCK_BYTES)), plain);
  await assert.rejects(packBlock(Buffer.alloc(BLOCK_BYTES + 1)), RangeError);
});

test('every changed byte and every shortened file is refused, or changes nothing', async () => {
  const plain = Buffer.from(`${'{"payload":"aGVsbG8"}\n'.repeat(40)}end`);
  const file = await packed(plain, 300);
  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x41, at);
    try {
      assert.deepEqual(unpacked(changed), plain, `byte ${at} changed what is read`);
    } catch (error) {
      assert.ok(error instanceof Error && error.name === 'RecorderError', String(error));
    }
  }
  for (let kept = 1; kept < file.length; kept++) {
    const ends = new Set<number>();
    for (let at = 0; at < file.length; at += file.readUInt32LE(at + 16)) ends.add(at);
    if (ends.has(kept)) continue;
    assert.throws(() => unpacked(file.subarray(0, kept)), { name: 'RecorderError' }, `${kept} bytes`);
  }
});

test('a file that gzip packed is refused with what to do', () => {
  const foreign = gzipSync(Buffer.from('a line\n'));
  assert.throws(() => unpacked(foreign), /no block begins there.*gunzip first/);
});

test('a block that claims more than it may, or unpacks to more, is refused before memory is used', async () => {
  const bomb = await packBlock(Buffer.alloc(BLOCK_BYTES));
  const huge = Buffer.from(bomb);
  huge.writeUInt32LE(0xffffffff, huge.length - 4);
  assert.throws(() => unpacked(huge), /claims 4294967295 bytes/);
  const long = Buffer.from(bomb);
  long.writeUInt32LE(0x7fffffff, 16);
  assert.throws(() => unpacked(long), /no block begins there/);
  const lying = Buffer.from(bomb);
  lying.writeUInt32LE(10, lying.length - 4);
  assert.throws(() => unpacked(lying), /check sum/);
});
