/** The whole installation: a restored state folder is refused, accepted by the operator, and both logs verify. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Running, startClawgress } from '../../support/running.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'cg-rollback-'));
const stateDir = join(root, 'state');
const copy = join(root, 'copy');
process.env['CLAWGRESS_RECORDER_HEADS_FILE'] = join(root, 'elsewhere', 'heads');
mkdirSync(join(root, 'elsewhere'));
let running: Running | undefined;
after(async () => {
  await running?.stop();
  rmSync(root, { recursive: true, force: true });
});

function cli(...args: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(CLI, args, { encoding: 'utf8', timeout: 60_000 });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
const on = (...args: string[]) => cli(...args, '--state-dir', stateDir);

/** Requests through the proxy; statuses in order. */
function ask(count: number): string[] {
  const script =
    'for i in $(seq "$0"); do curl -s -o /dev/null -w "%{http_code} " "$DEMO_UPSTREAM/hello"; done';
  return cli('run', '--state-dir', stateDir, '--', 'sh', '-c', script, String(count)).out.trim().split(' ');
}

async function session(count: number): Promise<void> {
  running = await startClawgress({ stateDir });
  assert.deepEqual(ask(count), Array(count).fill('200'));
  await running.stop();
}

test('from the roll-back to two logs that verify', async () => {
  await session(2);
  cpSync(stateDir, copy, { recursive: true });
  await session(3);
  rmSync(stateDir, { recursive: true });
  cpSync(copy, stateDir, { recursive: true });

  const refused = on('up', '--ports', 'auto');
  assert.equal(refused.code, 3);
  assert.match(refused.err + refused.out, /was rolled back: the heads file/);
  assert.equal(
    on('export', '-o', join(root, 'too-early.zip')).code,
    0,
    'what is held can still be handed over',
  );
  const doctor = JSON.parse(on('doctor', '--json').out);
  const check = doctor.checks.find((one: { check: string }) => one.check === 'roll-back');
  assert.equal(check.status, 'fail');

  const preview = on('recorder', 'restore-accept', '--json');
  assert.equal(preview.code, 1);
  const shown = JSON.parse(preview.out);
  assert.equal(shown.accepted, false);
  assert.equal(shown.known_elsewhere[0].source, 'heads_file');
  const accepted = on('recorder', 'restore-accept', '--yes', '--json');
  assert.equal(accepted.code, 0, accepted.err);
  const { log_id, previous_log_id } = JSON.parse(accepted.out);
  assert.notEqual(log_id, previous_log_id);
  assert.deepEqual(readdirSync(join(stateDir, 'restored')), [previous_log_id]);
  assert.equal(on('recorder', 'restore-accept', '--yes').code, 1, 'there is nothing left to accept');

  await session(1);
  running = await startClawgress({ stateDir });
  assert.match(on('recorder', 'restore-accept').err, /the journal is in use/);
  assert.deepEqual(JSON.parse(on('recorder', 'clock-accept', '--json').out), { moved_ms: 0 });
  await running.stop();

  const [keys, fresh, old] = ['keys.json', 'new.zip', 'old.zip'].map((name) => join(root, name));
  assert.equal(on('keys', 'export', '-o', keys ?? '').code, 0);
  assert.equal(on('export', '-o', fresh ?? '').code, 0);
  assert.equal(on('export', '--log', previous_log_id, '-o', old ?? '').code, 0);
  const oldKeys = join(stateDir, 'restored', previous_log_id, 'run', 'public-keys.json');
  for (const [bundle, trust, id] of [
    [fresh, keys, log_id],
    [old, oldKeys, previous_log_id],
  ]) {
    const verified = cli('verify', bundle, '--trust', trust);
    assert.equal(verified.code, 0, verified.out);
    assert.ok(verified.out.includes(id));
  }
  assert.equal(on('export', '--log', '../keys', '-o', old ?? '').code, 2);
});
