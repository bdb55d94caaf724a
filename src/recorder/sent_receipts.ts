import { parseLine } from '../core/canonical/dsse.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import type { RecorderOptions } from './options.ts';
import { listSegments, readLines } from './segments.ts';
import type { JournalState } from './state.ts';

interface SentReceipt {
  readonly receipt_id: string;
  readonly log_file_id: string;
}

/** Receipts looked for in one pass over the journal. */
const PASS_MAX = 50_000;
const UUID_TIME = /^([0-9a-f]{8})-([0-9a-f]{4})-7/;

/**
 * Receipts of requests that went out and that the journal does not hold: the journal is older than the log. Most are
 * still open in the ledger; only the others are looked for in the files, newest first.
 */
export async function* unknownReceipts(
  { sentReceipts, layout }: RecorderOptions,
  state: JournalState,
): AsyncGenerator<SentReceipt> {
  if (sentReceipts === undefined) return;
  let pass = new Map<string, SentReceipt>();
  for await (const sent of sentReceipts((id) => state.logPosition(id) ?? 0)) {
    if (state.ledger.findOpen(sent.receipt_id, '') !== undefined) continue;
    pass.set(sent.receipt_id, sent);
    if (pass.size < PASS_MAX) continue;
    yield* missing(layout.journal_dir, pass);
    pass = new Map();
  }
  yield* missing(layout.journal_dir, pass);
}

function* missing(journalDir: string, pass: Map<string, SentReceipt>): Generator<SentReceipt> {
  const segments = listSegments(journalDir).reverse();
  for (const segment of segments) {
    if (pass.size === 0) return;
    for (const line of readLines(segment.path)) {
      const record = recordOf(line.bytes);
      if (record?.type === 'decision') pass.delete(record.receipt_id);
    }
  }
  const oldest = segments.at(-1);
  // Receipts from before the first line that is still held prove nothing.
  const since_ms = oldest === undefined || oldest.first_seq === 0 ? 0 : firstTime(oldest.path);
  for (const sent of pass.values()) if (mintedMs(sent.receipt_id) >= since_ms) yield sent;
}

function firstTime(path: string): number {
  for (const line of readLines(path)) {
    const record = recordOf(line.bytes);
    return record === undefined ? 0 : Date.parse(record.ts);
  }
  return 0;
}

/** The time in a UUIDv7; the end of time for what is none, so that it is looked at. */
function mintedMs(receipt_id: string): number {
  const [, high = '', low = ''] = UUID_TIME.exec(receipt_id) ?? [];
  return high === '' ? Number.POSITIVE_INFINITY : Number.parseInt(high + low, 16);
}

function recordOf(bytes: Uint8Array): JournalRecord | undefined {
  const parsed = parseLine(bytes);
  const record = parsed.ok ? parseRecord(parsed.value.body) : undefined;
  return record?.ok === true ? record.value : undefined;
}
