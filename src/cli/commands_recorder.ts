import { type Command, Option } from 'commander';
import { examplesOf, finish } from './action.ts';
import { type Flags, withState } from './options.ts';

/** `clawgress recorder …`: the one writer of evidence as a process of its own, and the care of its files. */
export function registerRecorder(program: Command): void {
  const group = program
    .command('recorder')
    .description('the recorder: one writer of evidence and counters for all gateways');
  registerRun(group);
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
