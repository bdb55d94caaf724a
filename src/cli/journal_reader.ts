import { setTimeout as sleep } from 'node:timers/promises';
import { parseLine } from '../core/canonical/dsse.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type {
  DecisionRecord,
  InspectionRecord,
  JournalRecord,
  OutcomeRecord,
} from '../core/receipt/records.ts';
import {
  isGone,
  listSegments,
  plainSize,
  type RawLine,
  readLines,
  type SegmentFile,
} from '../recorder/segments.ts';
import { CliError, EXIT } from './exit.ts';

/** One record with its place. Reading does not check signatures; `verify` does. */
export interface Placed<R extends JournalRecord = JournalRecord> {
  readonly record: R;
  readonly segment: string;
  readonly line: Uint8Array;
}

const POLL_MS = 200;

/** Newest record first. Bytes after the last newline are a write under way and are passed over. */
export function* newestFirst(journalDir: string): Generator<Placed> {
  for (const segment of listSegments(journalDir).reverse()) {
    const lines = [...linesOf(segment)].filter((line) => line.complete);
    for (const line of lines.reverse()) yield placed(segment, line);
  }
}

export function* oldestFirst(journalDir: string): Generator<Placed> {
  for (const segment of listSegments(journalDir)) {
    for (const line of linesOf(segment)) if (line.complete) yield placed(segment, line);
  }
}

/** None of a segment that retention removes while we come to it. */
function* linesOf(segment: SegmentFile, from = 0): Generator<RawLine> {
  try {
    yield* readLines(segment.path, from);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function placed(segment: SegmentFile, line: RawLine): Placed {
  const parsed = parseLine(line.bytes);
  const record = parsed.ok ? parseRecord(parsed.value.body) : undefined;
  if (record?.ok !== true) {
    throw new CliError(
      EXIT.no,
      `${segment.path}: the line at byte ${line.start} is not a journal record`,
      'stop the gateway, keep a copy of the folder, and run `clawgress doctor`',
    );
  }
  return { record: record.value, segment: segment.name, line: line.bytes };
}

/** Records as they become durable, from now on, until the signal fires. */
export async function* follow(journalDir: string, signal: AbortSignal): AsyncGenerator<Placed> {
  const offsets = new Map<string, number>();
  for (const segment of listSegments(journalDir)) offsets.set(segment.name, completeEnd(segment));
  // A sealed segment does not grow any more, and its packed form has another size.
  const finished = new Set<string>();
  while (!signal.aborted) {
    const segments = listSegments(journalDir);
    for (const [i, segment] of segments.entries()) {
      const from = offsets.get(segment.name) ?? 0;
      if (finished.has(segment.name)) continue;
      if (i < segments.length - 1) finished.add(segment.name);
      if (sizeOf(segment) <= from) continue;
      for (const line of linesOf(segment, from)) {
        if (!line.complete) break;
        offsets.set(segment.name, line.end);
        yield placed(segment, line);
      }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function completeEnd(segment: SegmentFile): number {
  let end = 0;
  for (const line of linesOf(segment)) if (line.complete) end = line.end;
  return end;
}

function sizeOf(segment: SegmentFile): number {
  try {
    return plainSize(segment.path);
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

/** A decision with what became of it, so far. */
export interface Receipt {
  readonly decision: Placed<DecisionRecord>;
  readonly outcome?: OutcomeRecord;
  /** The newest `INSPECTIONS_TOLD_MAX`, oldest first; absent without any. */
  readonly inspections?: readonly InspectionRecord[];
}

/** An answer may have had a mark every second; the newest tell all, because they count from its beginning. */
export const INSPECTIONS_TOLD_MAX = 32;

/** Decisions that `wanted` accepts, newest first, each with what became of it. */
export function* receipts(
  journalDir: string,
  wanted: (decision: DecisionRecord) => boolean,
): Generator<Receipt> {
  // What became of a decision is always newer, so it has been seen by the time the decision comes.
  const outcomes = new Map<string, OutcomeRecord>();
  const inspections = new Map<string, InspectionRecord[]>();
  for (const { record, segment, line } of newestFirst(journalDir)) {
    if (record.type === 'outcome') outcomes.set(record.decision_ref, record);
    if (record.type === 'inspection') keepNewest(inspections, record);
    if (record.type !== 'decision') continue;
    const outcome = outcomes.get(record.receipt_id);
    const found = inspections.get(record.receipt_id)?.reverse();
    outcomes.delete(record.receipt_id);
    inspections.delete(record.receipt_id);
    if (!wanted(record)) continue;
    yield {
      decision: { record, segment, line },
      ...(outcome === undefined ? {} : { outcome }),
      ...(found === undefined ? {} : { inspections: found }),
    };
  }
}

function keepNewest(inspections: Map<string, InspectionRecord[]>, record: InspectionRecord): void {
  const kept = inspections.get(record.decision_ref) ?? [];
  inspections.set(record.decision_ref, kept);
  if (kept.length < INSPECTIONS_TOLD_MAX) kept.push(record);
}
