/** Who may write is decided by the kernel's lock alone: not by what a lock file says, nor by who came first. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { recorderOptions, recordsOf, StateDirs } from '../../unit/recorder/workbench.ts';

const CHILD = fileURLToPath(new URL('./child_recorder.ts', import.meta.url));
const dirs = new StateDirs();
const children: { kill(signal: 'SIGKILL'): boolean }[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  dirs.clean();
});

function start(dir: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify({ dir, appends: 2 })]);
  children.push(child);
  let [out, err] = ['', ''];
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  const closed = once(child, 'close');
  const settled = new Promise<'writes' | 'refused'>((resolve) => {
    child.stdout.on('data', (part: Buffer) => {
      out += part.toString();
      if (out.includes('DONE')) resolve('writes');
    });
    closed.then(() => resolve('refused'));
  });
  return { child, closed, settled, error: () => err, output: () => out };
}

/** A process that has certainly ended. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? assert.fail('no process id');
}

test('of several starts at once exactly one writes, and the others say who does', async () => {
  const dir = dirs.create();
  for (let round = 0; round < 2; round++) {
    const racing = [start(dir), start(dir), start(dir)];
    const ends = await Promise.all(racing.map((one) => one.settled));
    assert.deepEqual([...ends].sort(), ['refused', 'refused', 'writes']);
    const writer = racing[ends.indexOf('writes')] ?? assert.fail();
    for (const loser of racing.filter((one) => one !== writer)) {
      assert.equal(loser.child.exitCode, 3);
      assert.match(loser.error(), /the journal is in use: process (\d+|\(unknown\)) holds/);
      assert.equal(loser.output(), '', 'a refused start made nothing durable');
    }
    writer.child.stdin.write('stop\n');
    await writer.closed;
    assert.equal(writer.child.exitCode, 0, writer.error());
  }
  const starts = recordsOf(dir).filter((one) => one['lifecycle'] === 'start');
  assert.equal(starts.length, 2, 'one for each round');
  assert.equal(new Set(starts.map((one) => one['process_id'])).size, 2);
});

test('a lock file left by a process that is gone, or by a number that somebody else has now, keeps nobody out', async () => {
  for (const content of [`${await deadPid()}\n`, `${process.pid}\n`, '1\n', 'not a number', '']) {
    const dir = dirs.create();
    mkdirSync(join(dir, 'journal'));
    writeFileSync(join(dir, 'journal', 'lock'), content);
    const recorder = await openRecorder(recorderOptions(dir));
    assert.equal(readFileSync(join(dir, 'journal', 'lock'), 'latin1'), `${process.pid}\n`);
    await recorder.stop();
  }
});

test('the lock falls with its process, however that ends', async () => {
  const dir = dirs.create();
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const { child, closed, settled } = start(dir);
    assert.equal(await settled, 'writes');
    await assert.rejects(openRecorder(recorderOptions(dir)), new RegExp(`process ${child.pid} holds`));
    child.kill(signal);
    await closed;
    await (await openRecorder(recorderOptions(dir))).stop();
  }
});

test('a stopped process still holds its lock: nobody writes beside a writer that may wake up', async () => {
  const dir = dirs.create();
  const { child, closed, settled } = start(dir);
  assert.equal(await settled, 'writes');
  child.kill('SIGSTOP');
  await assert.rejects(openRecorder(recorderOptions(dir)), /the journal is in use/);
  child.kill('SIGCONT');
  child.stdin.write('stop\n');
  await closed;
  assert.equal(child.exitCode, 0);
});

test('a start that is refused gives its lock back', async () => {
  const dir = dirs.create();
  await (await openRecorder(recorderOptions(dir))).stop();
  const options = recorderOptions(dir);
  await assert.rejects(openRecorder({ ...options, issuer: 'somebody.else' }), /begun by issuer/);
  await (await openRecorder(options)).stop();
});
