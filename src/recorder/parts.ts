import type { LedgerClock } from '../core/ledger/clock.ts';
import type { CommitLoop } from './commit_loop.ts';
import type { Journal } from './journal.ts';
import type { RecorderClock, RecorderOptions } from './options.ts';
import type { JournalState } from './state.ts';
import type { Upkeep } from './upkeep.ts';

/** What an opened journal consists of; wired in opening.ts. */
export interface RecorderParts {
  readonly options: RecorderOptions;
  readonly state: JournalState;
  readonly loop: CommitLoop;
  readonly upkeep: Upkeep;
  readonly log_id: string;
  readonly journal: Pick<Journal, 'name' | 'written'>;
  /** What keeps the newest checkpoint on other storage. */
  readonly elsewhere: { readonly failing: boolean } | undefined;
  readonly clock: LedgerClock;
  readonly readings: RecorderClock;
  /** Gives up the journal and its lock. */
  readonly release: () => void;
}
