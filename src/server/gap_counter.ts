import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StreamEnd } from '../core/receipt/outcome_state.ts';
import type { LogFile } from './access_log_files.ts';
import type { GapCause } from './codec/gap_cause.ts';

/** Requests of one log file that never got a decision; the content of a `gap` record. Times in milliseconds. */
export interface GapReport {
  readonly log_file_id: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly counts: readonly { readonly cause: GapCause; readonly count: number }[];
  /** Behind the last line counted: in the journal, and therefore never counted again. */
  readonly offset: number;
}

/** A line that tells of no decision. */
export interface Suspect {
  /** Behind the line. */
  readonly offset: number;
  readonly cause: GapCause;
  /** When the request began, or the line was read when it does not say. */
  readonly at_ms: number;
  /** Present when a decision may still come: asked once more before it counts. */
  readonly request_id?: string;
  /** What a denial can be made of when none comes. */
  readonly pending?: string;
  /** The gateway that held it may still be at it. */
  readonly isFresh?: boolean;
  /** How the stream ended, for the outcome of a decision that turns up late. */
  readonly end?: StreamEnd;
}

/** Suspects of one file that wait for their count; beyond, the oldest are counted at once. */
const SUSPECTS_MAX = 65_536;

/** Longer than a gateway looks at a body that nobody waits for any more, and records what it found. */
const HELD_MS = 30_000;

interface Waiting {
  readonly suspect: Suspect;
  /** Monotonic, milliseconds. */
  readonly seen_ms: number;
}

interface OfFile {
  readonly file: LogFile;
  waiting: Waiting[];
}

/** The suspects of one run of Envoy, file by file and in the order of their lines, until they are counted. */
export class GapCounter {
  readonly #files = new Map<string, OfFile>();

  add(file: LogFile, suspect: Suspect): void {
    const of = this.#files.get(file.id) ?? { file, waiting: [] };
    of.waiting.push({ suspect, seen_ms: performance.now() });
    this.#files.set(file.id, of);
  }

  hasPending(file: LogFile): boolean {
    return this.#files.has(file.id);
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** Takes what was seen at least `holdMs` ago: files by index, lines in order, never one before an older one. */
  take(holdMs: number): { readonly file: LogFile; readonly suspects: readonly Suspect[] }[] {
    const now = performance.now();
    const taken: { file: LogFile; suspects: Suspect[] }[] = [];
    for (const of of [...this.#files.values()].sort((a, b) => a.file.index - b.file.index)) {
      const isYoung = ({ seen_ms, suspect }: Waiting): boolean =>
        seen_ms > now - (holdMs > 0 && suspect.isFresh === true ? Math.max(holdMs, HELD_MS) : holdMs);
      const young = of.waiting.findIndex(isYoung);
      const due = Math.max(young === -1 ? of.waiting.length : young, of.waiting.length - SUSPECTS_MAX);
      if (due === 0) continue;
      taken.push({ file: of.file, suspects: of.waiting.slice(0, due).map(({ suspect }) => suspect) });
      of.waiting = of.waiting.slice(due);
      if (of.waiting.length === 0) this.#files.delete(of.file.id);
    }
    return taken;
  }
}

/** Undefined when nothing counts. `suspects` are all that were taken, `counted` those that no decision turned up for. */
export function gapReport(
  file: LogFile,
  suspects: readonly Suspect[],
  counted: readonly Suspect[],
): GapReport | undefined {
  const last = suspects.at(-1);
  if (counted.length === 0 || last === undefined) return undefined;
  const counts = new Map<GapCause, number>();
  for (const { cause } of counted) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  return {
    log_file_id: file.id,
    from_ms: counted.reduce((least, { at_ms }) => Math.min(least, at_ms), Number.MAX_SAFE_INTEGER),
    to_ms: counted.reduce((most, { at_ms }) => Math.max(most, at_ms), 0),
    counts: [...counts]
      .map(([cause, count]) => ({ cause, count }))
      .sort((a, b) => (a.cause < b.cause ? -1 : 1)),
    offset: last.offset,
  };
}

/**
 * Up to where a run's log needs no reading again, beside the log. Only spares work: what is counted or closed twice is
 * ruled out by the journal, which knows the offsets of both.
 */
export interface Mark {
  readonly index: number;
  readonly offset: number;
}

const MARK_FILE = 'gaps.json';

export async function readMark(dir: string): Promise<Mark> {
  return parseMark(await readFile(join(dir, MARK_FILE), 'utf8').catch(() => ''));
}

export async function writeMark(dir: string, { index, offset }: Mark): Promise<void> {
  const fresh = join(dir, `${MARK_FILE}.new`);
  await writeFile(fresh, JSON.stringify({ index, offset }), { mode: 0o600 });
  await rename(fresh, join(dir, MARK_FILE));
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
