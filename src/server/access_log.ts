import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { outcomeFacts } from '../core/receipt/outcome_state.ts';
import { type LogEpoch, type LogFile, logFiles, openEpochs, openLog, SWEPT } from './access_log_files.ts';
import { type AccessLogEntry, parseAccessLogLine } from './codec/access_log_entry.ts';
import { FOLDED_RECEIPT } from './codec/folded_receipt.ts';
import { type GapCause, gapCause } from './codec/gap_cause.ts';
import {
  GapCounter,
  type GapReport,
  gapReport,
  type Mark,
  readMark,
  type Suspect,
  writeMark,
} from './gap_counter.ts';
import { LOG_CHUNK_BYTES, LogCursor, type LogLine } from './log_cursor.ts';
import type { Closure } from './ports.ts';

/** What the tail asks of the recorder. */
export interface OutcomeSink {
  close(closure: Closure): Promise<void>;
  /** End of the last log line of that file that led to an outcome record. */
  logPosition(fileId: string): number | undefined | Promise<number>;
  /** End of the last log line of that file whose gaps are recorded. */
  gapPosition?(fileId: string): number | undefined | Promise<number>;
  /** Closes what is still open of that epoch as `unknown`; resolves when durable. */
  sweep(epoch: string): Promise<void>;
  /** A `gap` record; resolves when durable. */
  gap(report: GapReport): Promise<void>;
  /** Whether a decision stands behind a request whose Check gave no answer to Envoy. Absent: only timed-out ones are gaps. */
  decided?(requestId: string): boolean | Promise<boolean>;
}

export interface AccessLogOptions {
  /** Holds one folder per run of Envoy. */
  readonly envoyDir: string;
  readonly sink: OutcomeSink;
  /** The log could not be read or an outcome not be written; reading goes on with the next poll. */
  readonly onError: (error: Error) => void;
  readonly pollMs?: number;
  readonly gapMs?: number;
  readonly chunkBytes?: number;
}

export interface AccessLogTail {
  /** Reads until nothing is new, as if a poll came now. */
  drain(): Promise<void>;
  /** Last read, last gap report, then no more. */
  stop(): Promise<void>;
}

const POLL_MS = 400;
const GAP_MS = 5_000;
/** Closures handed over and not durable yet; beyond, reading waits. */
export const CLOSURES_MAX = 4_096;
/** At the end of reading: how long outcomes on their way are waited for. */
const MARKING_MS = 2_000;
/** Lines handled before Checks get their turn: they share the thread. */
const LINES_PER_TURN = 8;

/** Follows the logs of every run of Envoy and closes receipts from them. */
export function tailAccessLogs(options: AccessLogOptions): AccessLogTail {
  const tail = new Tail(options);
  const ended = new AbortController();
  let turn = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work).catch((error: unknown) => options.onError(asError(error)));
    return turn;
  };
  const pass = (): Promise<void> => inTurn(() => tail.pass());
  const gapMs = options.gapMs ?? GAP_MS;
  const loop = async (): Promise<void> => {
    let reported = performance.now();
    while (!ended.signal.aborted) {
      await pass();
      if (performance.now() - reported >= gapMs) {
        await inTurn(() => tail.report(gapMs));
        reported = performance.now();
      }
      await sleep(options.pollMs ?? POLL_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    drain: pass,
    async stop() {
      ended.abort();
      await running;
      await pass();
      await inTurn(() => tail.report(0));
      await tail.swept();
      await tail.marked();
    },
  };
}

interface EpochState {
  readonly gaps: GapCounter;
  readonly cursors: Map<string, Cursor>;
  /** Where reading began: nothing before it is unsettled. */
  readonly mark: Mark;
  /** Rotated files that are on their way to be emptied. */
  readonly released: Set<string>;
  /** The recorder is closing what is left. */
  sweeping: boolean;
}

interface Cursor {
  readonly log: LogCursor;
  /** Lines up to there have durable outcomes. */
  readonly closedUpTo: number;
  /** Lines up to there have their gaps recorded. */
  readonly countedUpTo: number;
  readonly file: LogFile;
}

class Tail {
  readonly #options: AccessLogOptions;
  readonly #epochs = new Map<string, EpochState>();
  readonly #open = new Set<Promise<void>>();
  /** What is on disk when the tail starts was written while nobody read. */
  #kind: 'live' | 'reconciled' = 'reconciled';
  /** Something was not written: the log is its only home until a restart reads it again. */
  #failed = false;
  #handled = 0;
  #marking: Promise<void> = Promise.resolve();
  readonly #sweeps = new Set<Promise<void>>();

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  async pass(): Promise<void> {
    for (const epoch of await openEpochs(this.#options.envoyDir)) {
      const state = await this.#stateOf(epoch);
      if (!state.sweeping) await this.#follow(epoch, state);
    }
    this.#kind = 'live';
  }

  /** Counts what was read at least `holdMs` ago; younger lines may still see their decision recorded. */
  async report(holdMs: number): Promise<void> {
    for (const [id, state] of this.#epochs) {
      if (state.sweeping) continue;
      const reports = await this.#reportGaps(state, holdMs);
      for (const report of reports) this.#watch(report);
      this.#settle(join(this.#options.envoyDir, id), state);
    }
  }

  async #stateOf(epoch: LogEpoch): Promise<EpochState> {
    const known = this.#epochs.get(epoch.id);
    if (known !== undefined) return known;
    const fresh = {
      gaps: new GapCounter(),
      cursors: new Map<string, Cursor>(),
      mark: await readMark(epoch.dir),
      released: new Set<string>(),
      sweeping: false,
    };
    this.#epochs.set(epoch.id, fresh);
    return fresh;
  }

  async #follow(epoch: LogEpoch, state: EpochState): Promise<void> {
    const files = await logFiles(epoch);
    for (const [i, file] of files.entries()) {
      // A file is final when Envoy has exited, or has opened the next one.
      const final = epoch.ended || i < files.length - 1;
      const drained = await this.#readFile(epoch, state, file, final);
      if (!drained) return;
      if (i < files.length - 1) this.#release(state, file);
    }
    if (epoch.ended) this.#sweep(epoch, state);
  }

  /** True when everything in the file up to now is handed over. */
  async #readFile(epoch: LogEpoch, state: EpochState, file: LogFile, final: boolean): Promise<boolean> {
    const handle = await openLog(epoch, file);
    if (handle === undefined) return false;
    try {
      const cursor = await this.#cursorOf(state, file);
      const { log } = cursor;
      const damaged = () => this.#suspect(state, cursor, damage(log.position));
      for (;;) {
        const { lines, oversized, rest, more } = await log.read(handle);
        for (const line of lines) await this.#take(state, cursor, line);
        if (oversized > 0) damaged();
        if (more) continue;
        if (final && rest > 0) {
          log.position += rest;
          damaged();
        }
        return true;
      }
    } finally {
      await handle.close();
    }
  }

  async #cursorOf(state: EpochState, file: LogFile): Promise<Cursor> {
    const known = state.cursors.get(file.id);
    if (known !== undefined) return known;
    const { sink, chunkBytes = LOG_CHUNK_BYTES } = this.#options;
    const closedUpTo = (await sink.logPosition(file.id)) ?? 0;
    const countedUpTo = (await sink.gapPosition?.(file.id)) ?? 0;
    const marked = file.index === state.mark.index ? state.mark.offset : 0;
    const from = Math.max(marked, Math.min(closedUpTo, countedUpTo));
    const fresh = { file, closedUpTo, countedUpTo, log: new LogCursor(from, chunkBytes) };
    state.cursors.set(file.id, fresh);
    return fresh;
  }

  async #take(state: EpochState, cursor: Cursor, line: LogLine): Promise<void> {
    if (++this.#handled % LINES_PER_TURN === 0) await nextTurn();
    const parsed = parseAccessLogLine(line.bytes);
    if (!parsed.ok) return this.#suspect(state, cursor, damage(line.offset));
    const entry = parsed.value;
    // Counted in an aggregate record.
    if (entry.receipt_id === FOLDED_RECEIPT) return;
    if (entry.receipt_id === undefined) await this.#doubt(state, cursor, entry, line.offset);
    const isClosed = entry.receipt_id !== undefined && line.offset <= cursor.closedUpTo;
    if (entry.request_id === undefined || isClosed) return;
    await this.#close(entry, entry.request_id, cursor.file, line.offset);
  }

  /** An aborted Check is still recorded; an unanswered one may or may not be, and only the recorder can tell. */
  async #doubt(state: EpochState, cursor: Cursor, entry: AccessLogEntry, offset: number): Promise<void> {
    const { request_id, start_ms } = entry;
    const cause = gapCause(entry);
    if (request_id === undefined) return this.#suspect(state, cursor, { offset, cause, at_ms: start_ms });
    if (await this.#isDecided(request_id, cause)) return;
    this.#suspect(state, cursor, { offset, cause, at_ms: start_ms, request_id, end: entry.end });
  }

  async #isDecided(request_id: string, cause: GapCause): Promise<boolean> {
    const { sink } = this.#options;
    return (await sink.decided?.(request_id)) ?? cause === 'client_left';
  }

  #suspect(state: EpochState, cursor: Cursor, suspect: Suspect): void {
    if (suspect.offset > cursor.countedUpTo) state.gaps.add(cursor.file, suspect);
  }

  async #close(
    { receipt_id, end }: Pick<AccessLogEntry, 'receipt_id' | 'end'>,
    request_id: string,
    file: LogFile,
    offset: number,
  ): Promise<void> {
    const closing = this.#options.sink.close({
      ...(receipt_id === undefined ? {} : { receipt_id }),
      request_id,
      facts: outcomeFacts(end),
      source: { kind: this.#kind, log_file_id: file.id, offset },
    });
    this.#watch(closing);
    while (this.#open.size >= CLOSURES_MAX) await Promise.race(this.#open);
  }

  /** A rotated file whose outcomes and gaps are durable is emptied, not removed: its name keeps the count. */
  #release(state: EpochState, file: LogFile): void {
    if (state.released.has(file.id) || state.gaps.hasPending(file)) return;
    state.released.add(file.id);
    const empty = async (): Promise<void> => {
      await Promise.all(this.#open);
      if (!this.#failed) await truncate(file.path);
    };
    this.#watch(empty());
  }

  #sweep(epoch: LogEpoch, state: EpochState): void {
    state.sweeping = true;
    const swept = async (): Promise<void> => {
      await Promise.all(await this.#reportGaps(state, 0));
      await this.#options.sink.sweep(epoch.id);
      await writeFile(join(epoch.dir, SWEPT), '', { mode: 0o600 });
      this.#epochs.delete(epoch.id);
    };
    const sweep = swept();
    this.#sweeps.add(sweep);
    const done = () => void this.#sweeps.delete(sweep);
    sweep.then(done, done);
    this.#watch(sweep);
  }

  /** A decision that turned up late closes its line; the rest counts. Returns the records under way. */
  async #reportGaps(state: EpochState, holdMs: number): Promise<Promise<void>[]> {
    const reports: Promise<void>[] = [];
    for (const { file, suspects } of state.gaps.take(holdMs)) {
      const counted: Suspect[] = [];
      for (const suspect of suspects) {
        const { request_id, end, cause, offset } = suspect;
        const isLate = request_id !== undefined && (await this.#isDecided(request_id, cause));
        if (!isLate) counted.push(suspect);
        else if (end !== undefined) await this.#close({ end }, request_id, file, offset);
      }
      const report = gapReport(file, suspects, counted);
      if (report === undefined) continue;
      const recorded = this.#options.sink.gap(report);
      // Looked at by the caller, but maybe only after the next question to the recorder.
      recorded.catch(() => undefined);
      reports.push(recorded);
    }
    return reports;
  }

  /** Marks how far the log needs no reading again: what was read by now, once all of it is durable. */
  #settle(dir: string, state: EpochState): void {
    const last = [...state.cursors.values()].reduce<Cursor | undefined>(
      (newest, one) => (newest !== undefined && newest.file.index > one.file.index ? newest : one),
      undefined,
    );
    if (last === undefined || !state.gaps.isEmpty) return;
    const mark = { index: last.file.index, offset: last.log.position };
    const settled = async (): Promise<void> => {
      await Promise.all(this.#open);
      if (!this.#failed) await writeMark(dir, mark);
    };
    this.#marking = settled().catch((error: unknown) => this.#options.onError(asError(error)));
  }

  /** Resolves when the last mark is written, or after a while: what it waits for may have nobody to do it. */
  marked(): Promise<void> {
    return aWhile(this.#marking);
  }

  /** Resolves when ended epochs are swept, or after a while: the recorder takes nothing more once it is stopped. */
  async swept(): Promise<void> {
    await aWhile(Promise.allSettled(this.#sweeps));
  }

  #watch(work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) => {
        this.#failed = true;
        this.#options.onError(asError(error));
      })
      .finally(() => this.#open.delete(settled));
    this.#open.add(settled);
  }
}

function damage(offset: number): Suspect {
  return { offset, cause: 'log_damaged', at_ms: Date.now() };
}

async function aWhile(work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(MARKING_MS, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  ended.abort();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
