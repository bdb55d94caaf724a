import { type ClockStart, type LedgerClock, startClock, WALL_JUMP_MS } from '../core/ledger/clock.ts';
import type { CommitLoop } from './commit_loop.ts';
import { lineAt } from './line_at.ts';
import { type RecorderClock, RecorderError, type RecorderOptions } from './options.ts';
import type { Recorder } from './recorder.ts';
import type { JournalState } from './state.ts';

/** The clock as the journal and, while the machine was not restarted, its monotonic clock leave it. */
export function startLedgerClock(
  options: RecorderOptions,
  state: JournalState,
  readings: RecorderClock,
  boot_id: string,
): ClockStart {
  const { restore, acceptClock = false, layout } = options;
  const [wall_ms, mono_us] = [readings.wallMs(), readings.monoUs()];
  if (state.last_ledger_ms === undefined) {
    const ledger_ms = restore?.last_ledger_ms;
    // Every limit of a restored log starts exhausted at its first moment, whichever that is: nothing is held back.
    const last = ledger_ms === undefined ? undefined : { ledger_ms };
    return { clock: startClock(wall_ms, mono_us, last, true).clock };
  }
  const newest = lineAt(layout.journal_dir, state.head_seq)?.record;
  const elapsed_us = newest === undefined ? -1 : mono_us - newest.mono_us;
  const sameBoot = newest?.boot_id === boot_id && elapsed_us >= 0;
  const last = { ledger_ms: state.last_ledger_ms, ...(sameBoot ? { elapsed_us } : {}) };
  return startClock(wall_ms, mono_us, last, acceptClock);
}

interface ClockParts {
  readonly clock: LedgerClock;
  readonly readings: RecorderClock;
  readonly loop: CommitLoop;
}

/** For the status: present while the wall clock is ahead and not believed. */
export function heldBack({ clock, readings }: ClockParts): { readonly clock_held_back_ms?: number } {
  const wall_ms = readings.wallMs();
  clock.read(wall_ms, readings.monoUs());
  const held_ms = clock.heldBackMs(wall_ms);
  return held_ms > WALL_JUMP_MS ? { clock_held_back_ms: held_ms } : {};
}

/** At every start and heartbeat, until somebody decides. */
export function warnWhileHeldBack({ log }: RecorderOptions, recorder: Recorder): void {
  const { clock_held_back_ms } = recorder.status();
  if (clock_held_back_ms === undefined) return;
  log.warn(
    { held_back_ms: clock_held_back_ms },
    'the wall clock is ahead of the ledger clock and is not believed: limits refill as if that time had not passed. When it is right, run `clawgress recorder clock-accept`',
  );
}

/** Moves the ledger clock to the wall clock, on record. Resolves with by how many milliseconds, 0 when it was not behind. */
export function acceptClock({ clock, readings, loop }: ClockParts): Promise<number> {
  return new Promise((resolve, reject) => {
    loop.enqueue({
      write(batch, signer) {
        const [wall_ms, mono_us] = [readings.wallMs(), readings.monoUs()];
        let moved_ms: number;
        try {
          moved_ms = clock.accept(wall_ms, mono_us);
        } catch (error) {
          return reject(new RecorderError(error instanceof Error ? error.message : 'not accepted'));
        }
        if (moved_ms > 0) {
          const { now_us } = clock.read(wall_ms, mono_us);
          batch.moment = { wall_ms, ts: new Date(wall_ms).toISOString(), mono_us, now_us };
          batch.addOwn(
            { type: 'lifecycle', lifecycle: 'clock', wall_jump_ms: moved_ms, accepted: true },
            signer,
          );
        }
        batch.whenDurable(() => resolve(moved_ms));
      },
      refuse: reject,
    });
  });
}
