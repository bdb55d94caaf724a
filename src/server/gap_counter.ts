import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFile } from './access_log_files.ts';
import type { GapCause } from './codec/gap_cause.ts';

/** Requests of one log file that never got a decision; the content of a `gap` record. Times in milliseconds. */
export interface GapReport {
  readonly log_file_id: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly counts: readonly { readonly cause: GapCause; readonly count: number }[];
}

/** Up to where gaps are recorded. Beside the log, because the journal only knows the offsets of outcomes. */
interface Mark {
  readonly index: number;
  readonly offset: number;
}

const MARK_FILE = 'gaps.json';

/** Counts the gaps of one epoch between two reports. At least once: a crash between record and mark counts again. */
export class GapCounter {
  readonly #dir: string;
  readonly #done: Mark;
  #counts = new Map<GapCause, number>();
  #file: LogFile | undefined;
  #span = { from_ms: 0, to_ms: 0, offset: 0 };

  private constructor(dir: string, done: Mark) {
    this.#dir = dir;
    this.#done = done;
  }

  static async open(dir: string): Promise<GapCounter> {
    const text = await readFile(join(dir, MARK_FILE), 'utf8').catch(() => '');
    return new GapCounter(dir, parseMark(text));
  }

  add(file: LogFile, offset: number, at_ms: number, cause: GapCause): void {
    const { index } = this.#done;
    if (file.index < index || (file.index === index && offset <= this.#done.offset)) return;
    const { from_ms, to_ms } = this.#counts.size === 0 ? { from_ms: at_ms, to_ms: at_ms } : this.#span;
    this.#file = file;
    this.#span = { from_ms: Math.min(from_ms, at_ms), to_ms: Math.max(to_ms, at_ms), offset };
    this.#counts.set(cause, (this.#counts.get(cause) ?? 0) + 1);
  }

  /** Takes what was counted. `settle` is called once the report is durable. */
  take(): { report: GapReport; settle(): Promise<void> } | undefined {
    if (this.#file === undefined || this.#counts.size === 0) return undefined;
    const [file, { from_ms, to_ms, offset }] = [this.#file, this.#span];
    const counts = [...this.#counts].map(([cause, count]) => ({ cause, count }));
    this.#counts = new Map();
    return {
      report: {
        log_file_id: file.id,
        from_ms,
        to_ms,
        counts: counts.sort((a, b) => (a.cause < b.cause ? -1 : 1)),
      },
      settle: () => this.#write({ index: file.index, offset }),
    };
  }

  async #write(mark: Mark): Promise<void> {
    const fresh = join(this.#dir, `${MARK_FILE}.new`);
    await writeFile(fresh, JSON.stringify(mark), { mode: 0o600 });
    await rename(fresh, join(this.#dir, MARK_FILE));
  }
}

function parseMark(text: string): Mark {
  try {
    const { index, offset } = JSON.parse(text) as Record<string, unknown>;
    if (Number.isSafeInteger(index) && Number.isSafeInteger(offset)) return { index, offset } as Mark;
  } catch {
    // None yet.
  }
  return { index: 0, offset: 0 };
}
