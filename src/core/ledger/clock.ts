import { NOW_US_MAX } from './gcra.ts';

/** A wall clock that moved by more than this against the monotonic clock is recorded. */
export const WALL_JUMP_MS = 5_000;
/** A start after a reboot that would move the ledger forward by more than this refills nothing: the wall clock may be wrong. */
export const START_JUMP_MS = 3_600_000;

export interface ClockReading {
  /** Ledger time in microseconds; never less than an earlier reading. */
  readonly now_us: number;
  /** Present when the wall clock jumped since the last reading: by how much, with its sign. */
  readonly wall_jump_ms?: number;
}

/** The newest record of the journal, as far as the clock goes. */
export interface LastRecord {
  readonly ledger_ms: number;
  /** Monotonic time since it was written; absent when the machine was started since, or it is another machine. */
  readonly elapsed_us?: number;
}

export interface ClockStart {
  readonly clock: LedgerClock;
  /** Present when the wall clock is this much ahead and was not believed. */
  readonly held_back_ms?: number;
  /** Present when an operator vouched for the wall clock and the ledger moved forward by this much. */
  readonly accepted_ms?: number;
}

/**
 * Ledger time: anchored once, advanced by the monotonic clock only, so that no step of the wall clock refills a limit.
 * Only an operator's word moves it to the wall clock.
 */
export class LedgerClock {
  #anchor_us: number;
  #mono_us: number;
  #last_us: number;
  #wall_offset_ms: number;

  constructor(anchor_us: number, wall_ms: number, mono_us: number) {
    this.#anchor_us = anchor_us;
    this.#mono_us = mono_us;
    this.#last_us = anchor_us;
    this.#wall_offset_ms = wall_ms - mono_us / 1_000;
  }

  /** Ledger time without looking at the wall clock: for answers that leave no record. */
  peek(mono_us: number): number {
    return Math.max(this.#last_us, this.#anchor_us + (mono_us - this.#mono_us));
  }

  read(wall_ms: number, mono_us: number): ClockReading {
    this.#last_us = Math.max(this.#last_us, this.#anchor_us + (mono_us - this.#mono_us));
    const offset = wall_ms - mono_us / 1_000;
    const jump = Math.round(offset - this.#wall_offset_ms);
    if (Math.abs(jump) <= WALL_JUMP_MS) return { now_us: this.#last_us };
    this.#wall_offset_ms = offset;
    return { now_us: this.#last_us, wall_jump_ms: jump };
  }

  /** How far the wall clock is ahead of the ledger, in whole milliseconds; 0 when it is not. */
  heldBackMs(wall_ms: number): number {
    return Math.max(0, Math.floor(wall_ms - this.#last_us / 1_000));
  }

  /** Believes the wall clock where it is ahead by more than the clocks drift. Returns by how many milliseconds the ledger moved; it never moves back. */
  accept(wall_ms: number, mono_us: number): number {
    const { now_us } = this.read(wall_ms, mono_us);
    const wall_us = wall_ms * 1_000;
    if (wall_us <= now_us + WALL_JUMP_MS * 1_000) return 0;
    if (!isWallTime(wall_ms))
      throw new RangeError(`the wall clock says ${wall_ms} ms, which no ledger holds`);
    this.#anchor_us = wall_us;
    this.#mono_us = mono_us;
    this.#last_us = wall_us;
    return Math.round((wall_us - now_us) / 1_000);
  }
}

/** Whether the ledger's arithmetic is exact at that time. */
export function isWallTime(wall_ms: number): boolean {
  return wall_ms >= 0 && wall_ms * 1_000 <= NOW_US_MAX;
}

/**
 * Anchors the ledger clock: at the wall clock on an empty journal, else never before the last record. While the machine
 * was not restarted its monotonic clock says how much time has passed, and the wall clock is not asked. After a restart
 * the wall clock is believed unless it is more than `START_JUMP_MS` ahead. `accepted`: an operator vouches for it.
 */
export function startClock(
  wall_ms: number,
  mono_us: number,
  last?: LastRecord,
  accepted = false,
): ClockStart {
  const wall_us = wall_ms * 1_000;
  const at = (anchor_us: number) => new LedgerClock(anchor_us, wall_ms, mono_us);
  if (last === undefined) return { clock: at(wall_us) };
  const trusted_us = trustedTime(last);
  const ahead_ms = Math.floor((wall_us - trusted_us) / 1_000);
  if (accepted && ahead_ms > WALL_JUMP_MS && isWallTime(wall_ms))
    return { clock: at(wall_us), accepted_ms: ahead_ms };
  const tolerated_ms = last.elapsed_us === undefined ? START_JUMP_MS : WALL_JUMP_MS;
  if (ahead_ms > tolerated_ms) return { clock: at(trusted_us), held_back_ms: ahead_ms };
  return { clock: at(last.elapsed_us === undefined ? Math.max(wall_us, trusted_us) : trusted_us) };
}

/** Records keep whole milliseconds: the next one is certainly not before the last. */
function trustedTime({ ledger_ms, elapsed_us }: LastRecord): number {
  return Math.max((ledger_ms + 1) * 1_000, ledger_ms * 1_000 + (elapsed_us ?? 0));
}
