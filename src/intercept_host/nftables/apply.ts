import type { Nft } from './nft.ts';
import {
  addPending,
  alone,
  ChangeError,
  claim,
  forgetRollback,
  openChangesDir,
  type Previous,
  pendingChanges,
  previousOf,
  rollbackState,
  wasRolledBack,
} from './pending.ts';
import { type PolicyRoute, sameParts } from './routes.ts';
import { startWatchdog, type WatchdogKind } from './watchdog.ts';

/** The two places of the kernel that rules live in. */
export interface Kernel {
  readonly nft: Nft;
  readonly route: PolicyRoute;
}

export interface Change {
  readonly ruleset: string;
  /** Whether the ruleset needs the policy route; without, it is taken away. */
  readonly route: boolean;
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
export function applyRuleset(kernel: Kernel, dir: string, change: Change): Applied {
  openChangesDir(dir);
  return alone(dir, () => replaceRules(kernel, dir, change));
}

/** The rules in force are these, and the policy route is there exactly when they need it. */
export function isInForce({ nft, route }: Kernel, rules: Pick<Change, 'ruleset' | 'route'>): boolean {
  return (
    nft.listing() === nft.canonical(rules.ruleset) && sameParts(route.parts(), route.wanted(rules.route))
  );
}

function replaceRules(kernel: Kernel, dir: string, change: Change): Applied {
  const { nft, route } = kernel;
  if (rollbackState(dir, change.nowMs) === 'running')
    throw new ChangeError(`a rollback is under way in ${dir}; try again when it has ended`);
  const earlier = pendingChanges(dir);
  if (earlier.length === 0 && isInForce(kernel, change)) return { state: 'unchanged' };
  nft.check(change.ruleset);
  // While nobody has confirmed the last change, the way back leads to before it.
  const first = earlier[0];
  const previous = first === undefined ? present(kernel) : previousOf(first);
  nft.check(previous.ruleset);
  forgetRollback(dir);
  const { ruleset, persist, seconds } = change;
  const deadline_ms = change.nowMs + seconds * 1_000;
  const pending = addPending(dir, previous, { deadline_ms, ruleset, route: change.route, persist });
  const script = `${pending.path}/watchdog.sh`;
  const ip = route.path ?? '';
  const watchdog = startWatchdog({ script, dir, token: pending.token, seconds, nft: nft.path, ip });
  for (const old of earlier) claim(old);
  try {
    load(kernel, { ruleset, route: route.wanted(change.route) });
    // A watchdog that was done before the rules were loaded has put back nothing, and nobody else will.
    if (wasRolledBack(pending))
      throw new ChangeError(
        'the time to confirm was over before the rules were in force; the previous ones are back: allow more with --confirm-within',
      );
    if (!isInForce(kernel, change))
      throw new ChangeError(
        'the rules in force are not the ones that were loaded; the previous ones are back',
      );
  } catch (error) {
    claim(pending);
    putBack(kernel, previous);
    throw error;
  }
  return { state: 'waiting', deadlineMs: deadline_ms, watchdog };
}

function present({ nft, route }: Kernel): Previous {
  return { ruleset: nft.snapshot(), route: route.parts() };
}

/** Nothing about routes may keep the rules from coming back. */
function putBack({ nft, route }: Kernel, previous: Previous): void {
  try {
    route.set(previous.route);
  } finally {
    nft.load(previous.ruleset);
  }
}

/** The route first: without it, what is diverted is refused; without the rules, it does nothing. */
function load({ nft, route }: Kernel, rules: Previous): void {
  route.set(rules.route);
  nft.load(rules.ruleset);
}
