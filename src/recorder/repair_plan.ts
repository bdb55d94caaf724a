import { headsFileOf, requireHeads, requireNothingPending } from './heads_gate.ts';
import { RecorderError, type RecorderOptions } from './options.ts';
import { recoveryContext, requireOwnKeys } from './read_back.ts';
import { recover } from './recovery.ts';
import { type PlannedChange, planningHands } from './recovery_hands.ts';
import { readFailure } from './reserve.ts';

/** What the next start would do, found by the very code that does it, with hands that change nothing. */
export interface RepairPlan {
  /** `refuse`: the start would stop with `refusal`. `recover`: it would record a recovery. `start`: nothing to repair. */
  readonly next_start: 'start' | 'recover' | 'refuse';
  readonly refusal?: string;
  readonly changes: readonly PlannedChange[];
  /** Records that stay. */
  readonly records?: number;
  /** Allowed decisions that would have no outcome yet. */
  readonly open_decisions?: number;
  /** Why the last process could not go on writing; the next start records it. */
  readonly storage_failure?: NonNullable<ReturnType<typeof readFailure>>;
}

/** Throws nothing that a start would refuse for: that is its answer. */
export async function planRepair(options: RecorderOptions): Promise<RepairPlan> {
  const { layout, keyring } = options;
  const changes: PlannedChange[] = [];
  const failure = readFailure(layout.journal_dir, keyring);
  const noted = failure === undefined ? {} : { storage_failure: failure };
  try {
    requireNothingPending(options);
    const hands = planningHands(layout.quarantine_dir, changes);
    const { state } = recover({ ...recoveryContext(options), hands });
    requireOwnKeys(options, state);
    await requireHeads(options, state, headsFileOf(options));
    const isUnclean = state.head_seq >= 0 && !state.clean;
    return {
      next_start: isUnclean || changes.length > 0 || failure !== undefined ? 'recover' : 'start',
      changes,
      records: state.head_seq + 1,
      open_decisions: state.ledger.openCount,
      ...noted,
    };
  } catch (error) {
    if (!(error instanceof RecorderError)) throw error;
    return { next_start: 'refuse', refusal: error.message, changes: [], ...noted };
  }
}
