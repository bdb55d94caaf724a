import { isInForce } from '../intercept_host/nftables/apply.ts';
import {
  changesDir,
  claim,
  forgetRollback,
  lastRollback,
  pendingChanges,
  removeChangesDir,
  rollbackState,
} from '../intercept_host/nftables/pending.ts';
import { REMOVE_TABLE } from '../intercept_host/nftables/render.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { forgetForBoot, keepForBoot } from './intercept_boot.ts';
import { explained, hostKernel } from './intercept_host_access.ts';
import type { Flags } from './options.ts';

/** `intercept nftables confirm`: what is in force stays. 1 when there is nothing to confirm any more. */
export function interceptConfirm(flags: Flags): ExitCode {
  const kernel = hostKernel('confirm');
  const dir = changesDir();
  const changes = pendingChanges(dir);
  const pending = changes.at(-1);
  if (pending === undefined) return say(flags, nothingToConfirm(dir));
  const { ruleset, route, persist } = pending;
  if (explained(() => !isInForce(kernel, pending))) {
    throw new CliError(
      EXIT.no,
      'the rules in force are not the ones that were applied: somebody changed them; they will be rolled back',
      'clawgress intercept nftables apply',
    );
  }
  const claimed = changes.filter(claim);
  if (!claimed.includes(pending)) return say(flags, nothingToConfirm(dir));
  forgetRollback(dir);
  if (persist) keepForBoot({ ruleset, route }, kernel);
  const kept = persist
    ? ', and come back at the next boot'
    : '; not kept for the next boot (apply --persist)';
  return say(flags, { state: 'confirmed', persisted: persist, text: `Confirmed. The rules stay${kept}.` });
}

/** `intercept nftables remove`: agents are free again. Takes away table, policy route, timers, and what was kept for the boot. */
export function interceptRemove(flags: Flags): ExitCode {
  const { nft, route } = hostKernel('remove');
  const dir = changesDir();
  for (const pending of pendingChanges(dir)) claim(pending);
  if (rollbackState(dir, Date.now()) === 'running') {
    throw new CliError(
      EXIT.unavailable,
      `a rollback is under way in ${dir}`,
      'wait for its end and try again',
    );
  }
  const wasThere = explained(() => {
    const found = nft.listing() !== undefined || route.parts().length > 0;
    route.set([]);
    nft.load(REMOVE_TABLE);
    return found;
  });
  removeChangesDir(dir);
  const wasKept = forgetForBoot();
  const text =
    wasThere || wasKept
      ? 'Removed. Nothing keeps agents from going around now.'
      : 'There was nothing to remove.';
  return say(flags, { state: 'removed', was_in_force: wasThere, was_persisted: wasKept, text });
}

interface Said {
  readonly state: string;
  readonly text: string;
  readonly [fact: string]: string | boolean;
}

function nothingToConfirm(dir: string): Said {
  const rolledBack = rollbackState(dir, Date.now()) !== 'none' || lastRollback(dir) !== undefined;
  return rolledBack
    ? {
        state: 'rolled_back',
        text: 'Too late: the previous rules are back. Next: clawgress intercept nftables apply',
      }
    : { state: 'nothing', text: 'Nothing waits for a confirmation.' };
}

function say(flags: Flags, said: Said): ExitCode {
  const { text, ...facts } = said;
  process.stdout.write(flags['json'] === true ? `${JSON.stringify(facts, null, 2)}\n` : `${text}\n`);
  return said.state === 'confirmed' || said.state === 'removed' ? EXIT.ok : EXIT.no;
}
