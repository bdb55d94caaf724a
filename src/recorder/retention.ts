import { statSync } from 'node:fs';
import { parseLine } from '../core/canonical/dsse.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { RecorderError } from './options.ts';
import { readLines, type SegmentFile } from './segments.ts';

const DAY_MS = 86_400_000;

export interface RetentionRules {
  /** 0: no bound. */
  readonly retention_days: number;
  readonly journal_max_bytes: number;
  /** Only packed segments may go. */
  readonly compress_segments: boolean;
}

/** What must hold of a segment before it may go, whatever the bounds say. */
export interface RetentionFloor {
  /** Records before this one are covered by a signed, durable checkpoint. */
  readonly checkpoint_size: number;
  /** A start works from here without anything before it. */
  readonly base_first_seq: number;
}

export interface Retirement {
  readonly segment: SegmentFile;
  readonly last_seq: number;
  readonly because: 'age' | 'size';
}

/** Segments that are over a bound, oldest first, without a gap; never the last one. `now_ms`: a time that has certainly come. */
export function dueForRetirement(
  segments: readonly SegmentFile[],
  rules: RetentionRules,
  floor: RetentionFloor,
  now_ms: number,
): Retirement[] {
  const due: Retirement[] = [];
  const sizes = segments.map(({ path }) => statSync(path).size);
  let total = sizes.reduce((sum, size) => sum + size, 0);
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1];
    if (next === undefined || (rules.compress_segments && !segment.packed)) break;
    const last_seq = next.first_seq - 1;
    if (last_seq >= floor.checkpoint_size || next.first_seq > floor.base_first_seq) break;
    const because = boundExceeded(rules, total, next, now_ms);
    if (because === undefined) break;
    due.push({ segment, last_seq, because });
    total -= sizes[i] ?? 0;
  }
  return due;
}

export function hasBounds(rules: RetentionRules): boolean {
  return rules.retention_days > 0 || rules.journal_max_bytes > 0;
}

/**
 * A segment is as old as its newest record; the next one began right after that. By the ledger clock where it is later:
 * records of a wall clock that was behind are not older than they are.
 */
function boundExceeded(
  rules: RetentionRules,
  total: number,
  next: SegmentFile,
  now_ms: number,
): Retirement['because'] | undefined {
  if (rules.journal_max_bytes > 0 && total > rules.journal_max_bytes) return 'size';
  if (rules.retention_days === 0) return undefined;
  const { ts, ledger_ms } = firstRecord(next);
  const moment = Math.max(Date.parse(ts), ledger_ms);
  const isOld = now_ms - moment > rules.retention_days * DAY_MS;
  return isOld ? 'age' : undefined;
}

/** Wall time of a segment's first record, in milliseconds. */
export function firstMoment(segment: SegmentFile): number {
  return Date.parse(firstRecord(segment).ts);
}

function firstRecord(segment: SegmentFile): JournalRecord {
  const [line] = readLines(segment.path);
  const parsed = line === undefined ? undefined : parseLine(line.bytes);
  const record = parsed?.ok === true ? parseRecord(parsed.value.body) : undefined;
  if (record?.ok !== true) throw new RecorderError(`${segment.path} does not begin with a record.`);
  return record.value;
}
