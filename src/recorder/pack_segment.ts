import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES, packBlock, readPacked } from './packing.ts';
import { PACKED_SUFFIX, type SegmentFile } from './segments.ts';
import { type Draft, type Shelf, shelve } from './shelf.ts';

export interface Pace {
  /** Rest after each block, so that requests come first. */
  readonly pause_ms: number;
  readonly signal: AbortSignal;
}

/**
 * Replaces a sealed segment by its packed form. The original goes only after the packed file is on stable storage under
 * its name, and was read back and found to hold the same bytes; a stop at any step leaves a segment that can be read.
 */
export async function packSegment(shelf: Shelf, segment: SegmentFile, pace: Pace): Promise<void> {
  const folder = dirname(segment.path);
  const original = createHash('sha256');
  const fill = (draft: Draft) => packInto(draft, segment.path, original, pace);
  await shelve(shelf, folder, `${segment.path}${PACKED_SUFFIX}`, fill, (path) =>
    requireSame(path, original.digest('hex'), pace),
  );
  await shelf.remove(segment.path);
  await shelf.syncFolder(folder);
}

async function packInto(draft: Draft, path: string, hash: Hash, pace: Pace): Promise<void> {
  const file = await open(path, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES);
      if (bytesRead === 0) return;
      const plain = block.subarray(0, bytesRead);
      hash.update(plain);
      await draft.write(await packBlock(plain));
      await sleep(pace.pause_ms, undefined, { signal: pace.signal });
    }
  } finally {
    await file.close();
  }
}

async function requireSame(path: string, expected: string, pace: Pace): Promise<void> {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    for (const plain of readPacked(fd, path, 0)) {
      hash.update(plain);
      await nextTurn(undefined, { signal: pace.signal });
    }
  } finally {
    closeSync(fd);
  }
  if (hash.digest('hex') !== expected)
    throw new Error(`${path} does not read back as what was packed into it`);
}
