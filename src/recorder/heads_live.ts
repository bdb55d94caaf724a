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

/**
 * False when the journal does not hold that line: then the disk under this recorder was rolled back while the gateway
 * lived on. The head is kept, so that no later start goes on without an operator, and this recorder fails.
 */
export async function knowsHead(
  { options, state, loop }: LiveParts,
  answered: AnsweredHead,
): Promise<boolean> {
  // Only what is durable can be compared with what was answered.
  await new Promise<void>((resolve) => loop.atRest(resolve));
  const { log_id, seq, line_hash } = answered;
  const where = 'a gateway that was answered before';
  const head: KnownHead = { source: 'gateway', where, log_id, records: seq + 1, line_hash };
  const problem = compareHead(heldLog(options.layout.journal_dir, state), head);
  if (problem === undefined) return true;
  new ReportedHead(options.layout.reported_head).report(head);
  const refusal = new RecorderError(rolledBackText([problem]));
  options.log.error({ head }, refusal.message);
  // After the gateway has its answer.
  setImmediate(() => loop.fail(refusal));
  return false;
}
