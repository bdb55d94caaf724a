import { type Command, Option } from 'commander';
import { examplesOf, finish } from './action.ts';
import { bypassCommand, withBypass } from './doctor_bypass_flags.ts';
import { type Flags, withState } from './options.ts';

/** `up`, `doctor`, and the processes that `up` starts. */
export function registerOperation(program: Command): void {
  registerUp(program);
  registerDoctor(program);
  registerChildren(program);
}

function registerUp(program: Command): void {
  const up = withState(
    program.command('up').description('run gateway, Envoy and a demo upstream on this host, until Ctrl-C'),
  )
    .option('--explicit-port <n>', 'port of the explicit proxy (default: 3128)')
    .option('--base-url-port <n>', 'port of the base URL gateway (default: 8088)')
    .option('--metrics-port <n>', 'port of the metrics (default: 9464)')
    .option('--ports <how>', '"auto" picks free ports; run/endpoints.json names them')
    .option('--no-demo', 'no demo upstream and no demo agents')
    .option('--log-level <level>', 'debug | info | warn | error (default: info)')
    .action(async (flags: Flags) => finish(await (await import('./up.ts')).up(flags)));
  examplesOf(up, [
    'clawgress up',
    'clawgress up --state-dir ./second --ports auto        a second one beside the first',
    'clawgress up --config /etc/clawgress/clawgress.yaml --no-demo',
  ]);
}

function registerDoctor(program: Command): void {
  const doctor = withState(
    program.command('doctor').description('check this installation and say how to mend it'),
  )
    .option('--suggest-fixes', 'print a command or a step for everything that is not right')
    .option('--json', 'machine-readable output')
    .action(async (flags: Flags) => {
      const bypass = bypassCommand(flags);
      finish(bypass === undefined ? await (await import('./doctor.ts')).doctor(flags) : await bypass());
    });
  withBypass(doctor);
}

/** Started by `up` or by a service manager; each runs until it is told to stop. */
function registerChildren(program: Command): void {
  const formats = new Option('--log-format <format>', 'json | lines').default('json');
  const file = new Option('--settings-file <file>', 'settings that `up` has settled').hideHelp();
  const gateway = withState(
    program
      .command('gateway')
      .description('the decision service, with the recorder when it is the only one (started by `up`)'),
  )
    .option('--number <n>', 'which of several gateways (default: 1)')
    .addOption(formats)
    .addOption(file)
    .action(async (flags: Flags) => finish(await (await import('./gateway.ts')).gateway(flags)));
  examplesOf(gateway, [
    'clawgress gateway --config /etc/clawgress/clawgress.yaml',
    'clawgress gateway --number 2 --config /etc/clawgress/clawgress.yaml',
  ]);
  const demo = withState(
    program.command('demo-upstream').description('the small upstream of a first run (started by `up`)'),
  )
    .addOption(formats)
    .addOption(file)
    .action(async (flags: Flags) => finish(await (await import('./demo.ts')).demoUpstream(flags)));
  examplesOf(demo, ['clawgress demo-upstream --state-dir .clawgress']);
}
