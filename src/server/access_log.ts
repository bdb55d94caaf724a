import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outcomeFacts } from '../core/receipt/outcome_state.ts';
import { type LogEpoch, type LogFile, logFiles, openEpochs, openLog, SWEPT } from './access_log_files.ts';
import { type AccessLogEntry, parseAccessLogLine } from './codec/access_log_entry.ts';
import { type GapCause, gapCause } from './codec/gap_cause.ts';
import { GapCounter, type GapReport } from './gap_counter.ts';
import { LOG_CHUNK_BYTES, LogCursor, type LogLine } from './log_cursor.ts';
import type { Closure } from './ports.ts';

/** What the tail asks of the recorder. */
export interface OutcomeSink {
  close(closure: Closure): Promise<void>;
  /** End of the last log line of that file that led to an outcome record. */
  logPosition(fileId: string): number | undefined | Promise<number>;
  /** Closes what is still open of that epoch as `unknown`; resolves when durable. */
  sweep(epoch: string): Promise<void>;
  /** A `gap` record; resolves when durable. */
  gap(report: GapReport): Promise<void>;
  /** Whether a decision stands behind a request whose Check gave no answer to Envoy. Absent: only timed-out ones are gaps. */
  decided?(requestId: string): boolean;
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

/** Follows the logs of every run of Envoy and closes receipts from them. */
export function tailAccessLogs(options: AccessLogOptions): AccessLogTail {
  const tail = new Tail(options);
  const ended = new AbortController();
  let turn = Promise.resolve();
  const pass = (): Promise<void> => {
    turn = turn.then(() => tail.pass()).catch((error: unknown) => options.onError(asError(error)));
    return turn;
  };
  const loop = async (): Promise<void> => {
    let reported = performance.now();
    while (!ended.signal.aborted) {
      await pass();
      if (performance.now() - reported >= (options.gapMs ?? GAP_MS)) {
        tail.reportGaps();
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
      tail.reportGaps();
    },
  };
}

interface EpochState {
  readonly gaps: GapCounter;
  readonly cursors: Map<string, LogCursor>;
  /** Rotated files that are on their way to be emptied. */
  readonly released: Set<string>;
  /** The recorder is closing what is left. */
  sweeping: boolean;
}

class Tail {
  readonly #options: AccessLogOptions;
  readonly #epochs = new Map<string, EpochState>();
  readonly #open = new Set<Promise<void>>();
  /** What is on disk when the tail starts was written while nobody read. */
  #kind: 'live' | 'reconciled' = 'reconciled';
  /** An outcome was not written: the log is its only home until a restart reads it again. */
  #failed = false;

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

  reportGaps(): void {
    for (const state of this.#epochs.values()) this.#reportGaps(state);
  }

  async #stateOf(epoch: LogEpoch): Promise<EpochState> {
    const known = this.#epochs.get(epoch.id);
    if (known !== undefined) return known;
    const fresh = {
      gaps: await GapCounter.open(epoch.dir),
      cursors: new Map(),
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
      for (;;) {
        const { lines, oversized, rest, more } = await cursor.read(handle);
        for (const line of lines) await this.#take(state, file, line);
        if (oversized > 0) state.gaps.add(file, cursor.position, Date.now(), 'log_damaged');
        if (more) continue;
        if (final && rest > 0) {
          cursor.position += rest;
          state.gaps.add(file, cursor.position, Date.now(), 'log_damaged');
        }
        return true;
      }
    } finally {
      await handle.close();
    }
  }

  async #cursorOf(state: EpochState, file: LogFile): Promise<LogCursor> {
    const known = state.cursors.get(file.id);
    if (known !== undefined) return known;
    const position = (await this.#options.sink.logPosition(file.id)) ?? 0;
    const fresh = new LogCursor(position, this.#options.chunkBytes ?? LOG_CHUNK_BYTES);
    state.cursors.set(file.id, fresh);
    return fresh;
  }

  async #take(state: EpochState, file: LogFile, line: LogLine): Promise<void> {
    const parsed = parseAccessLogLine(line.bytes);
    if (!parsed.ok) return state.gaps.add(file, line.offset, Date.now(), 'log_damaged');
    const entry = parsed.value;
    const gap = this.#gapOf(entry);
    if (gap !== undefined) state.gaps.add(file, line.offset, entry.start_ms, gap);
    if (entry.request_id !== undefined) await this.#close(entry, entry.request_id, file, line.offset);
  }

  /** An aborted Check is still recorded; an unanswered one may or may not be, and only the recorder can tell. */
  #gapOf(entry: AccessLogEntry): GapCause | undefined {
    if (entry.receipt_id !== undefined) return undefined;
    const cause = gapCause(entry);
    if (entry.request_id === undefined) return cause;
    const decided = this.#options.sink.decided?.(entry.request_id) ?? cause === 'client_left';
    return decided ? undefined : cause;
  }

  async #close(entry: AccessLogEntry, request_id: string, file: LogFile, offset: number): Promise<void> {
    const { receipt_id } = entry;
    const closing = this.#options.sink.close({
      ...(receipt_id === undefined ? {} : { receipt_id }),
      request_id,
      facts: outcomeFacts(entry.end),
      source: { kind: this.#kind, log_file_id: file.id, offset },
    });
    this.#watch(closing);
    while (this.#open.size >= CLOSURES_MAX) await Promise.race(this.#open);
  }

  /** A rotated file whose outcomes are durable is emptied, not removed: its name keeps the count. */
  #release(state: EpochState, file: LogFile): void {
    if (state.released.has(file.id)) return;
    state.released.add(file.id);
    const empty = async (): Promise<void> => {
      await Promise.all(this.#open);
      if (!this.#failed) await truncate(file.path);
    };
    this.#watch(empty());
  }

  #sweep(epoch: LogEpoch, state: EpochState): void {
    state.sweeping = true;
    this.#reportGaps(state);
    const swept = async (): Promise<void> => {
      await this.#options.sink.sweep(epoch.id);
      await writeFile(join(epoch.dir, SWEPT), '', { mode: 0o600 });
      this.#epochs.delete(epoch.id);
    };
    this.#watch(swept());
  }

  #reportGaps(state: EpochState): void {
    const taken = state.gaps.take();
    if (taken !== undefined) this.#watch(this.#options.sink.gap(taken.report).then(() => taken.settle()));
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
