import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { NaiveRecord } from './naive_journal.ts';

/** A record and where its line ends in its segment. */
export interface Placed {
  readonly record: NaiveRecord;
  readonly segment: string;
  readonly end: number;
  /** The signed body as it stands in the line. */
  readonly body: Uint8Array;
}

/** Every complete line, in order; base64 and JSON, nothing of the product's code. Signatures are `readJournal`'s matter. */
export function placedRecords(journalDir: string): Placed[] {
  return readdirSync(journalDir)
    .filter((name) => /^\d{12}-.*\.jsonl(\.gz)?$/.test(name))
    .sort()
    .flatMap((name) => segmentRecords(journalDir, name));
}

function segmentRecords(journalDir: string, name: string): Placed[] {
  const raw = readFileSync(join(journalDir, name));
  const bytes = name.endsWith('.gz') ? gunzipSync(raw) : raw;
  const placed: Placed[] = [];
  for (let start = 0; ; ) {
    const newline = bytes.indexOf(0x0a, start);
    if (newline === -1) return placed;
    const { payload } = JSON.parse(bytes.toString('utf8', start, newline));
    const body = Buffer.from(payload, 'base64');
    const record = JSON.parse(body.toString('utf8'));
    placed.push({ record, segment: name.replace(/\.gz$/, ''), end: newline + 1, body });
    start = newline + 1;
  }
}

export interface EnvoyLine {
  readonly epoch: string;
  readonly request_id: string | undefined;
  readonly receipt_id: string | undefined;
  readonly code: number;
}

/** What the Envoys logged, and which of them were killed: such a one may have lost its last lines. */
export interface EnvoyLogs {
  readonly lines: readonly EnvoyLine[];
  /** Receipts of the lines beside: what they tell may close a decision whose own line is lost. */
  readonly beside: ReadonlySet<string>;
  /** Lines that were cut by a kill. */
  readonly damaged: number;
}

export function envoyLogs(stateDir: string): EnvoyLogs {
  const folder = join(stateDir, 'envoy');
  const lines: EnvoyLine[] = [];
  const beside = new Set<string>();
  let damaged = 0;
  for (const epoch of existsSync(folder) ? readdirSync(folder) : []) {
    for (const name of readdirSync(join(folder, epoch)).filter((one) => /^access.*log/.test(one))) {
      const all = readFileSync(join(folder, epoch, name), 'utf8').split('\n');
      // Without its newline a line is cut, wherever that was.
      if (all.pop() !== '') damaged++;
      for (const text of all) {
        if (text === '') continue;
        try {
          const { request_id, receipt_id, code, listener } = JSON.parse(text);
          // Beside the line of the stream or CONNECT that they belong to.
          if (listener === 'relay_out' || listener === 'handshake') {
            beside.add(receipt_id);
            continue;
          }
          lines.push({
            epoch,
            request_id: request_id ?? undefined,
            receipt_id: receipt_id ?? undefined,
            code,
          });
        } catch {
          damaged++;
        }
      }
    }
  }
  return { lines, beside, damaged };
}
