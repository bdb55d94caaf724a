import type { Nft } from './nft.ts';
import {
  addPending,
  alone,
  ChangeError,
  claim,
  forgetRollback,
  openChangesDir,
  pendingChanges,
  previousOf,
  rollbackState,
} from './pending.ts';
import { startWatchdog, type WatchdogKind } from './watchdog.ts';

export interface Change {
  readonly ruleset: string;
  readonly seconds: number;
  readonly persist: boolean;
  readonly nowMs: number;
}

export type Applied =
  /** These rules were in force already, and confirmed. */
  | { readonly state: 'unchanged' }
  /** In force, and rolled back at the deadline unless confirmed. */
  | { readonly state: 'waiting'; readonly deadlineMs: number; readonly watchdog: WatchdogKind };

/**
 * Puts a ruleset in force. The order is the promise: check, write down the way back, start the watchdog, load. Killed
 * anywhere in between, the rules are the old ones now or at the deadline. Throws with the previous rules in force.
 */
export function applyRuleset(nft: Nft, dir: string, change: Change): Applied {
  openChangesDir(dir);
  return alone(dir, () => replaceRules(nft, dir, change));
}

function replaceRules(nft: Nft, dir: string, change: Change): Applied {
  if (rollbackState(dir, change.nowMs) === 'running')
    throw new ChangeError(`a rollback is under way in ${dir}; try again when it has ended`);
  const expected = nft.canonical(change.ruleset);
  const earlier = pendingChanges(dir);
  if (earlier.length === 0 && nft.listing() === expected) return { state: 'unchanged' };
  nft.check(change.ruleset);
  // While nobody has confirmed the last change, the way back leads to before it.
  const first = earlier[0];
  const previous = first === undefined ? nft.snapshot() : previousOf(first);
  nft.check(previous);
  forgetRollback(dir);
  const { ruleset, persist, seconds } = change;
  const deadline_ms = change.nowMs + seconds * 1_000;
  const pending = addPending(dir, { previous, deadline_ms, ruleset, persist });
  const script = `${pending.path}/watchdog.sh`;
  const watchdog = startWatchdog({ script, dir, token: pending.token, seconds, nft: nft.path });
  for (const old of earlier) claim(old);
  try {
    nft.load(ruleset);
    if (nft.listing() !== expected)
      throw new ChangeError(
        'the rules in force are not the ones that were loaded; the previous ones are back',
      );
  } catch (error) {
    if (claim(pending)) nft.load(previous);
    throw error;
  }
  return { state: 'waiting', deadlineMs: deadline_ms, watchdog };
}
