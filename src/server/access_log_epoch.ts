import type { LogEpoch, LogFile } from './access_log_files.ts';
import type { OutcomeSink } from './access_log_sink.ts';
import { GapCounter, type Mark, readMark } from './gap_counter.ts';
import { JoinedTunnels } from './joined_tunnels.ts';
import { LogCursor } from './log_cursor.ts';
import { RelayedStreams } from './relayed_streams.ts';

/** How far one run of Envoy is read. */
export interface EpochState {
  readonly gaps: GapCounter;
  /** Lines of tunnels that wait for the other one. */
  readonly tunnels: JoinedTunnels;
  /** Lines of relayed streams that wait for the others. */
  readonly relayed: RelayedStreams;
  readonly cursors: Map<string, Cursor>;
  /** Where reading began: nothing before it is unsettled. */
  readonly mark: Mark;
  /** Rotated files that are on their way to be emptied. */
  readonly released: Set<string>;
  /** The recorder is closing what is left. */
  sweeping: boolean;
}

/** How far one file of a run is read. */
export interface Cursor {
  readonly log: LogCursor;
  /** Lines up to there have durable outcomes. */
  readonly closedUpTo: number;
  /** Lines up to there have their gaps recorded. */
  readonly countedUpTo: number;
  readonly file: LogFile;
}

export async function freshState(epoch: LogEpoch): Promise<EpochState> {
  return {
    gaps: new GapCounter(),
    tunnels: new JoinedTunnels(),
    relayed: new RelayedStreams(),
    cursors: new Map(),
    mark: await readMark(epoch.dir),
    released: new Set(),
    sweeping: false,
  };
}

/** Begins where the journal or, if further, the mark beside the log stands. */
export async function cursorOf(
  state: EpochState,
  file: LogFile,
  sink: OutcomeSink,
  chunkBytes: number,
): Promise<Cursor> {
  const known = state.cursors.get(file.id);
  if (known !== undefined) return known;
  const closedUpTo = (await sink.logPosition(file.id)) ?? 0;
  const countedUpTo = (await sink.gapPosition?.(file.id)) ?? 0;
  const marked = file.index === state.mark.index ? state.mark.offset : 0;
  const from = Math.max(marked, Math.min(closedUpTo, countedUpTo));
  const fresh = { file, closedUpTo, countedUpTo, log: new LogCursor(from, chunkBytes) };
  state.cursors.set(file.id, fresh);
  return fresh;
}

/** How far the newest file is read; undefined while a gap or part of a stream waits, or before anything is read. */
export function readUpTo(state: EpochState): Mark | undefined {
  const last = [...state.cursors.values()].reduce<Cursor | undefined>(
    (newest, one) => (newest !== undefined && newest.file.index > one.file.index ? newest : one),
    undefined,
  );
  const isWaiting = !state.gaps.isEmpty || !state.tunnels.isEmpty || !state.relayed.isEmpty;
  if (last === undefined || isWaiting) return undefined;
  return { index: last.file.index, offset: last.log.position };
}
