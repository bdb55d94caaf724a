import type { JsonLimits } from '../core/body/json_limits.ts';
import type { JsonProblem } from '../core/body/json_problem.ts';
import { JsonReader } from '../core/body/json_reader.ts';
import { JsonRecords, type RecordFormat } from '../core/body/json_records.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { nameOf, type Pieces } from './input_bytes.ts';
import { type PlacedProblem, problemText } from './json_text.ts';
import type { Write } from './output.ts';
import { AFTER_BYTES, PlaceKeeper } from './text_place.ts';

/** Texts of one stream; only checked, so that nothing of them is held. */
const RECORDS_MAX = 1_000_000_000;

export interface JsonCheckArgs {
  readonly file: string;
  readonly limits: JsonLimits;
  /** Several texts; absent: one. */
  readonly format?: RecordFormat;
  readonly json: boolean;
}

export type Checked =
  | { readonly ok: true; readonly bytes: number; readonly records?: number }
  | ({ readonly ok: false } & PlacedProblem);

/** `json check`: whether a text is JSON as the gateway reads it, and where not. */
export async function jsonCheck(args: JsonCheckArgs, pieces: Pieces, out: Write): Promise<ExitCode> {
  const checked = await check(args, pieces);
  if (args.json) out(`${JSON.stringify({ file: args.file, ...checked })}\n`);
  else if (!checked.ok) out(problemText(args.file, checked));
  else out(`${nameOf(args.file)}: ok, ${checked.bytes} bytes${recordsText(checked.records)}\n`);
  return checked.ok ? EXIT.ok : EXIT.no;
}

function recordsText(records: number | undefined): string {
  return records === undefined ? '' : `, ${records} ${records === 1 ? 'text' : 'texts'}`;
}

/** Holds a few kilobytes of the text, however large it is. */
async function check({ limits, format }: JsonCheckArgs, pieces: Pieces): Promise<Checked> {
  const records =
    format && new JsonRecords(format, { json: limits, recordsMax: RECORDS_MAX, valueBytesMax: 0 });
  const reader: { feed(piece: Uint8Array): JsonProblem | undefined; end(): JsonProblem | undefined } =
    records ?? new JsonReader(limits);
  const keeper = new PlaceKeeper();
  let problem: JsonProblem | undefined;
  for await (const piece of pieces) {
    if (problem === undefined) {
      keeper.add(piece);
      problem = reader.feed(piece);
    } else keeper.addBehind(piece);
    if (problem !== undefined && keeper.end >= problem.offset + AFTER_BYTES) break;
  }
  problem ??= reader.end();
  if (problem !== undefined) return { ok: false, ...problem, ...keeper.placeOf(problem.offset) };
  return { ok: true, bytes: keeper.end, ...(records === undefined ? {} : { records: records.count }) };
}
