import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder, writeSynced } from './durable_file.ts';
import { sha256Hex } from './hashing.ts';
import type { SegmentFile } from './segments.ts';

const NEWLINE = 0x0a;

/** What was cut from the torn end of the journal, and where it lies now. */
export interface Cut {
  readonly bytes: number;
  readonly digest: string;
  readonly path: string;
}

/** Everything that recovery changes on disk; `planning` says what it would change instead. */
export interface RecoveryHands {
  /** The record is whole and signed; only its newline is missing. */
  completeLine(path: string): void;
  /** Moves the end of a segment, from `start` on, to quarantine. */
  cut(segment: SegmentFile, start: number, bytes: number): Cut;
  /** A segment without a single record. */
  dropEmpty(path: string): void;
  /** Writes the last bytes of the open segment once more and syncs them. */
  refreshTail(path: string, size: number): void;
}

export function realHands(quarantineDir: string, tailBytes: number): RecoveryHands {
  return {
    completeLine: (path) => writeSynced(path, 'a', Uint8Array.of(NEWLINE)),
    cut: (segment, start, bytes) => moveToQuarantine(quarantineDir, segment, start, bytes),
    dropEmpty: (path) => rmSync(path),
    refreshTail: (path, size) => rewriteTail(path, size, tailBytes),
  };
}

export interface PlannedChange {
  readonly action: 'complete_line' | 'cut' | 'drop_empty_segment';
  readonly path: string;
  /** Where a cut begins. */
  readonly at?: number;
  readonly bytes?: number;
  readonly digest?: string;
}

export function planningHands(quarantineDir: string, plan: PlannedChange[]): RecoveryHands {
  return {
    completeLine: (path) => void plan.push({ action: 'complete_line', path }),
    cut(segment, start, bytes) {
      const { digest, path } = quarantinePlace(
        quarantineDir,
        segment,
        start,
        readAt(segment.path, start, bytes),
      );
      plan.push({ action: 'cut', path: segment.path, at: start, bytes, digest });
      return { bytes, digest, path };
    },
    dropEmpty: (path) => void plan.push({ action: 'drop_empty_segment', path }),
    refreshTail: () => undefined,
  };
}

/**
 * After a failed sync the page cache may hold bytes that the disk does not have, marked as written: reading them proves
 * nothing, and another sync would report success without writing. Written again, they are written.
 */
function rewriteTail(path: string, size: number, tailBytes: number): void {
  const start = Math.max(0, size - tailBytes);
  const tail = readAt(path, start, size - start);
  const fd = openSync(path, 'r+');
  try {
    for (let at = 0; at < tail.length; ) at += writeSync(fd, tail, at, tail.length - at, start + at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function moveToQuarantine(dir: string, segment: SegmentFile, start: number, bytes: number): Cut {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const torn = readAt(segment.path, start, bytes);
  const { digest, path } = quarantinePlace(dir, segment, start, torn);
  // The copy is durable before the original shrinks.
  writeSynced(path, 'w', torn);
  syncFolder(dir);
  syncFolder(dirname(dir));
  const fd = openSync(segment.path, 'r+');
  try {
    ftruncateSync(fd, start);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return { bytes, digest, path };
}

function quarantinePlace(dir: string, segment: SegmentFile, start: number, torn: Uint8Array) {
  const hex = sha256Hex(torn);
  return { digest: `sha256:${hex}`, path: join(dir, `${segment.name}.${start}.${hex.slice(0, 16)}`) };
}

function readAt(path: string, start: number, bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  const fd = openSync(path, 'r');
  try {
    for (let at = 0; at < bytes; ) {
      const got = readSync(fd, content, at, bytes - at, start + at);
      if (got === 0) throw new Error(`${path} shrank while it was read`);
      at += got;
    }
    return content;
  } finally {
    closeSync(fd);
  }
}
