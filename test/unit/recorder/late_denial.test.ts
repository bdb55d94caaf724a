/** Promise: a held request whose gateway died gets its one denial, whatever policy is live by then, and nothing else does. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { DecisionDraft, Proposal } from '../../../src/core/verdict/proposal.ts';
import {
  limitOp,
  ManualClock,
  openWithPolicy,
  POLICY_BYTES,
  POLICY_HASH,
  proposal,
  recordsOf,
  SETTINGS,
  StateDirs,
} from './workbench.ts';

const states = new StateDirs();
afterEach(() => states.clean());

const OTHER = `sha256:${'1'.repeat(64)}`;
const unfinished = (overrides: Partial<DecisionDraft> = {}): Proposal => ({
  ...proposal({ verdict: 'deny', reason: 'BODY_NOT_COMPLETED', registry_hash: OTHER, ...overrides }),
  late: true,
});
const decisions = (dir: string) => recordsOf(dir).filter(({ type }) => type === 'decision');

test('a late denial is taken under an older policy or registry; another denial is not', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const { late: _, ...early } = unfinished();
  assert.deepEqual(await recorder.append(early), { ok: false, problem: 'STALE_SNAPSHOT' });
  for (const one of [unfinished(), unfinished({ policy_hash: OTHER })]) {
    assert.equal(recorder.decided(one.draft.request_id), false);
    const answer = await recorder.append(one);
    assert.ok(answer.ok, JSON.stringify(answer));
    assert.equal(answer.value.verdict, 'deny');
    assert.equal(recorder.decided(one.draft.request_id), true);
  }
  await recorder.stop();
  const written = decisions(dir);
  assert.deepEqual(
    written.map(({ reason, late }) => [reason, late]),
    [
      ['BODY_NOT_COMPLETED', undefined],
      ['BODY_NOT_COMPLETED', undefined],
    ],
  );
});

test('nothing but a denial for want of a body, without operations, may come late', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const hostile: Proposal[] = [
    unfinished({ verdict: 'allow', reason: 'POLICY_ALLOW' }),
    unfinished({ verdict: 'allow', reason: 'BODY_NOT_COMPLETED' }),
    unfinished({ reason: 'POLICY_DENY' }),
    { ...proposal({}, [limitOp()]), late: true },
    { ...unfinished(), ops: [limitOp()], denials: [{ reason: 'LIMIT_RPS', rule_id: 'x' }] },
    { ...proposal(), late: true },
  ];
  for (const one of hostile) await assert.rejects(recorder.append(one), RangeError);
  await recorder.stop();
  assert.equal(decisions(dir).length, 0);
});

test('a receipt id is decided once: open, closed, denied or late, also after the window of retries and a restart', async () => {
  const dir = states.create();
  const clock = new ManualClock();
  let recorder = await openWithPolicy(dir, { clock });
  const open = proposal();
  const closed = proposal();
  const denied = proposal({ verdict: 'deny', reason: 'POLICY_DENY' });
  const late = unfinished();
  for (const one of [open, closed, denied, late]) assert.ok((await recorder.append(one)).ok, 'first');
  await recorder.close({
    receipt_id: closed.draft.receipt_id,
    request_id: closed.draft.request_id,
    facts: { state: 'completed', bytes_in: 0, bytes_out: 0, latency_ms: 0 },
    source: { kind: 'live' },
  });
  const again = async () => {
    for (const { draft } of [open, closed, denied, late]) {
      const second = unfinished({ receipt_id: draft.receipt_id });
      assert.deepEqual(await recorder.append(second), { ok: false, problem: 'REQUEST_KEY_REUSED' });
    }
    const revived = proposal({ receipt_id: late.draft.receipt_id });
    assert.deepEqual(await recorder.append(revived), { ok: false, problem: 'REQUEST_KEY_REUSED' });
  };
  await again();
  clock.advance(60_000);
  await again();
  await recorder.stop();
  recorder = await openWithPolicy(dir, { clock });
  await again();
  assert.equal(recorder.decided(late.draft.request_id), true);
  await recorder.stop();
  assert.equal(decisions(dir).length, 4);
});

test('a repeated late denial within the window of retries gets the first answer', async () => {
  const recorder = await openWithPolicy(states.create());
  const one = unfinished();
  const first = await recorder.append(one);
  assert.ok(first.ok);
  assert.deepEqual(await recorder.append(one), first);
  await recorder.stop();
});

test('late denials are written, not folded, however many come', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, denials_per_second: 2 } });
  const all = Array.from({ length: 10 }, () => unfinished());
  for (const answer of await Promise.all(all.map((one) => recorder.append(one)))) assert.ok(answer.ok);
  assert.ok(all.every(({ draft }) => recorder.decided(draft.request_id)));
  await recorder.recordPolicy({
    policy_id: 'test',
    policy_hash: POLICY_HASH,
    canonical: POLICY_BYTES,
    registry_hash: OTHER,
    trust: 'local',
  });
  await recorder.stop();
  assert.equal(decisions(dir).length, 10);
});
