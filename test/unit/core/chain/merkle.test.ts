import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../../src/core/canonical/hex.ts';
import {
  consistencyProof,
  IncrementalTree,
  inclusionProof,
  leafHash,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from '../../../../src/core/chain/merkle.ts';

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

/** Inputs and roots of the reference implementations of RFC 6962 (sizes 1 to 8). */
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** RFC 6962 section 2.1, read literally. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const k = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.concat([Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k))]));
}

const leavesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => leafHash(sha256, Buffer.from(`line ${i}`)));

test('known roots', () => {
  const tree = new IncrementalTree(sha256);
  assert.equal(toHex(tree.root()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  INPUTS.forEach((input, i) => {
    tree.append(leafHash(sha256, input));
    assert.equal(toHex(tree.root()), ROOTS[i]);
  });
});

test('incremental tree agrees with the recursive definition and survives a restart at any size', () => {
  const leaves = leavesOf(70);
  const tree = new IncrementalTree(sha256);
  leaves.forEach((leaf, i) => {
    const restored = new IncrementalTree(sha256, JSON.parse(JSON.stringify(tree.state())));
    tree.append(leaf);
    restored.append(leaf);
    const expected = naiveRoot(leaves.slice(0, i + 1));
    assert.deepEqual(tree.root(), expected);
    assert.deepEqual(restored.root(), expected);
    assert.equal(restored.size, i + 1);
  });
  assert.deepEqual(rootOfLeaves(sha256, leaves), naiveRoot(leaves));
});

test('a frontier that does not fit its size is refused', () => {
  const hash = 'ab'.repeat(32);
  const bad = [
    { size: 3, frontier: [hash] },
    { size: 0, frontier: [hash] },
    { size: -1, frontier: [] },
    { size: 1, frontier: ['AB'.repeat(32)] },
    { size: 1, frontier: ['ab'] },
    { size: 1.5, frontier: [hash] },
  ];
  for (const state of bad) assert.throws(() => new IncrementalTree(sha256, state), RangeError);
});

test('inclusion: every leaf of every small tree proves, and nothing else does', () => {
  for (let size = 1; size <= 20; size += 1) {
    const leaves = leavesOf(size);
    const root = naiveRoot(leaves);
    leaves.forEach((leaf, index) => {
      const proof = inclusionProof(sha256, leaves, index);
      assert.ok(verifyInclusion(sha256, leaf, index, size, proof, root));
      assert.equal(verifyInclusion(sha256, leaf, index, size, [...proof, leaf], root), false);
      if (proof.length > 0)
        assert.equal(verifyInclusion(sha256, leaf, index, size, proof.slice(1), root), false);
      leaves.forEach((other, j) => {
        if (j !== index) assert.equal(verifyInclusion(sha256, other, index, size, proof, root), false);
        if (j !== index) assert.equal(verifyInclusion(sha256, leaf, j, size, proof, root), false);
      });
    });
  }
});

test('consistency: every prefix proves, and nothing else does', () => {
  for (let size = 1; size <= 20; size += 1) {
    const leaves = leavesOf(size);
    const root = naiveRoot(leaves);
    for (let old = 1; old <= size; old += 1) {
      const proof = consistencyProof(sha256, leaves, old);
      const oldRoot = naiveRoot(leaves.slice(0, old));
      assert.ok(verifyConsistency(sha256, old, size, proof, oldRoot, root));
      assert.equal(verifyConsistency(sha256, old, size, [...proof, root], oldRoot, root), false);
      if (old < size) {
        assert.equal(verifyConsistency(sha256, old, size, proof, root, root), false);
        assert.equal(verifyConsistency(sha256, old, size, proof, oldRoot, oldRoot), false);
        assert.equal(verifyConsistency(sha256, old, size, proof.slice(0, -1), oldRoot, root), false);
      }
    }
  }
});

test('hostile arguments give false, not an exception', () => {
  const leaf = leavesOf(1)[0] ?? new Uint8Array(32);
  for (const n of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    assert.equal(verifyInclusion(sha256, leaf, n, 4, [], leaf), false);
    assert.equal(verifyInclusion(sha256, leaf, 0, n, [], leaf), false);
    assert.equal(verifyConsistency(sha256, n, 4, [], leaf, leaf), false);
    assert.equal(verifyConsistency(sha256, 1, n, [], leaf, leaf), false);
  }
  assert.equal(verifyInclusion(sha256, leaf, 0, 2 ** 52, Array(60).fill(leaf), leaf), false);
  assert.equal(verifyConsistency(sha256, 3, 7, [], leaf, leaf), false);
});

test('sizes beyond 32 bits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2 ** 31, max: 2 ** 45 }), (size) => {
      const ones = size.toString(2).replaceAll('0', '').length;
      const tree = new IncrementalTree(sha256, { size, frontier: Array(ones).fill('00'.repeat(32)) });
      tree.append(new Uint8Array(32));
      assert.equal(tree.state().frontier.length, (size + 1).toString(2).replaceAll('0', '').length);
    }),
    { numRuns: 50 },
  );
});
