/** Promise: whoever watches the recorder sees that the heads file is not written, and when it is again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { recorderGauges } from '../../../src/cli/readiness.ts';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { HeadsFile } from '../../../src/recorder/heads_file.ts';
import { appended, openWithPolicy, proposal, SETTINGS, StateDirs } from './workbench.ts';

const dirs = new StateDirs();
after(() => dirs.clean());

test('storage that goes away shows in status and gauge, and so does its return', async () => {
  const dir = dirs.create();
  const elsewhere = join(dir, 'elsewhere');
  mkdirSync(elsewhere);
  const settings = { ...SETTINGS, heads_file: join(elsewhere, 'heads') };
  const recorder = await openWithPolicy(dir, { settings });
  const gauge = () => recorderGauges(recorder.status()).heads_file_failed;
  await appended(recorder, proposal());
  await recorder.checkpoint();
  assert.equal(gauge(), 0);
  rmSync(elsewhere, { recursive: true });
  await appended(recorder, proposal());
  const { size } = await recorder.checkpoint();
  assert.ok(size > 0, 'the recorder goes on');
  assert.equal(gauge(), 1);
  mkdirSync(elsewhere);
  await appended(recorder, proposal());
  await recorder.checkpoint();
  assert.equal(gauge(), 0);
  assert.equal(recorderGauges(recorder.status()).clock_held_back_s, 0);
  await recorder.stop();
});

test('a write that hangs counts as failed, and is said once, until it goes on', async () => {
  const dir = dirs.create();
  const path = join(dir, 'heads');
  // Opening a pipe for writing waits for a reader, as storage that hangs does.
  assert.equal(spawnSync('mkfifo', [`${path}.new`]).status, 0);
  const said: string[] = [];
  const note = (_: object, text: string) => void said.push(text);
  const log = { info: note, warn: note, error: note };
  const file = new HeadsFile(path, openKeyring(join(dir, 'keys')).log, log, 20);
  await file.publish('one');
  await file.publish('two');
  assert.equal(file.failing, true);
  assert.equal(said.length, 1);
  const reader = await open(`${path}.new`, 'r');
  while (said.length < 2 && file.failing) await sleep(5);
  await reader.close();
  // A pipe cannot be synced, so this write failed in the end; the next one goes to a plain file.
  rmSync(`${path}.new`, { force: true });
  await file.publish('three');
  // Only one that is over is known not to hang, and a disk may take longer than the little that a write may here.
  while (file.failing) await sleep(5);
  assert.equal(readFileSync(path, 'utf8'), 'three');
  assert.match(said.at(-1) ?? '', /is written again/);
});
