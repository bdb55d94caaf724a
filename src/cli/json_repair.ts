import { writeFileSync } from 'node:fs';
import type { JsonLimits } from '../core/body/json_limits.ts';
import { type Repaired, type RepairProblem, repairJson } from '../core/body/repair.ts';
import { EDIT_KINDS, type EditKind, type EditRecord } from '../core/body/repair_edit.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { bytesOf, nameOf, type Pieces } from './input_bytes.ts';
import { isMendable } from './json_meaning.ts';
import { problemText } from './json_text.ts';
import type { Write } from './output.ts';
import { PlaceKeeper } from './text_place.ts';

const EDITS_MAX = 100_000;
/** Edits that the terminal is told one by one; --json tells all. */
const EDITS_SHOWN = 20;
/** Of a new file: what was sent to a model is nobody else's. */
const OUTPUT_MODE = 0o600;

export interface JsonRepairArgs {
  readonly file: string;
  readonly limits: JsonLimits;
  readonly kinds: readonly EditKind[];
  /** File for the repaired text; absent: standard output. */
  readonly output?: string;
  readonly json: boolean;
}

/** The kinds of a list with commas; absent: all of them. Throws CliError for others. */
export function kindsOf(text: string | undefined): readonly EditKind[] {
  if (text === undefined) return EDIT_KINDS;
  return text.split(',').map((name) => {
    const kind = EDIT_KINDS.find((known) => known === name.trim());
    if (kind !== undefined) return kind;
    throw new CliError(
      EXIT.usage,
      `--kinds does not know ${JSON.stringify(name)}; it takes ${EDIT_KINDS.join(', ')}`,
    );
  });
}

/** `json repair`: the text as strict JSON, when only how it is written is wrong. */
export async function jsonRepair(
  args: JsonRepairArgs,
  pieces: Pieces,
  out: Write,
  err: Write,
): Promise<ExitCode> {
  const { limits, kinds } = args;
  const bytes = await bytesOf(pieces, limits.bytesMax);
  const repaired = repairJson(bytes, limits, { bytesMax: limits.bytesMax, editsMax: EDITS_MAX, kinds });
  if (!repaired.ok) return refused(args, bytes, repaired.problem, out, err);
  if (args.output !== undefined) writeFileSync(args.output, repaired.value.bytes, { mode: OUTPUT_MODE });
  if (args.json) out(`${JSON.stringify(asJson(args, repaired.value))}\n`);
  else {
    if (args.output === undefined) out(repaired.value.bytes);
    err(editsText(args.file, repaired.value.edits));
  }
  return EXIT.ok;
}

function asJson({ file, output }: JsonRepairArgs, { bytes, edits }: Repaired): object {
  const result = output === undefined ? { text: new TextDecoder().decode(bytes) } : { output };
  return { file, ok: true, edits, ...result };
}

/** Standard output is for the text alone: without one, nothing is written there. */
function refused(
  { file, json }: JsonRepairArgs,
  bytes: Uint8Array,
  problem: RepairProblem,
  out: Write,
  err: Write,
): ExitCode {
  const keeper = new PlaceKeeper();
  keeper.add(bytes);
  const placed = { ...problem, ...keeper.placeOf(problem.offset) };
  if (json) out(`${JSON.stringify({ file, ok: false, ...placed })}\n`);
  else {
    const next = isMendable(problem.code) ? 'mend it by hand, or allow more with --kinds' : undefined;
    err(`it cannot be repaired without guessing\n${problemText(file, placed, next)}`);
  }
  return EXIT.no;
}

function editsText(file: string, edits: readonly EditRecord[]): string {
  if (edits.length === 0) return `${nameOf(file)}: nothing to repair\n`;
  const lines = edits
    .slice(0, EDITS_SHOWN)
    .map(
      ({ offset, kind, removed, inserted }) =>
        `  byte ${offset}: ${kind}, ${removed} removed, ${inserted} inserted\n`,
    );
  const more =
    edits.length > EDITS_SHOWN ? `  and ${edits.length - EDITS_SHOWN} more; --json lists all\n` : '';
  return `${nameOf(file)}: ${edits.length} ${edits.length === 1 ? 'edit' : 'edits'}\n${lines.join('')}${more}`;
}
