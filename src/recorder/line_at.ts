import { statSync } from 'node:fs';
import { parseLine } from '../core/canonical/dsse.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { isGone, listSegments, type RawLine, readLines, type SegmentFile } from './segments.ts';

export interface LineAt {
  /** Without its newline. */
  readonly bytes: Uint8Array;
  readonly record: JournalRecord;
}

/** Bytes that are read through rather than halved again. */
const LINEAR_BYTES = 1 << 20;

/** The line of one record, found by halving its segment. Undefined when the journal does not hold it. Checks no signature. */
export function lineAt(journalDir: string, seq: number): LineAt | undefined {
  try {
    return find(journalDir, seq);
  } catch (error) {
    // Packed or removed since it was listed.
    if (isGone(error)) return find(journalDir, seq);
    throw error;
  }
}

function find(journalDir: string, seq: number): LineAt | undefined {
  const segment = listSegments(journalDir).findLast((one) => one.first_seq <= seq);
  if (segment === undefined) return undefined;
  for (const line of readLines(segment.path, startBefore(segment, seq))) {
    const record = recordOf(line);
    if (record === undefined || record.seq > seq) return undefined;
    if (record.seq === seq) return { bytes: line.bytes, record };
  }
  return undefined;
}

/** Offset of some line at or before the one that is looked for. */
function startBefore(segment: SegmentFile, seq: number): number {
  if (segment.path.endsWith('.gz')) return 0;
  let low = 0;
  let high = statSync(segment.path).size;
  while (high - low > LINEAR_BYTES) {
    const middle = low + Math.floor((high - low) / 2);
    const next = firstWholeLine(segment.path, middle, high);
    const record = next === undefined ? undefined : recordOf(next);
    if (next === undefined || record === undefined || record.seq > seq) high = middle;
    else low = next.start;
  }
  return low;
}

/** The first line that starts behind `from`: what comes first may be the rest of one. */
function firstWholeLine(path: string, from: number, before: number): RawLine | undefined {
  let first = true;
  for (const line of readLines(path, from)) {
    if (line.start >= before) return undefined;
    if (!first) return line;
    first = false;
  }
  return undefined;
}

function recordOf(line: RawLine): JournalRecord | undefined {
  const parsed = line.complete ? parseLine(line.bytes) : undefined;
  const record = parsed?.ok === true ? parseRecord(parsed.value.body) : undefined;
  return record?.ok === true ? record.value : undefined;
}
