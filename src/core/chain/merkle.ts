import { sameBytes } from '../canonical/bytes.ts';
import { fromHexStrict, toHex } from '../canonical/hex.ts';
import type { Sha256 } from '../canonical/sha256.ts';

/** RFC 6962 section 2.1 / RFC 9162 section 2.1. Hashes are 32 bytes; leaves are exact journal lines without newline. */

const HASH_BYTES = 32;
/** Longest proof that is looked at: one hash per level of a tree of 2^53 leaves, and one more. */
export const PROOF_HASHES_MAX = 54;

/** What is needed to go on appending: the roots of the complete subtrees, largest first. */
export interface TreeState {
  readonly size: number;
  /** Lower-case hex; as many as `size` has one-bits. */
  readonly frontier: readonly string[];
}

/** SHA-256(0x00 || line). */
export function leafHash(sha256: Sha256, line: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + line.length);
  message.set(line, 1);
  return sha256(message);
}

/** SHA-256(0x01 || left || right). The prefixes keep a node from ever passing as a leaf. */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + 2 * HASH_BYTES);
  message[0] = 1;
  message.set(left, 1);
  message.set(right, 1 + HASH_BYTES);
  return sha256(message);
}

/** An append-only tree that remembers only its frontier: O(log n) memory, amortised O(1) hashes per append. */
export class IncrementalTree {
  private readonly sha256: Sha256;
  private readonly frontier: Uint8Array[];
  private leaves: number;

  /** Throws when the state is not one that `state()` could have written. */
  constructor(sha256: Sha256, state: TreeState = { size: 0, frontier: [] }) {
    this.sha256 = sha256;
    this.leaves = state.size;
    this.frontier = state.frontier.map(hashFromHex);
    const valid = Number.isSafeInteger(state.size) && state.size >= 0;
    if (!valid || this.frontier.length !== oneBits(state.size)) throw new RangeError('tree: bad state');
  }

  get size(): number {
    return this.leaves;
  }

  append(leaf: Uint8Array): void {
    let node = leaf;
    // Each trailing one-bit of the size is a complete subtree as large as what we carry. Arithmetic, not bit
    // operators: those would wrap at 2^31 leaves.
    for (let n = this.leaves; n % 2 === 1; n = (n - 1) / 2) {
      const left = this.frontier.pop();
      if (left === undefined) throw new RangeError('tree: frontier does not match the size');
      node = nodeHash(this.sha256, left, node);
    }
    this.frontier.push(node);
    this.leaves += 1;
  }

  /** SHA-256 of nothing for the empty tree. */
  root(): Uint8Array {
    const last = this.frontier.at(-1);
    if (last === undefined) return this.sha256(new Uint8Array(0));
    return this.frontier.slice(0, -1).reduceRight((right, left) => nodeHash(this.sha256, left, right), last);
  }

  state(): TreeState {
    return { size: this.leaves, frontier: this.frontier.map(toHex) };
  }
}

/** Root over leaf hashes. */
export function rootOfLeaves(sha256: Sha256, leaves: readonly Uint8Array[]): Uint8Array {
  const tree = new IncrementalTree(sha256);
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

/** Largest power of two below `size` (size >= 2): where RFC 6962 splits a tree. */
function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** RFC 6962 section 2.1.1: the hashes that lead from leaf `index` to the root over `leaves`. */
export function inclusionProof(sha256: Sha256, leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!(index >= 0 && index < leaves.length)) throw new RangeError('inclusion proof: no such leaf');
  if (leaves.length === 1) return [];
  const split = splitPoint(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return index < split
    ? [...inclusionProof(sha256, left, index), rootOfLeaves(sha256, right)]
    : [...inclusionProof(sha256, right, index - split), rootOfLeaves(sha256, left)];
}

/** RFC 9162 section 2.1.3.2. Never throws: every argument may come from an attacker. */
export function verifyInclusion(
  sha256: Sha256,
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!areCounts(index, size) || index >= size || proof.length > PROOF_HASHES_MAX) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sha256, sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = nodeHash(sha256, hash, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && sameBytes(hash, root);
}

/** RFC 6962 section 2.1.2: proof that the tree over the first `oldSize` leaves is a prefix of the tree over all. */
export function consistencyProof(
  sha256: Sha256,
  leaves: readonly Uint8Array[],
  oldSize: number,
): Uint8Array[] {
  if (!(oldSize >= 1 && oldSize <= leaves.length)) throw new RangeError('consistency proof: no such tree');
  return subproof(sha256, oldSize, leaves, true);
}

function subproof(sha256: Sha256, m: number, leaves: readonly Uint8Array[], known: boolean): Uint8Array[] {
  if (m === leaves.length) return known ? [] : [rootOfLeaves(sha256, leaves)];
  const split = splitPoint(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return m <= split
    ? [...subproof(sha256, m, left, known), rootOfLeaves(sha256, right)]
    : [...subproof(sha256, m - split, right, false), rootOfLeaves(sha256, left)];
}

/** RFC 9162 section 2.1.4.2. Never throws. */
export function verifyConsistency(
  sha256: Sha256,
  oldSize: number,
  newSize: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean {
  if (!areCounts(oldSize, newSize) || oldSize < 1 || oldSize > newSize) return false;
  if (proof.length > PROOF_HASHES_MAX) return false;
  if (oldSize === newSize) return proof.length === 0 && sameBytes(oldRoot, newRoot);
  let fn = oldSize - 1;
  let sn = newSize - 1;
  while (fn % 2 === 1) {
    fn = half(fn);
    sn = half(sn);
  }
  // A complete old tree is its own first node and is left out of the proof.
  const path = fn === 0 ? [oldRoot, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let fr = first;
  let sr = first;
  for (const sibling of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(sha256, sibling, fr);
      sr = nodeHash(sha256, sibling, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      sr = nodeHash(sha256, sr, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && sameBytes(fr, oldRoot) && sameBytes(sr, newRoot);
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function areCounts(...values: readonly number[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0);
}

function oneBits(size: number): number {
  let count = 0;
  for (let n = size; n > 0; n = Math.floor(n / 2)) count += n % 2;
  return count;
}

function hashFromHex(text: string): Uint8Array {
  const bytes = fromHexStrict(text);
  if (!bytes.ok || bytes.value.length !== HASH_BYTES)
    throw new RangeError('tree: frontier is not hex SHA-256');
  return bytes.value;
}
