import type { Command } from 'commander';
import { examplesOf, finish } from './action.ts';
import { type Flags, withState } from './options.ts';

const JSON_HELP = 'machine-readable output';
const AFTER_HELP = 'when it signs: so many hours after agents can trust it (default: 24)';

/** The authorities of TLS interception. */
export function registerCa(program: Command): void {
  const ca = program.command('ca').description('the certificate authority of TLS interception');
  const show = withState(ca.command('show').description('who signs, who is trusted, until when'))
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await import('./ca_show.ts')).caShow(flags)));
  examplesOf(show, [
    'clawgress ca show',
    'clawgress ca show --json | jq -r .bundle      the file that agents trust',
  ]);
  const rotate = withState(
    ca.command('rotate').description('make a new root: trusted at once, signing later'),
  )
    .option('--after <hours>', AFTER_HELP)
    .option(
      '--now',
      'it signs at once: agents that have not read the bundle again will refuse its certificates',
    )
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish(await (await import('./ca_change.ts')).caRotate(flags)));
  examplesOf(rotate, ['clawgress ca rotate', 'clawgress ca rotate --after 72', 'clawgress ca rotate --now']);
  registerImport(ca);
  const remove = withState(
    ca.command('remove <name>').description('no longer trust an authority; delete its key'),
  )
    .option('--json', JSON_HELP)
    .action(async (name: string, flags: Flags) =>
      finish((await import('./ca_change.ts')).caRemove(name, flags)),
    );
  examplesOf(remove, ['clawgress ca remove root']);
}

function registerImport(ca: Command): void {
  const command = withState(ca.command('import').description('sign with an authority of your own PKI'))
    .requiredOption('--chain <file>', 'PEM: the signing certificate first, each followed by its issuer')
    .requiredOption('--key <file>', 'PEM: its private key, unencrypted, mode 0600')
    .option('--after <hours>', AFTER_HELP)
    .option('--now', 'it signs at once')
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish((await import('./ca_change.ts')).caImport(flags)));
  examplesOf(command, [
    'clawgress ca import --chain intermediate-and-root.pem --key intermediate.key',
    'clawgress ca import --chain intermediate-and-root.pem --key intermediate.key --now',
  ]);
}
