import { setImmediate as nextTurn } from 'node:timers/promises';
import { isRefusedHandshake } from '../core/receipt/handshake_end.ts';
import { outcomeFacts } from '../core/receipt/outcome_state.ts';
import type { Cursor, EpochState } from './access_log_epoch.ts';
import type { LogFile } from './access_log_files.ts';
import type { OutcomeSink } from './access_log_sink.ts';
import type { WorkUnderWay } from './access_log_work.ts';
import { type AccessLogEntry, parseAccessLogLine } from './codec/access_log_entry.ts';
import { FOLDED_RECEIPT } from './codec/folded_receipt.ts';
import { type GapCause, gapCause } from './codec/gap_cause.ts';
import { SELF_RECEIPT } from './codec/self_receipt.ts';
import { gapReport, type Suspect } from './gap_counter.ts';
import type { WholeTunnel } from './joined_tunnels.ts';
import type { LogLine } from './log_cursor.ts';
import type { Closure } from './ports.ts';

/** Lines handled before Checks get their turn: they share the thread. */
const LINES_PER_TURN = 8;

/** How long the first line of a tunnel, or of a relayed stream, waits for the others. */
export interface HoldMs {
  readonly tunnel: number;
  readonly relayed: number;
}

/** What a line means to the recorder: an outcome, nothing, or perhaps a request that nobody decided. */
export class LineReader {
  readonly #sink: OutcomeSink;
  readonly #work: WorkUnderWay;
  /** What is on disk when the tail starts was written while nobody read. */
  #kind: Closure['source']['kind'] = 'reconciled';
  #handled = 0;

  constructor(sink: OutcomeSink, work: WorkUnderWay) {
    this.#sink = sink;
    this.#work = work;
  }

  /** What was there at the start is read: the rest is news. */
  caughtUp(): void {
    this.#kind = 'live';
  }

  async take(state: EpochState, cursor: Cursor, line: LogLine): Promise<void> {
    if (++this.#handled % LINES_PER_TURN === 0) await nextTurn();
    const parsed = parseAccessLogLine(line.bytes);
    if (!parsed.ok) return this.damaged(state, cursor, line.offset);
    const entry = parsed.value;
    // Counted in an aggregate record.
    if (entry.receipt_id === FOLDED_RECEIPT) return;
    // An agent asked about itself: there was nothing to decide.
    if (entry.receipt_id === SELF_RECEIPT) return;
    if (entry.half !== undefined && entry.receipt_id !== undefined)
      return await this.#takeHalf(state, cursor, entry, line.offset);
    if (entry.relay !== undefined && entry.receipt_id !== undefined)
      return await this.#takePart(state, cursor, entry, line.offset);
    // Whoever knocked there was no client, and was refused without a stamp.
    if (entry.relay !== undefined && entry.relay.part !== 'outer') return;
    // Nobody asked anything, and nothing was refused.
    if (entry.end.handshake !== undefined && !isRefusedHandshake(entry.end)) return;
    if (entry.receipt_id === undefined) await this.#doubt(state, cursor, entry, line.offset);
    const isClosed = entry.receipt_id !== undefined && line.offset <= cursor.closedUpTo;
    if (entry.request_id === undefined || isClosed) return;
    await this.#close(entry, entry.request_id, cursor.file, line.offset);
  }

  /** Closes tunnels and relayed streams whose other lines have not come for so long. */
  async releaseJoined(state: EpochState, hold: HoldMs): Promise<void> {
    for (const tunnel of state.tunnels.release(hold.tunnel)) await this.#closeTunnel(tunnel);
    for (const stream of state.relayed.release(hold.relayed)) await this.#closeTunnel(stream);
  }

  /** Read again after a restart as well: whether this half was waiting, only the journal knows. */
  async #takeHalf(
    state: EpochState,
    { file }: Cursor,
    { half, receipt_id, request_id, end }: AccessLogEntry,
    offset: number,
  ): Promise<void> {
    if (half === undefined || receipt_id === undefined) return;
    const line = { half, receipt_id, end, file, offset, kind: this.#kind };
    const tunnel = state.tunnels.take({ ...line, request_id: request_id ?? receipt_id });
    if (tunnel !== undefined) await this.#closeTunnel(tunnel);
  }

  async #takePart(
    state: EpochState,
    { file }: Cursor,
    { relay, receipt_id, request_id, end }: AccessLogEntry,
    offset: number,
  ): Promise<void> {
    if (relay === undefined || receipt_id === undefined) return;
    const line = { relay, receipt_id, end, file, offset, kind: this.#kind };
    const stream = state.relayed.take({ ...line, request_id: request_id ?? receipt_id });
    if (stream !== undefined) await this.#closeTunnel(stream);
  }

  #closeTunnel({ file, offset, kind, request_id, ...entry }: WholeTunnel): Promise<void> {
    return this.#close(entry, request_id, file, offset, kind);
  }

  /** Bytes up to `offset` that tell nothing any more. */
  damaged(state: EpochState, cursor: Cursor, offset: number): void {
    this.#suspect(state, cursor, { offset, cause: 'log_damaged', at_ms: Date.now() });
  }

  /**
   * Counts what was read at least `holdMs` ago. A decision that turned up late closes its line; the rest counts.
   * Returns the records under way.
   */
  async reportGaps(state: EpochState, holdMs: number): Promise<Promise<void>[]> {
    const reports: Promise<void>[] = [];
    for (const { file, suspects } of state.gaps.take(holdMs)) {
      const report = gapReport(file, suspects, await this.#undecided(file, suspects));
      if (report === undefined) continue;
      const recorded = this.#sink.gap(report);
      // Looked at by the caller, but maybe only after the next question to the recorder.
      recorded.catch(() => undefined);
      reports.push(recorded);
    }
    return reports;
  }

  async #undecided(file: LogFile, suspects: readonly Suspect[]): Promise<Suspect[]> {
    const counted: Suspect[] = [];
    for (const suspect of suspects) {
      const { request_id, end, cause, offset } = suspect;
      const isLate = request_id !== undefined && (await this.#isDecided(request_id, cause));
      if (!isLate && (await this.#denied(file, suspect))) continue;
      if (!isLate) counted.push(suspect);
      else if (end !== undefined) await this.#close({ end }, request_id, file, offset);
    }
    return counted;
  }

  /** An aborted Check is still recorded; an unanswered one may or may not be, and only the recorder can tell. */
  async #doubt(state: EpochState, cursor: Cursor, entry: AccessLogEntry, offset: number): Promise<void> {
    const { request_id, start_ms } = entry;
    const cause = gapCause(entry);
    if (request_id === undefined) return this.#suspect(state, cursor, { offset, cause, at_ms: start_ms });
    if (await this.#isDecided(request_id, cause)) return;
    const held =
      entry.pending === undefined ? {} : { pending: entry.pending, isFresh: this.#kind === 'live' };
    this.#suspect(state, cursor, { offset, cause, at_ms: start_ms, request_id, end: entry.end, ...held });
  }

  /** A request that was held by somebody who died: its denial is still to be recorded, and is no gap then. */
  async #denied(file: LogFile, { pending }: Suspect): Promise<boolean> {
    if (pending === undefined) return false;
    return (await this.#sink.late?.(pending, epochOf(file))) ?? false;
  }

  async #isDecided(request_id: string, cause: GapCause): Promise<boolean> {
    return (await this.#sink.decided?.(request_id)) ?? cause === 'client_left';
  }

  #suspect(state: EpochState, cursor: Cursor, suspect: Suspect): void {
    if (suspect.offset > cursor.countedUpTo) state.gaps.add(cursor.file, suspect);
  }

  async #close(
    { receipt_id, end }: Pick<AccessLogEntry, 'receipt_id' | 'end'>,
    request_id: string,
    file: LogFile,
    offset: number,
    kind = this.#kind,
  ): Promise<void> {
    const closing = this.#sink.close({
      ...(receipt_id === undefined ? {} : { receipt_id }),
      request_id,
      facts: outcomeFacts(end),
      source: { kind, log_file_id: file.id, offset },
    });
    this.#work.watch(closing);
    await this.#work.room();
  }
}

/** Files are called after their run of Envoy. */
function epochOf({ id }: LogFile): string {
  return id.slice(0, id.lastIndexOf('.'));
}
