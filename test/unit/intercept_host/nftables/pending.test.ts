import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  addPending,
  alone,
  ChangeError,
  claim,
  forgetRollback,
  openChangesDir,
  type Previous,
  pendingChanges,
  previousOf,
  removeChangesDir,
  rollbackState,
} from '../../../../src/intercept_host/nftables/pending.ts';

const BEFORE: Previous = { ruleset: 'old\n', route: ['rule4', 'route4'] };
const CHANGE = { ruleset: 'new\n', route: false, persist: false, deadline_ms: 1_000 };

function changes(t: TestContext): string {
  const base = mkdtempSync(join(tmpdir(), 'cg-changes-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const dir = join(base, 'run', '4026531840');
  openChangesDir(dir);
  return dir;
}

test('of confirmation and rollback exactly one wins', (t) => {
  const dir = changes(t);
  const pending = addPending(dir, BEFORE, CHANGE);
  assert.deepEqual(pendingChanges(dir), [pending]);
  assert.deepEqual(previousOf(pending), BEFORE);
  // What the watchdog does first.
  renameSync(pending.path, join(dir, `rolling-${pending.token}`));
  assert.equal(claim(pending), false);
  const second = addPending(dir, BEFORE, CHANGE);
  assert.equal(claim(second), true);
  assert.equal(claim(second), false);
  assert.deepEqual(pendingChanges(dir), []);
});

test('changes come in the order of their deadlines', (t) => {
  const dir = changes(t);
  for (const deadline_ms of [3, 1, 2]) addPending(dir, BEFORE, { ...CHANGE, deadline_ms });
  assert.deepEqual(
    pendingChanges(dir).map((one) => one.deadline_ms),
    [1, 2, 3],
  );
});

test('a rollback that does not end is called failed, and can be left behind', (t) => {
  const dir = changes(t);
  assert.equal(rollbackState(dir, Date.now()), 'none');
  mkdirSync(join(dir, 'rolling-abc'));
  assert.equal(rollbackState(dir, Date.now()), 'running');
  assert.equal(rollbackState(dir, Date.now() + 120_000), 'failed');
  forgetRollback(dir);
  assert.equal(rollbackState(dir, Date.now()), 'none');
});

test('one change at a time; a lock that somebody left behind does not last', (t) => {
  const dir = changes(t);
  assert.equal(
    alone(dir, () => {
      assert.throws(() => alone(dir, () => 0), ChangeError);
      return 7;
    }),
    7,
  );
  mkdirSync(join(dir, 'changing'));
  utimesSync(join(dir, 'changing'), 1, 1);
  assert.equal(
    alone(dir, () => 8),
    8,
  );
});

test('a folder that others can write is refused: its content is loaded as root', (t) => {
  const dir = changes(t);
  chmodSync(dir, 0o777);
  assert.throws(() => openChangesDir(dir), ChangeError);
});

test('removing the last folder removes the one above', (t) => {
  const dir = changes(t);
  addPending(dir, BEFORE, CHANGE);
  removeChangesDir(dir);
  removeChangesDir(dir);
  assert.ok(!existsSync(join(dir, '..')), 'both are gone');
});
