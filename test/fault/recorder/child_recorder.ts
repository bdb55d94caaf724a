/**
 * A recorder in a process of its own: `child_recorder.ts <json>` with `RecorderTask`. Says on stdout what `perform` says,
 * then waits; a line on stdin stops it in order. A refusal to start goes to stderr, with exit code 3.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { RecorderError } from '../../../src/recorder/options.ts';
import { perform, type RecorderTask } from './recorder_task.ts';

try {
  const recorder = await perform(JSON.parse(process.argv[2] ?? '') as RecorderTask, (line) => {
    writeSync(1, `${line}\n`);
  });
  await once(process.stdin, 'data');
  await recorder.stop();
} catch (error) {
  if (!(error instanceof RecorderError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 3;
}
process.stdin.destroy();
