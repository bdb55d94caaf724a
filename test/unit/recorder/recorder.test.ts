import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { journalLines } from '../../support/naive_journal.ts';
import {
  appended,
  kinds,
  limitOp,
  ManualClock,
  openWithPolicy,
  POLICY_BYTES,
  POLICY_HASH,
  proposal,
  proposalOf,
  recordsOf,
  StateDirs,
} from './workbench.ts';

const states = new StateDirs();
const stateDir = () => states.create();
afterEach(() => states.clean());

test('a journal begins with genesis and delegation by the root, ends with stop, and reads with plain tools', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  await appended(recorder, proposal());
  await recorder.stop();
  assert.deepEqual(kinds(dir), ['genesis', 'key_delegation', 'start', 'policy', 'allow', 'stop']);
  const [genesis, delegation, ...rest] = recordsOf(dir);
  assert.equal(genesis?.['key_id'], genesis?.['root_key'].key_id);
  assert.equal(delegation?.['key_id'], genesis?.['root_key'].key_id);
  assert.equal(delegation?.['first_seq'], 2);
  for (const record of rest) assert.equal(record['key_id'], delegation?.['key'].key_id);
  const artifact = readFileSync(join(dir, 'artifacts', 'sha256', POLICY_HASH.slice(7)));
  assert.deepEqual(artifact, POLICY_BYTES);
});

test('the answer names the line on disk and its leaf in the tree', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const value = await appended(recorder, proposal());
  const line = journalLines(join(dir, 'journal'))[value.seq] ?? '';
  assert.equal(value.line_hash, createHash('sha256').update(line).digest('hex'));
  assert.equal(value.leaf_hash, createHash('sha256').update('\0').update(line).digest('hex'));
  await recorder.stop();
});

test('a retry gets the first result byte for byte and no second record or charge, also after a restart', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const one = proposal({}, [limitOp()]);
  const again = { ...one, draft: { ...one.draft, receipt_id: '0190a000-0000-7000-8000-000000000000' } };
  const [first, second] = await Promise.all([recorder.append(one), recorder.append(again)]);
  assert.deepEqual(second, first);
  assert.deepEqual(await recorder.append(again), first);
  await recorder.stop();
  const reopened = await openWithPolicy(dir);
  assert.deepEqual(await reopened.append(again), first);
  await reopened.stop();
  assert.equal(kinds(dir).filter((kind) => kind === 'allow').length, 1);
});

test('limits are exact, charged once, and refusals carry the wait and the state', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => recorder.append(proposal({}, [limitOp()]))),
  );
  const verdicts = answers.map((one) => (one.ok ? one.value.verdict : one.problem));
  assert.deepEqual(verdicts, [...Array(20).fill('allow'), ...Array(10).fill('deny')]);
  const refused = answers[25];
  assert.ok(refused?.ok);
  assert.equal(refused.value.reason, 'LIMIT_RPS');
  assert.equal(refused.value.retry_after_ms, 50);
  assert.deepEqual(refused.value.limit, { limit_id: 'per-agent/rps', remaining: 0, reset_ms: 1_000 });
  clock.advance(50);
  assert.equal((await appended(recorder, proposal({}, [limitOp()]))).verdict, 'allow');
  assert.equal((await appended(recorder, proposal({}, [limitOp()]))).verdict, 'deny');
  await recorder.stop();
  const states = recordsOf(dir).flatMap((one) => one['rate_limit_bucket_state'] ?? []);
  assert.equal(states.length, 32);
  assert.ok(states.every((state) => /^[0-9a-f]{64}$/.test(state.key_commitment)));
  assert.doesNotMatch(JSON.stringify(states), /5:alice/);
});

test('alert_only passes and is flagged', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { clock: new ManualClock() });
  const op = limitOp({ mode: 'alert_only', tolerance_us: 0 });
  for (let i = 0; i < 2; i++) assert.equal((await appended(recorder, proposal({}, [op]))).verdict, 'allow');
  await recorder.stop();
  const flags = recordsOf(dir)
    .flatMap((one) => one['rate_limit_bucket_state'] ?? [])
    .map((state) => state.exceeded);
  assert.deepEqual(flags, [undefined, true]);
});

test('a decision that does not fit is refused before anything is charged', async () => {
  const recorder = await openWithPolicy(stateDir(), { clock: new ManualClock() });
  const one = proposal();
  const large = proposalOf(
    { ...one.draft, request: { ...one.draft.request, path: `/${'a'.repeat(9_000)}` } },
    [limitOp()],
  );
  assert.deepEqual(await recorder.append(large), { ok: false, problem: 'RECORD_TOO_LARGE' });
  assert.equal(recorder.status().buckets, 0);
  assert.equal(recorder.status().decisions, 0);
  assert.equal((await appended(recorder, proposalOf(one.draft, [limitOp()]))).limit?.remaining, 19);
  await recorder.stop();
});

test('after stop nothing is accepted', async () => {
  const recorder = await openWithPolicy(stateDir());
  const pending = recorder.append(proposal());
  await recorder.stop();
  assert.ok((await pending).ok, 'what was queued before is written');
  assert.deepEqual(await recorder.append(proposal()), { ok: false, problem: 'RECORDER_UNAVAILABLE' });
  assert.equal(recorder.status().phase, 'stopped');
});

test('records hold no clear request key, digest or bucket key', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const one = proposal({}, [limitOp()]);
  await appended(recorder, one);
  await recorder.stop();
  const text = JSON.stringify(recordsOf(dir));
  for (const clear of [one.request_key, one.request_digest, limitOp().key]) assert.ok(!text.includes(clear));
});
