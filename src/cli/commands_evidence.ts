import type { Command } from 'commander';
import { examplesOf, finish } from './action.ts';
import { type Flags, withState } from './options.ts';

const JSON_HELP = 'machine-readable output';

/** `receipts`, `keys`, `export`, `verify`, `replay`. */
export function registerEvidence(program: Command): void {
  registerReceipts(program.command('receipts').description('read the journal: what was decided, and why'));
  registerKeys(program.command('keys').description('public keys of this installation'));
  registerBundles(program);
}

function registerReceipts(receipts: Command): void {
  const load = () => import('./receipts.ts');
  const list = filters(receipts.command('list').description('the newest receipts')).action(
    async (flags: Flags) => finish((await load()).listReceipts(flags)),
  );
  examplesOf(list, [
    'clawgress receipts list --verdict deny --limit 50',
    'clawgress receipts list --agent demo-agent --json',
  ]);
  const tail = filters(
    receipts.command('tail').description('receipts as they become durable, until Ctrl-C'),
  ).action(async (flags: Flags) => finish(await (await load()).tailReceipts(flags)));
  examplesOf(tail, ['clawgress receipts tail', 'clawgress receipts tail --verdict deny --json']);
  const show = withState(
    receipts.command('show <id>').description('one receipt as it was signed, and its outcome'),
  )
    .option('--json', 'the same; `show` always prints JSON')
    .action(async (id: string, flags: Flags) => finish((await load()).showReceipt(id, flags)));
  examplesOf(show, ['clawgress receipts show 0193c1b2-7c1e-7b52-9d57-0d1f4e6a2b11']);
  const why = withState(
    receipts.command('why [id]').description('why a request was allowed or denied, in words'),
  )
    .option('--agent <id>', 'the newest receipt of this agent')
    .option('--last', 'the newest receipt')
    .option('--json', JSON_HELP)
    .action(async (id: string | undefined, flags: Flags) => finish((await load()).whyReceipt(id, flags)));
  examplesOf(why, [
    'clawgress receipts why 0193c1b2-7c1e-7b52-9d57-0d1f4e6a2b11      a receipt id or an x-request-id',
    'clawgress receipts why --agent demo-limited --last',
  ]);
}

function filters(command: Command): Command {
  return withState(command)
    .option('--agent <id>', 'of this agent')
    .option('--verdict <verdict>', 'allow | deny')
    .option('--reason <code>', 'with this reason code')
    .option('--host <host>', 'for this destination')
    .option('-n, --limit <n>', 'at most so many')
    .option('--json', 'one JSON object per line');
}

function registerKeys(keys: Command): void {
  const command = withState(keys.command('export').description('write the trust file that `verify` needs'))
    .option('-o, --output <file>', 'where to (default: standard output)')
    .option('--json', 'the same; the trust file is JSON')
    .action(async (flags: Flags) => finish(await (await import('./keys.ts')).exportKeys(flags)));
  examplesOf(command, ['clawgress keys export -o keys.json']);
}

function registerBundles(program: Command): void {
  const exporting = withState(program.command('export').description('write an evidence bundle'))
    .requiredOption('-o, --output <file>', 'the zip file')
    .option(
      '--since <when>',
      'from this time (2026-03-01T00:00:00Z) or sequence number on (default: everything)',
    )
    .option('--log <folder>', 'a log that `recorder restore-accept` kept: its folder below restored/')
    .option('--json', JSON_HELP)
    .action(async (flags: Flags) => finish(await (await import('./export.ts')).exportEvidence(flags)));
  examplesOf(exporting, [
    'clawgress export -o evidence.zip',
    'clawgress export --since 2026-03-01T00:00:00Z -o march.zip',
    'clawgress export --since 1200 -o tail.zip',
  ]);
  const verify = program
    .command('verify <bundle>')
    .description('verify an evidence bundle, offline')
    .option('--trust <file>', 'the trust file of `keys export`, got through a channel that you trust')
    .option('--json', JSON_HELP)
    .action(async (bundle: string, flags: Flags) =>
      finish(await (await import('./verify.ts')).verify(bundle, flags)),
    );
  examplesOf(verify, [
    'clawgress verify evidence.zip --trust keys.json',
    'clawgress verify evidence.zip --trust keys.json --json',
  ]);
  const replay = program
    .command('replay <bundle>')
    .description('re-decide every decision of a bundle from its recorded inputs')
    .option('--json', JSON_HELP)
    .action(async (bundle: string, flags: Flags) =>
      finish(await (await import('./replay.ts')).replay(bundle, flags)),
    );
  examplesOf(replay, ['clawgress replay evidence.zip']);
}
