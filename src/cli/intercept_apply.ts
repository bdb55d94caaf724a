import { type Applied, applyRuleset } from '../intercept_host/nftables/apply.ts';
import { divertsRouted } from '../intercept_host/nftables/guard.ts';
import { changesDir } from '../intercept_host/nftables/pending.ts';
import { renderRuleset } from '../intercept_host/nftables/render.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { keepForBoot } from './intercept_boot.ts';
import { guardOf, warningsFor } from './intercept_guard.ts';
import { explained, hostKernel } from './intercept_host_access.ts';
import { type Flags, settingsFor, stateFlag } from './options.ts';

const SECONDS_MIN = 1;
const SECONDS_MAX = 3_600;

/** `intercept nftables render`: the ruleset that the settings ask for. */
export function interceptRender(flags: Flags): ExitCode {
  const ruleset = renderRuleset(guardOf(settingsFor(flags)));
  process.stdout.write(flags['json'] === true ? `${JSON.stringify({ ruleset }, null, 2)}\n` : ruleset);
  return EXIT.ok;
}

/** `intercept nftables apply`: in force at once, for good only when confirmed. */
export function interceptApply(flags: Flags): ExitCode {
  const seconds = secondsOf(String(flags['confirmWithin'] ?? '30s'));
  const persist = flags['persist'] === true;
  const kernel = hostKernel('apply');
  const settings = settingsFor(flags);
  const guard = guardOf(settings);
  const rules = { ruleset: renderRuleset(guard), route: divertsRouted(guard) };
  const change = { ...rules, seconds, persist, nowMs: Date.now() };
  const applied = explained(() => applyRuleset(kernel, changesDir(), change));
  const isKept = applied.state === 'unchanged' && persist;
  if (isKept) keepForBoot(rules, kernel);
  const warnings = warningsFor(guard, settings);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  process.stdout.write(
    flags['json'] === true
      ? `${JSON.stringify({ ...facts(applied), persisted: isKept, warnings }, null, 2)}\n`
      : text(applied, seconds, isKept, stateFlag(flags)),
  );
  return EXIT.ok;
}

/** `30s` or `5m`. Throws CliError for anything else. */
export function secondsOf(duration: string): number {
  const found = /^([1-9]\d{0,3})(s|m)$/.exec(duration);
  const seconds = Number(found?.[1]) * (found?.[2] === 'm' ? 60 : 1);
  if (seconds >= SECONDS_MIN && seconds <= SECONDS_MAX) return seconds;
  throw new CliError(
    EXIT.usage,
    `--confirm-within: found '${duration}'; allowed: 1s to 60m`,
    'clawgress intercept nftables apply --confirm-within 30s',
  );
}

function facts(applied: Applied) {
  if (applied.state === 'unchanged') return { state: applied.state };
  const { state, deadlineMs, watchdog } = applied;
  return { state, confirm_before: new Date(deadlineMs).toISOString(), watchdog };
}

function text(applied: Applied, seconds: number, isKept: boolean, state: string): string {
  if (applied.state === 'unchanged') {
    return `These rules are in force already${isKept ? ', and kept for the next boot' : ''}.\n`;
  }
  return `In force. Try from a second terminal whether you still get in, then, within ${seconds} s:
  clawgress intercept nftables confirm
Otherwise the previous rules come back at ${new Date(applied.deadlineMs).toISOString()}.
  clawgress intercept nftables status${state}
`;
}
