import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LINE_BYTES_MAX } from '../core/canonical/dsse.ts';
import { RecorderError } from './options.ts';

/** One journal file: `NNNNNNNNNNNN-<first 8 of log_id>.jsonl`, named after its first sequence number. */
export interface SegmentFile {
  readonly name: string;
  readonly path: string;
  readonly first_seq: number;
  readonly log_prefix: string;
}

const SEQ_DIGITS = 12;
const LOG_PREFIX_LENGTH = 8;
const NAME = /^([0-9]{12})-([0-9a-f]{8})\.jsonl$/;
const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

export function segmentName(first_seq: number, log_id: string): string {
  return `${String(first_seq).padStart(SEQ_DIGITS, '0')}-${log_id.slice(0, LOG_PREFIX_LENGTH)}.jsonl`;
}

/** Segments in order. Throws when a file of another log lies among them. */
export function listSegments(journalDir: string): SegmentFile[] {
  const names = existsSync(journalDir) ? readdirSync(journalDir).sort() : [];
  const segments = names.flatMap((name) => {
    const [, digits = '', log_prefix = ''] = NAME.exec(name) ?? [];
    return digits === ''
      ? []
      : [{ name, path: join(journalDir, name), first_seq: Number(digits), log_prefix }];
  });
  const stranger = segments.find((one) => one.log_prefix !== segments[0]?.log_prefix);
  if (stranger !== undefined) {
    throw new RecorderError(`${stranger.path} belongs to another log than ${segments[0]?.name}.`);
  }
  return segments;
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
  const fd = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    let start = from;
    for (let at = from; ; ) {
      const got = readSync(fd, chunk, 0, CHUNK_BYTES, at);
      if (got === 0) break;
      at += got;
      rest = Buffer.concat([rest, chunk.subarray(0, got)]);
      let begin = 0;
      for (let nl = rest.indexOf(NEWLINE); nl !== -1; nl = rest.indexOf(NEWLINE, begin)) {
        yield {
          bytes: new Uint8Array(rest.subarray(begin, nl)),
          start,
          end: start + nl - begin + 1,
          complete: true,
        };
        start += nl - begin + 1;
        begin = nl + 1;
      }
      rest = rest.subarray(begin);
      if (rest.length > CHUNK_BYTES + LINE_BYTES_MAX) break;
    }
    if (rest.length > 0)
      yield { bytes: new Uint8Array(rest), start, end: start + rest.length, complete: false };
  } finally {
    closeSync(fd);
  }
}
