import { type Command, Option } from 'commander';
import { EDIT_KINDS } from '../core/body/repair_edit.ts';
import { examplesOf, finish } from './action.ts';
import { limitsOf, withLimits } from './json_limit_flags.ts';
import type { Flags } from './options.ts';
import { toStderr, toStdout } from './output.ts';

/** `json check` and `json repair`: bodies as the gateway's reader sees them. */
export function registerJson(program: Command): void {
  const json = program
    .command('json')
    .description('what is strict JSON, what is not, and what can be mended');
  registerCheck(json);
  registerRepair(json);
}

function registerCheck(json: Command): void {
  const check = withLimits(
    json
      .command('check <file>')
      .description('whether a file (- is standard input) is strict JSON, and where not'),
  )
    .addOption(new Option('--lines', 'one text per line (NDJSON)').conflicts('sequence'))
    .option('--sequence', 'texts between RS and LF (RFC 7464)')
    .option('--json', 'machine-readable output')
    .action(async (file: string, flags: Flags) => {
      const [{ jsonCheck }, { piecesOf }] = await Promise.all([
        import('./json_check.ts'),
        import('./input_bytes.ts'),
      ]);
      const [format] = (['lines', 'sequence'] as const).filter((name) => flags[name] === true);
      const args = { file, limits: limitsOf(flags), json: flags['json'] === true };
      finish(await jsonCheck(format === undefined ? args : { ...args, format }, piecesOf(file), toStdout));
    });
  examplesOf(check, [
    'clawgress json check body.json',
    'clawgress json check --lines --json events.ndjson',
    'curl -s https://api.example.com/items | clawgress json check --numbers any -',
  ]);
}

function registerRepair(json: Command): void {
  const repair = withLimits(
    json
      .command('repair <file>')
      .description('a file (- is standard input) as strict JSON, when only how it is written is wrong'),
  )
    .option('--kinds <list>', `edits that may be made: ${EDIT_KINDS.join(',')} (default: all)`)
    .option('-o, --output <file>', 'write the text there, readable by you alone (default: standard output)')
    .option('--json', 'machine-readable output, with the text and every edit')
    .action(async (file: string, flags: Flags) => {
      const [{ jsonRepair, kindsOf }, { piecesOf }] = await Promise.all([
        import('./json_repair.ts'),
        import('./input_bytes.ts'),
      ]);
      const { kinds, output } = flags;
      const args = {
        file,
        limits: limitsOf(flags),
        kinds: kindsOf(typeof kinds === 'string' ? kinds : undefined),
        json: flags['json'] === true,
        ...(typeof output === 'string' ? { output } : {}),
      };
      finish(await jsonRepair(args, piecesOf(file), toStdout, toStderr));
    });
  examplesOf(repair, [
    'clawgress json repair answer.txt -o answer.json',
    'clawgress json repair --kinds code_fence,trailing_comma - < answer.txt',
  ]);
}
