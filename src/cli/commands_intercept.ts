import type { Command } from 'commander';
import { examplesOf, finish } from './action.ts';
import { type Flags, withState } from './options.ts';

const JSON_HELP = 'machine-readable output';

/** What keeps agents from going around the gateway. */
export function registerIntercept(program: Command): void {
  const intercept = program.command('intercept').description('keep agents from going around the gateway');
  const nftables = intercept
    .command('nftables')
    .description('firewall rules of this host (docs/transparent.md)');
  registerRender(nftables);
  registerApply(nftables);
  registerConfirm(nftables);
  registerRemove(nftables);
  registerStatus(nftables);
}

function registerRender(nftables: Command): void {
  const render = withState(
    nftables.command('render').description('print the rules that the settings ask for; needs no rights'),
  )
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await import('./intercept_apply.ts')).interceptRender(flags)));
  examplesOf(render, [
    'clawgress intercept nftables render --config /etc/clawgress/clawgress.yaml',
    'clawgress intercept nftables render | sudo nft -c -f -        only check them',
  ]);
}

function registerApply(nftables: Command): void {
  const apply = withState(
    nftables
      .command('apply')
      .description('put the rules in force; they go back by themselves unless `confirm` comes in time'),
  )
    .option('--confirm-within <time>', 'when to roll back, 1s to 60m', '30s')
    .option('--persist', 'once confirmed, load them at every boot (systemd unit)')
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await import('./intercept_apply.ts')).interceptApply(flags)));
  examplesOf(apply, [
    'clawgress intercept nftables apply',
    'clawgress intercept nftables apply --persist --confirm-within 2m',
    'clawgress intercept nftables apply && clawgress intercept nftables confirm      unattended',
  ]);
}

function registerConfirm(nftables: Command): void {
  const confirm = nftables
    .command('confirm')
    .description('keep the rules that `apply` put in force; 1 when there is nothing to confirm any more')
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await import('./intercept_confirm.ts')).interceptConfirm(flags)));
  examplesOf(confirm, ['clawgress intercept nftables confirm']);
}

function registerRemove(nftables: Command): void {
  const remove = nftables
    .command('remove')
    .description('take the rules away, at once and at boot')
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await import('./intercept_confirm.ts')).interceptRemove(flags)));
  examplesOf(remove, ['clawgress intercept nftables remove']);
}

function registerStatus(nftables: Command): void {
  const status = withState(
    nftables
      .command('status')
      .description('compare the rules in force with the settings; 0 the same, 1 not; with counters'),
  )
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await import('./intercept_status.ts')).interceptStatus(flags)));
  examplesOf(status, [
    'clawgress intercept nftables status',
    'clawgress intercept nftables status --json | jq .counters',
  ]);
}
