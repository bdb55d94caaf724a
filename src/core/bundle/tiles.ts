import { joinBytes } from '../canonical/bytes.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { nodeHash } from '../chain/merkle.ts';
import { type Member, TILES } from './member.ts';

/** C2SP tlog-tiles: 256 hashes for each tile, eight tree levels for each tile level. */
const TILE_WIDTH = 256;

/** Hash tiles of the tree over these leaf hashes; partial tiles only at the right edge. */
export function hashTiles(sha256: Sha256, leaves: readonly Uint8Array[]): Member[] {
  const members: Member[] = [];
  let level = 0;
  for (let row = leaves; row.length > 0; row = tileRoots(sha256, row), level += 1) {
    for (let start = 0; start < row.length; start += TILE_WIDTH) {
      const hashes = row.slice(start, start + TILE_WIDTH);
      members.push({
        name: tileName(`${level}`, start / TILE_WIDTH, hashes.length),
        bytes: joinBytes(hashes),
      });
    }
  }
  return members;
}

/** Entry bundles: each line behind its length as a big-endian u16, which is why a line never exceeds 65,535 bytes. */
export function entryTiles(lines: readonly Uint8Array[]): Member[] {
  const members: Member[] = [];
  for (let start = 0; start < lines.length; start += TILE_WIDTH) {
    const group = lines.slice(start, start + TILE_WIDTH);
    const parts = group.flatMap((line) => [new Uint8Array([line.length >> 8, line.length & 255]), line]);
    members.push({ name: tileName('entries', start / TILE_WIDTH, group.length), bytes: joinBytes(parts) });
  }
  return members;
}

/** The roots of the complete tiles of one row: the row of the next tile level. */
function tileRoots(sha256: Sha256, row: readonly Uint8Array[]): Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let start = 0; start + TILE_WIDTH <= row.length; start += TILE_WIDTH) {
    let nodes = row.slice(start, start + TILE_WIDTH);
    while (nodes.length > 1) {
      const pairs = nodes;
      nodes = pairs.flatMap((left, i) => {
        const right = pairs[i + 1];
        return i % 2 === 0 && right !== undefined ? [nodeHash(sha256, left, right)] : [];
      });
    }
    roots.push(...nodes);
  }
  return roots;
}

/** `x001/x234/067`: groups of three digits, all but the last marked; `.p/N` for a partial tile. */
function tileName(kind: string, index: number, width: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return `${TILES}${kind}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}
