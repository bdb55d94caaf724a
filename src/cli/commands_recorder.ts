import { type Command, Option } from 'commander';
import { examplesOf, finish } from './action.ts';
import { type Flags, withState } from './options.ts';

/** `clawgress recorder …`: the one writer of evidence as a process of its own, and the care of its files. */
export function registerRecorder(program: Command): void {
  const group = program
    .command('recorder')
    .description('the recorder: one writer of evidence and counters for all gateways');
  registerRun(group);
  registerAcceptance(group);
  registerCare(group);
}

/** Started by `up` or by a service manager; runs until it is told to stop. */
function registerRun(group: Command): void {
  const run = withState(
    group.command('run').description('record for the gateways of this host or of others (started by `up`)'),
  )
    .addOption(new Option('--log-format <format>', 'json | lines').default('json'))
    .addOption(new Option('--settings-file <file>', 'settings that `up` has settled').hideHelp())
    .action(async (flags: Flags) => finish(await (await import('./recorder_process.ts')).recorderRun(flags)));
  examplesOf(run, ['clawgress recorder run --config /etc/clawgress/clawgress.yaml']);
}

/** What only an operator can decide. */
function registerAcceptance(group: Command): void {
  const restore = withState(
    group
      .command('restore-accept')
      .description('after a roll-back of the disk: show what is lost, keep the old log, begin a new one'),
  )
    .option('--yes', 'do it; without it the command only shows what would be lost')
    .option('--declare', 'nothing shows a roll-back, but you know that an older copy was restored')
    .option('--json', 'machine-readable output')
    .action(async (flags: Flags) =>
      finish(await (await import('./recorder_restore.ts')).restoreAccept(flags)),
    );
  examplesOf(restore, ['clawgress recorder restore-accept', 'clawgress recorder restore-accept --yes']);
  const clock = withState(
    group
      .command('clock-accept')
      .description('vouch for the wall clock after a jump: limits refill up to the present'),
  )
    .option('--json', 'machine-readable output')
    .action(async (flags: Flags) => finish(await (await import('./recorder_clock.ts')).clockAccept(flags)));
  examplesOf(clock, ['clawgress recorder clock-accept', 'clawgress recorder clock-accept --json']);
}

/** What reads the journal and changes nothing. */
function registerCare(group: Command): void {
  const check = withState(
    group
      .command('check')
      .description('read the whole journal: lines, chain, signatures, seals, tree, checkpoints, snapshots'),
  )
    .option('--json', 'machine-readable output')
    .action(async (flags: Flags) => finish((await import('./recorder_check.ts')).recorderCheck(flags)));
  examplesOf(check, ['clawgress recorder check', 'clawgress recorder check --json']);
  const repair = withState(
    group.command('repair').description('say what the next start would cut or refuse, and why'),
  )
    .option('--dry-run', 'required: nothing is changed')
    .option('--json', 'machine-readable output')
    .action(async (flags: Flags) =>
      finish(await (await import('./recorder_check.ts')).recorderRepair(flags)),
    );
  examplesOf(repair, ['clawgress recorder repair --dry-run', 'clawgress recorder repair --dry-run --json']);
}
