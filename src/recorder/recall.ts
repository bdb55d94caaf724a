import { statSync } from 'node:fs';
import { parseLine } from '../core/canonical/dsse.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import { RecentReceipts } from '../core/receipt/recent_receipts.ts';
import { isGone, listSegments, readLines } from './segments.ts';
import type { JournalState } from './state.ts';

/** The end of the journal that is read for it, from the last segments that are not packed: a tenth of a second's work. */
const TAIL_BYTES = 2 * 1_048_576;
const SEGMENTS = 2;

/**
 * Has the newest receipts at hand again after a start from a snapshot, which holds none of them. What is read was
 * verified by whoever wrote the snapshot, and nothing is decided by it.
 */
export function recallReceipts(journalDir: string, state: JournalState): void {
  const recent = new RecentReceipts();
  const segments = listSegments(journalDir).slice(-SEGMENTS);
  for (const { path, packed } of segments) if (!packed) foldTail(path, recent);
  if (recent.size > state.recent.size) state.recent = recent;
}

function foldTail(path: string, recent: RecentReceipts): void {
  try {
    const from = Math.max(0, statSync(path).size - TAIL_BYTES);
    for (const line of readLines(path, from)) {
      const parsed = line.complete ? parseLine(line.bytes) : undefined;
      // The first piece is the rest of a line, unless the file is read from its beginning.
      const record = parsed?.ok === true ? parseRecord(parsed.value.body) : undefined;
      if (record?.ok === true) recent.fold(record.value);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
