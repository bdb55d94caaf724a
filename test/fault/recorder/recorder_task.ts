import { join } from 'node:path';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import { sentReceipts } from '../../../src/server/known_receipts.ts';
import { appended, limitOp, openWithPolicy, proposal, SETTINGS } from '../../unit/recorder/workbench.ts';

export interface RecorderTask {
  readonly dir: string;
  readonly heads_file?: string;
  readonly appends: number;
}

/**
 * Opens a recorder, appends and signs a checkpoint. Says `HEAD <log id> <seq> <line hash> <receipt id>` for each decision
 * that is durable, `OPEN` before the first and `DONE` after the last. Rejects with `RecorderError` on a refusal to start.
 */
export async function perform(task: RecorderTask, say: (line: string) => void): Promise<Recorder> {
  const recorder = await openWithPolicy(task.dir, {
    settings: { ...SETTINGS, ...(task.heads_file === undefined ? {} : { heads_file: task.heads_file }) },
    sentReceipts: (from) => sentReceipts(join(task.dir, 'envoy'), from),
    log: { info: () => undefined, warn: (_, text) => say(`WARN ${text}`), error: () => undefined },
  });
  say('OPEN');
  const { log_id } = recorder.status();
  for (let i = 0; i < task.appends; i++) {
    const { seq, line_hash, receipt_id } = await appended(recorder, proposal({}, [limitOp()]));
    say(`HEAD ${log_id} ${seq} ${line_hash} ${receipt_id}`);
  }
  await recorder.checkpoint();
  say('DONE');
  return recorder;
}
