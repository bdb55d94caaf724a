/**
 * A recorder in a process of its own: `child_recorder.ts <json>` with `RecorderTask`. Says `HEAD <log id> <seq> <line
 * hash> <receipt id>` for each decision it made durable, `OPEN` before the first and `DONE` after the last, then waits;
 * a line on stdin stops it in order. A refusal to start goes to stderr, with exit code 3.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { RecorderError } from '../../../src/recorder/options.ts';
import { sentReceipts } from '../../../src/server/known_receipts.ts';
import { appended, limitOp, openWithPolicy, proposal, SETTINGS } from '../../unit/recorder/workbench.ts';

export interface RecorderTask {
  readonly dir: string;
  readonly heads_file?: string;
  readonly appends: number;
}

const task = JSON.parse(process.argv[2] ?? '') as RecorderTask;
try {
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
  await once(process.stdin, 'data');
  await recorder.stop();
} catch (error) {
  if (!(error instanceof RecorderError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 3;
}
process.stdin.destroy();

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
