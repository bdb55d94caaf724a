/** A wall clock that moved by more than this against the monotonic clock is recorded. */
export const WALL_JUMP_MS = 5_000;
/** A start that would move the ledger forward by more than this refills nothing: the wall clock may be wrong. */
export const START_JUMP_MS = 3_600_000;

export interface ClockReading {
  /** Ledger time in microseconds; never less than an earlier reading. */
  readonly now_us: number;
  /** Present when the wall clock jumped since the last reading: by how much, with its sign. */
  readonly wall_jump_ms?: number;
}

export interface ClockStart {
  readonly clock: LedgerClock;
  /** Present when the clock was held at the last record because the wall clock is this much ahead of it. */
  readonly held_back_ms?: number;
}

/** Ledger time: anchored once, advanced by the monotonic clock only, so that no step of the wall clock refills a limit. */
export class LedgerClock {
  readonly #anchor_us: number;
  readonly #mono_us: number;
  #last_us: number;
  #wall_offset_ms: number;

  constructor(anchor_us: number, wall_ms: number, mono_us: number) {
    this.#anchor_us = anchor_us;
    this.#mono_us = mono_us;
    this.#last_us = anchor_us;
    this.#wall_offset_ms = wall_ms - mono_us / 1_000;
  }

  read(wall_ms: number, mono_us: number): ClockReading {
    this.#last_us = Math.max(this.#last_us, this.#anchor_us + (mono_us - this.#mono_us));
    const offset = wall_ms - mono_us / 1_000;
    const jump = Math.round(offset - this.#wall_offset_ms);
    if (Math.abs(jump) <= WALL_JUMP_MS) return { now_us: this.#last_us };
    this.#wall_offset_ms = offset;
    return { now_us: this.#last_us, wall_jump_ms: jump };
  }
}

/** Anchors the ledger clock: at the wall clock on an empty journal, else never before the last record. */
export function startClock(wall_ms: number, mono_us: number, last_ledger_ms: number | undefined): ClockStart {
  const wall_us = wall_ms * 1_000;
  if (last_ledger_ms === undefined) return { clock: new LedgerClock(wall_us, wall_ms, mono_us) };
  // Records keep whole milliseconds: the next one is certainly not before the last.
  const last_us = (last_ledger_ms + 1) * 1_000;
  const ahead_ms = wall_ms - last_ledger_ms;
  if (ahead_ms > START_JUMP_MS) {
    return { clock: new LedgerClock(last_us, wall_ms, mono_us), held_back_ms: ahead_ms };
  }
  return { clock: new LedgerClock(Math.max(wall_us, last_us), wall_ms, mono_us) };
}
