import { type LogFile, logFiles, openEpochs, openLog } from './access_log_files.ts';
import { parseAccessLogLine } from './codec/access_log_entry.ts';
import { LOG_CHUNK_BYTES, LogCursor } from './log_cursor.ts';

/** A request that Envoy sent on with the stamp of this receipt. */
export interface SentReceipt {
  readonly receipt_id: string;
  readonly log_file_id: string;
}

/**
 * Receipts of requests that reached an upstream, from the logs of every run of Envoy that is not settled yet. `from`
 * says up to where a log file has led to outcomes already. Only the gateway writes receipt ids into the log, and only
 * after the recorder has answered.
 */
export async function* sentReceipts(
  envoyDir: string,
  from: (logFileId: string) => number,
): AsyncGenerator<SentReceipt> {
  for (const epoch of await openEpochs(envoyDir)) {
    for (const file of await logFiles(epoch)) {
      const handle = await openLog(epoch, file);
      if (handle === undefined) continue;
      try {
        yield* receiptsIn(handle, file, from(file.id));
      } finally {
        await handle.close();
      }
    }
  }
}

async function* receiptsIn(
  handle: Parameters<LogCursor['read']>[0],
  file: LogFile,
  from: number,
): AsyncGenerator<SentReceipt> {
  const cursor = new LogCursor(from, LOG_CHUNK_BYTES);
  for (;;) {
    const { lines, more } = await cursor.read(handle);
    for (const line of lines) {
      const entry = parseAccessLogLine(line.bytes);
      if (!entry.ok || entry.value.receipt_id === undefined) continue;
      const { attempts, upstream } = entry.value.end;
      if (attempts > 0 || upstream !== undefined)
        yield { receipt_id: entry.value.receipt_id, log_file_id: file.id };
    }
    if (!more) return;
  }
}
