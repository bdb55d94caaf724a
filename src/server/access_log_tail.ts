import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cursorOf, type EpochState, freshState, readUpTo } from './access_log_epoch.ts';
import { type LogEpoch, type LogFile, logFiles, openEpochs, openLog, SWEPT } from './access_log_files.ts';
import { type HoldMs, LineReader } from './access_log_lines.ts';
import type { AccessLogOptions } from './access_log_sink.ts';
import { WorkUnderWay } from './access_log_work.ts';
import { writeMark } from './gap_counter.ts';
import { LOG_CHUNK_BYTES } from './log_cursor.ts';

/**
 * Envoy writes both lines of a tunnel within one turn of its loop. A relay reports first and then closes both its
 * streams, one of them maybe slower: what was let through has seconds to leave.
 */
const HOLD: HoldMs = { tunnel: 1_000, relayed: 10_000 };
const NO_HOLD: HoldMs = { tunnel: 0, relayed: 0 };
/** At the end of reading: how long outcomes on their way are waited for. */
const MARKING_MS = 2_000;

/** The logs of all runs of Envoy that are not settled; one call at a time. */
export class Tail {
  readonly #options: AccessLogOptions;
  readonly #epochs = new Map<string, EpochState>();
  readonly #work: WorkUnderWay;
  readonly #lines: LineReader;
  #marking: Promise<void> = Promise.resolve();
  readonly #sweeps = new Set<Promise<void>>();

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#work = new WorkUnderWay((error) => options.onError(asError(error)));
    this.#lines = new LineReader(options.sink, this.#work);
  }

  async pass(): Promise<void> {
    for (const epoch of await openEpochs(this.#options.envoyDir)) {
      const state = await this.#stateOf(epoch);
      if (state.sweeping) continue;
      await this.#follow(epoch, state);
      await this.#lines.releaseJoined(state, HOLD);
    }
    this.#lines.caughtUp();
  }

  /** Counts what was read at least `holdMs` ago; younger lines may still see their decision recorded. */
  async report(holdMs: number): Promise<void> {
    for (const [id, state] of this.#epochs) {
      if (state.sweeping) continue;
      if (holdMs === 0) await this.#lines.releaseJoined(state, NO_HOLD);
      const reports = await this.#lines.reportGaps(state, holdMs);
      for (const report of reports) this.#work.watch(report);
      this.#settle(join(this.#options.envoyDir, id), state);
    }
  }

  /** Resolves when all marks are written, or after a while: what it waits for may have nobody to do it. */
  marked(): Promise<void> {
    return aWhile(this.#marking);
  }

  /** Resolves when ended epochs are swept, or after a while: the recorder takes nothing more once it is stopped. */
  async swept(): Promise<void> {
    await aWhile(Promise.allSettled(this.#sweeps));
  }

  async #stateOf(epoch: LogEpoch): Promise<EpochState> {
    const known = this.#epochs.get(epoch.id);
    if (known !== undefined) return known;
    const fresh = await freshState(epoch);
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
    const { sink, chunkBytes = LOG_CHUNK_BYTES } = this.#options;
    try {
      const cursor = await cursorOf(state, file, sink, chunkBytes);
      const { log } = cursor;
      const damaged = () => this.#lines.damaged(state, cursor, log.position);
      for (;;) {
        const { lines, oversized, rest, more } = await log.read(handle);
        for (const line of lines) await this.#lines.take(state, cursor, line);
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

  /** A rotated file whose outcomes and gaps are durable is emptied, not removed: its name keeps the count. */
  #release(state: EpochState, file: LogFile): void {
    const isJoining = state.tunnels.hasPending(file) || state.relayed.hasPending(file);
    const isPending = state.gaps.hasPending(file) || isJoining;
    if (state.released.has(file.id) || isPending) return;
    state.released.add(file.id);
    const empty = async (): Promise<void> => {
      if (await this.#work.isDurable()) await truncate(file.path);
    };
    this.#work.watch(empty());
  }

  #sweep(epoch: LogEpoch, state: EpochState): void {
    state.sweeping = true;
    const swept = async (): Promise<void> => {
      await this.#lines.releaseJoined(state, NO_HOLD);
      await Promise.all(await this.#lines.reportGaps(state, 0));
      await this.#options.sink.sweep(epoch.id);
      await writeFile(join(epoch.dir, SWEPT), '', { mode: 0o600 });
      this.#epochs.delete(epoch.id);
    };
    const sweep = swept();
    this.#sweeps.add(sweep);
    const done = () => void this.#sweeps.delete(sweep);
    sweep.then(done, done);
    this.#work.watch(sweep);
  }

  /** Marks how far the log needs no reading again: what was read by now, once all of it is durable. */
  #settle(dir: string, state: EpochState): void {
    const mark = readUpTo(state);
    if (mark === undefined) return;
    const settled = async (): Promise<void> => {
      if (await this.#work.isDurable()) await writeMark(dir, mark);
    };
    // One after another: they are written by way of the same file.
    this.#marking = this.#marking
      .then(settled)
      .catch((error: unknown) => this.#options.onError(asError(error)));
  }
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

async function aWhile(work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(MARKING_MS, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  ended.abort();
}
