import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LINE_BYTES_MAX } from '../core/canonical/dsse.ts';
import { RecorderError } from './options.ts';
import { packedPlainSize, readPacked } from './packing.ts';

/** One journal file: `NNNNNNNNNNNN-<first 8 of log_id>.jsonl`, named after its first sequence number; packed: `….jsonl.gz`. */
export interface SegmentFile {
  /** Without `.gz`: the same before and after it was packed. */
  readonly name: string;
  readonly path: string;
  readonly first_seq: number;
  readonly log_prefix: string;
  readonly packed: boolean;
}

export const PACKED_SUFFIX = '.gz';
const SEQ_DIGITS = 12;
const LOG_PREFIX_LENGTH = 8;
const NAME = /^(([0-9]{12})-([0-9a-f]{8})\.jsonl)(\.gz)?$/;
const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

export function segmentName(first_seq: number, log_id: string): string {
  return `${String(first_seq).padStart(SEQ_DIGITS, '0')}-${log_id.slice(0, LOG_PREFIX_LENGTH)}.jsonl`;
}

/**
 * Segments in order. While both forms of one are there, its packing was not finished, and the plain one counts.
 * Throws when a file of another log lies among them.
 */
export function listSegments(journalDir: string): SegmentFile[] {
  const files = existsSync(journalDir) ? readdirSync(journalDir).sort() : [];
  const present = new Set(files);
  const segments = files.flatMap((file): SegmentFile[] => {
    const [, name = '', digits = '', log_prefix = '', suffix = ''] = NAME.exec(file) ?? [];
    if (digits === '' || (suffix !== '' && present.has(name))) return [];
    return [
      { name, path: join(journalDir, file), first_seq: Number(digits), log_prefix, packed: suffix !== '' },
    ];
  });
  const stranger = segments.find((one) => one.log_prefix !== segments[0]?.log_prefix);
  if (stranger !== undefined) {
    throw new RecorderError(`${stranger.path} belongs to another log than ${segments[0]?.name}.`);
  }
  return segments;
}

/** Bytes of all its lines, packed or not. */
export function plainSize(path: string): number {
  const { fd, opened } = openEither(path);
  try {
    return isPacked(opened) ? packedPlainSize(fd, opened) : fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a segment from a plain offset on, piece by piece. A piece is only good until the next one is asked for. */
export function* readPlain(path: string, from = 0): Generator<Uint8Array> {
  const { fd, opened } = openEither(path);
  try {
    if (isPacked(opened)) yield* readPacked(fd, opened, from);
    else yield* readChunks(fd, from);
  } finally {
    closeSync(fd);
  }
}

/** A reader beside the running recorder may find that the file it listed has been packed since. */
function openEither(path: string): { readonly fd: number; readonly opened: string } {
  try {
    return { fd: openSync(path, 'r'), opened: path };
  } catch (error) {
    const opened = `${path}${PACKED_SUFFIX}`;
    if (!isGone(error) || isPacked(path) || !existsSync(opened)) throw error;
    return { fd: openSync(opened, 'r'), opened };
  }
}

/** Retention removed the file since it was listed; everything before it is gone, too. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isPacked(path: string): boolean {
  return path.endsWith(PACKED_SUFFIX);
}

function* readChunks(fd: number, from: number): Generator<Uint8Array> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = from; ; ) {
    const got = readSync(fd, chunk, 0, CHUNK_BYTES, at);
    if (got === 0) return;
    at += got;
    yield chunk.subarray(0, got);
  }
}

/** A line without its newline and the offset behind it; `complete` is false for bytes after the last newline. */
export interface RawLine {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly complete: boolean;
}

/**
 * Lines of a file from a byte offset on, in chunks. What is longer than any line can be comes out as one piece,
 * which no parser accepts.
 */
export function* readLines(path: string, from = 0): Generator<RawLine> {
  let rest = Buffer.alloc(0);
  let start = from;
  for (const piece of readPlain(path, from)) {
    rest = Buffer.concat([rest, piece]);
    let begin = 0;
    for (let nl = rest.indexOf(NEWLINE); nl !== -1; nl = rest.indexOf(NEWLINE, begin)) {
      const end = start + nl - begin + 1;
      yield { bytes: new Uint8Array(rest.subarray(begin, nl)), start, end, complete: true };
      start = end;
      begin = nl + 1;
    }
    rest = rest.subarray(begin);
    if (rest.length > CHUNK_BYTES + LINE_BYTES_MAX) break;
  }
  if (rest.length > 0)
    yield { bytes: new Uint8Array(rest), start, end: start + rest.length, complete: false };
}
