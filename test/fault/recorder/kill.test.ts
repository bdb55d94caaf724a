/**
 * Promises: an acknowledged decision survives SIGKILL; a retry after the restart is the same decision.
 * Sabotage that turns "a retry after the kill" red: src/recorder/judge.ts, drop
 * `if (recall.kind === 'same') return ok(recall.result);`.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { readJournal } from '../../support/naive_journal.ts';
import { newStateDir, openWithPolicy, proposal, recorderOptions } from '../../unit/recorder/workbench.ts';

const APPENDER = fileURLToPath(new URL('./appender.ts', import.meta.url));
const state = newStateDir();
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  state.remove();
});

function startAppender(dir: string, prefix: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, ['--import', 'tsx', APPENDER, dir, prefix, '8', '1000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** Acknowledged request ids by sequence number, up to the kill after `count` of them. */
async function killAfter(dir: string, prefix: string, count: number): Promise<Map<string, number>> {
  const acked = new Map<string, number>();
  const child = startAppender(dir, prefix);
  const closed = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, request_id = '', seq = ''] = line.split(' ');
    if (word === 'ACK') acked.set(request_id, Number(seq));
    if (acked.size === count) child.kill('SIGKILL');
  }
  await closed;
  return acked;
}

test('every acknowledged decision survives SIGKILL, and a retry after the kill is the same decision', async () => {
  const acked = new Map<string, number>();
  for (const [round, count] of [40, 150, 90].entries()) {
    for (const [id, seq] of await killAfter(state.dir, `round${round}`, count)) acked.set(id, seq);
  }
  assert.ok(acked.size >= 280);
  const recorder = await openWithPolicy(state.dir, { checkTimeoutMs: 600_000 });
  for (const [request_id, seq] of [...acked].slice(-20)) {
    const answer = await recorder.append(proposal({ request_id }));
    assert.ok(answer.ok);
    assert.equal(answer.value.seq, seq);
  }
  await recorder.stop();
  const records = readJournal(join(state.dir, 'journal'), join(state.dir, 'run', 'public-keys.json'));
  const decisions = records.filter((one) => one['type'] === 'decision');
  const seqOf = new Map(decisions.map((one) => [one['request_id'], one['seq']]));
  assert.equal(seqOf.size, decisions.length, 'one decision for each request');
  for (const [request_id, seq] of acked) assert.equal(seqOf.get(request_id), seq, request_id);
  assert.equal(records.filter((one) => one['lifecycle'] === 'recovery').length, 3);
});

test('a second process is kept out while the first lives, and let in once it is killed', async () => {
  const { dir, remove } = newStateDir();
  const child = startAppender(dir, 'lock');
  try {
    for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('ACK')) break;
    await assert.rejects(openRecorder(recorderOptions(dir)), {
      name: 'RecorderError',
      message: new RegExp(`process ${child.pid} holds`),
    });
    const closed = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await closed;
    const recorder = await openRecorder(recorderOptions(dir));
    await recorder.stop();
  } finally {
    child.kill('SIGKILL');
    remove();
  }
});
