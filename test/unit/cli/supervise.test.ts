import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Part, pauseOf, type Running, supervise } from '../../../src/cli/supervise.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';

const QUICK = { first_ms: 1, max_ms: 4, stable_ms: 60_000 };

/** A part whose runs end when the test says so. */
function scripted(failures: readonly number[] = []) {
  const runs: { end: (how: string) => void; stopped: boolean; killed: boolean }[] = [];
  let starts = 0;
  let waiting: (() => void)[] = [];
  const part: Part = {
    name: 'part',
    async start(): Promise<Running> {
      starts += 1;
      for (const wake of waiting.splice(0)) wake();
      if (failures.includes(starts)) throw new Error(`start ${starts} failed`);
      let end: (how: string) => void = () => {};
      const gone = new Promise<string>((resolve) => {
        end = resolve;
      });
      const run = { end, stopped: false, killed: false };
      runs.push(run);
      return {
        gone,
        stop: async () => {
          run.stopped = true;
          end('stopped');
        },
        kill: () => {
          run.killed = true;
          end('killed');
        },
      };
    },
  };
  const started = async (count: number) => {
    while (starts < count) await new Promise<void>((resolve) => waiting.push(resolve));
    // The run is registered in a later tick than the start.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { part, runs, started, count: () => starts, forget: () => (waiting = []) };
}

function logOf() {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line).msg) };
  return { lines, log: createLogger({ part: 'up', level: 'info', format: 'json', sink }) };
}

test('pauses double up to the maximum', () => {
  const backoff = { first_ms: 100, max_ms: 10_000, stable_ms: 1 };
  assert.deepEqual(
    [1, 2, 3, 4, 8, 50].map((failures) => pauseOf(failures, backoff)),
    [100, 200, 400, 800, 10_000, 10_000],
  );
});

test('a part that ends is started again, with one line per event', async () => {
  const { part, runs, started } = scripted();
  const { lines, log } = logOf();
  const keeper = await supervise(part, log, QUICK);
  runs[0]?.end('SIGKILL');
  await started(2);
  runs[1]?.end('exit code 1');
  await started(3);
  await keeper.stop();
  assert.equal(runs[2]?.stopped, true);
  assert.deepEqual(lines, [
    'part ended; starting it again in 1 ms',
    'part is back',
    'part ended; starting it again in 2 ms',
    'part is back',
  ]);
});

test('a restart that fails is tried again', async () => {
  const { part, runs, started } = scripted([2, 3]);
  const { log } = logOf();
  const keeper = await supervise(part, log, QUICK);
  runs[0]?.end('exit code 70');
  await started(4);
  await keeper.stop();
  assert.equal(runs.length, 2);
  assert.equal(runs[1]?.stopped, true);
});

test('the very first start must work', async () => {
  const { part } = scripted([1]);
  await assert.rejects(supervise(part, logOf().log, QUICK), /start 1 failed/);
});

test('stop during the pause ends the waiting and starts nothing', async () => {
  const { part, runs, count } = scripted();
  const keeper = await supervise(part, logOf().log, { first_ms: 3_600_000, max_ms: 3_600_000, stable_ms: 1 });
  runs[0]?.end('exit code 1');
  await new Promise((resolve) => setImmediate(resolve));
  await keeper.stop();
  assert.equal(count(), 1);
});

test('kill does not wait and nothing is started afterwards', async () => {
  const { part, runs, count } = scripted();
  const keeper = await supervise(part, logOf().log, QUICK);
  keeper.kill();
  await keeper.stop();
  assert.equal(runs[0]?.killed, true);
  assert.equal(count(), 1);
});
