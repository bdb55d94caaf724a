import { createHash } from 'node:crypto';
import { isInForce, type Kernel } from '../intercept_host/nftables/apply.ts';
import { type BootRules, bootPlaces, bootRules } from '../intercept_host/nftables/boot.ts';
import {
  COUNTERS,
  type Count,
  type CounterName,
  parseCounters,
} from '../intercept_host/nftables/counters.ts';
import { divertsRouted, type Guard } from '../intercept_host/nftables/guard.ts';
import {
  changesDir,
  lastRollback,
  pendingChanges,
  rollbackState,
} from '../intercept_host/nftables/pending.ts';
import { renderRuleset } from '../intercept_host/nftables/render.ts';
import { sameParts } from '../intercept_host/nftables/routes.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { guardOf, warningsFor } from './intercept_guard.ts';
import { explained, hostKernel } from './intercept_host_access.ts';
import { type Flags, settingsFor } from './options.ts';

interface Status {
  /** The rules in force are exactly the ones that the settings ask for. */
  readonly ok: boolean;
  /** `sha256:<hex>` over the listing of the kernel, without counts; null: there is no table. */
  readonly applied_digest: string | null;
  readonly expected_digest: string;
  /** The `ip rule` and `ip route` that diverted connections need; `left_over`: there, and of no use. */
  readonly policy_route: 'in_force' | 'missing' | 'not_needed' | 'left_over';
  readonly confirm_before: string | null;
  /** `failed`: the rules that nobody confirmed are still in force, and what they replaced is in `changes_dir`. */
  readonly rollback: 'none' | 'running' | 'failed';
  readonly changes_dir: string;
  readonly rolled_back_at: string | null;
  /** What the next boot loads: these rules, other ones, or none. */
  readonly persisted: 'current' | 'outdated' | 'none';
  readonly counters: Readonly<Record<CounterName, Count>> | null;
  readonly warnings: readonly string[];
}

/** `intercept nftables status`: 0 when the rules in force are the ones that the settings ask for, else 1. */
export function interceptStatus(flags: Flags): ExitCode {
  const kernel = hostKernel('status');
  const settings = settingsFor(flags);
  const guard = guardOf(settings);
  const status = explained(() => statusOf(guard, kernel, changesDir(), warningsFor(guard, settings)));
  process.stdout.write(flags['json'] === true ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
  return status.ok ? EXIT.ok : EXIT.no;
}

function statusOf(guard: Guard, kernel: Kernel, dir: string, warnings: readonly string[]): Status {
  const { nft } = kernel;
  const rules = { ruleset: renderRuleset(guard), route: divertsRouted(guard) };
  const expected = nft.canonical(rules.ruleset);
  const live = nft.listing();
  const kept = bootRules(bootPlaces());
  const rolledBackMs = lastRollback(dir);
  const deadlineMs = pendingChanges(dir).at(-1)?.deadline_ms;
  return {
    ok: isInForce(kernel, rules),
    applied_digest: live === undefined ? null : digest(live),
    expected_digest: digest(expected),
    policy_route: routeState(kernel, rules.route),
    confirm_before: deadlineMs === undefined ? null : new Date(deadlineMs).toISOString(),
    rollback: rollbackState(dir, Date.now()),
    changes_dir: dir,
    rolled_back_at: rolledBackMs === undefined ? null : new Date(rolledBackMs).toISOString(),
    persisted: kept === undefined ? 'none' : isSame(kept, rules) ? 'current' : 'outdated',
    counters: live === undefined ? null : parseCounters(nft.counters()),
    warnings,
  };
}

function isSame(kept: BootRules, rules: BootRules): boolean {
  return kept.ruleset === rules.ruleset && kept.route === rules.route;
}

function routeState({ route }: Kernel, isWanted: boolean): Status['policy_route'] {
  const isRight = sameParts(route.parts(), route.wanted(isWanted));
  if (isWanted) return isRight ? 'in_force' : 'missing';
  return isRight ? 'not_needed' : 'left_over';
}

function statusText(status: Status): string {
  const lines = [
    inForce(status),
    `  applied   ${status.applied_digest ?? 'nothing'}`,
    `  expected  ${status.expected_digest}`,
    ...(status.policy_route === 'not_needed' ? [] : [`  ip rule   ${ROUTE[status.policy_route]}`]),
    `  at boot   ${BOOT[status.persisted]}`,
    ...(status.confirm_before === null
      ? []
      : [`  waits for \`clawgress intercept nftables confirm\` before ${status.confirm_before}`]),
    ...(status.rollback === 'running' ? ['  the previous rules are being put back'] : []),
    ...(status.rollback === 'failed'
      ? [`  the rollback FAILED; load ${status.changes_dir}/rolling-*/previous.nft by hand`]
      : []),
    ...(status.rolled_back_at === null
      ? []
      : [`  rolled back at ${status.rolled_back_at}: nobody confirmed`]),
    ...counterLines(status.counters),
    ...status.warnings.map((warning) => `warning: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}

const ROUTE = {
  in_force: 'in force',
  missing: 'MISSING: nothing is diverted, agents are refused; run apply and confirm',
  left_over: 'left over; run apply and confirm',
} as const;

const BOOT = {
  current: 'these rules',
  outdated: 'other rules; run apply --persist and confirm',
  none: 'no rules; run apply --persist and confirm',
} as const;

function inForce(status: Status): string {
  if (status.ok) return 'In force: agents reach nothing but the gateway.';
  return status.applied_digest === null
    ? 'NOT in force: agents can go around. Next: clawgress intercept nftables apply'
    : 'In force, but not what the settings ask for. Next: clawgress intercept nftables apply';
}

function counterLines(counters: Status['counters']): readonly string[] {
  if (counters === null) return [];
  return COUNTERS.map(
    (name) => `  ${name.padEnd(15)} ${counters[name].packets} packets, ${counters[name].bytes} bytes`,
  );
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
