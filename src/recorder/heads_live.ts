import type { CommitLoop } from './commit_loop.ts';
import { compareHead, type KnownHead, rolledBackText } from './heads.ts';
import { heldLog, ReportedHead } from './heads_check.ts';
import { RecorderError, type RecorderOptions } from './options.ts';
import type { JournalState } from './state.ts';

/** The last line that a gateway was answered with. */
export interface AnsweredHead {
  readonly log_id: string;
  readonly seq: number;
  readonly line_hash: string;
}

interface LiveParts {
  readonly options: RecorderOptions;
  readonly state: JournalState;
  readonly loop: CommitLoop;
}

/** What the journal says instead, when it does not hold that line: then its disk was rolled back while the gateway lived on. */
export async function missingHead(
  { options, state, loop }: LiveParts,
  answered: AnsweredHead,
): Promise<string | undefined> {
  // Only what is durable can be compared with what was answered.
  await new Promise<void>((resolve) => loop.atRest(resolve));
  return compareHead(heldLog(options.layout.journal_dir, state), headOf(answered));
}

/** Keeps the head, so that no later start goes on without an operator, and fails this recorder. */
export async function refuseFor(parts: LiveParts, answered: AnsweredHead): Promise<void> {
  const problem = await missingHead(parts, answered);
  if (problem === undefined) return;
  const { options, loop } = parts;
  new ReportedHead(options.layout.reported_head).report(headOf(answered));
  const refusal = new RecorderError(rolledBackText([problem]));
  options.log.error({ head: answered }, refusal.message);
  loop.fail(refusal);
}

function headOf({ log_id, seq, line_hash }: AnsweredHead): KnownHead {
  const where = 'a gateway that was answered before';
  return { source: 'gateway', where, log_id, records: seq + 1, line_hash };
}
