import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { DecisionDraft } from '../../../src/core/verdict/proposal.ts';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import {
  ALICE,
  anonymousDenial,
  draft,
  limitOp,
  ManualClock,
  openWithPolicy,
  proposalOf,
  recordsOf,
  SETTINGS,
  StateDirs,
} from './workbench.ts';

const states = new StateDirs();
afterEach(() => states.clean());

const PER_SECOND = 5;
const settings = { ...SETTINGS, denials_per_second: PER_SECOND };
const denial = (overrides: Partial<DecisionDraft> = {}) =>
  draft({ verdict: 'deny', reason: 'POLICY_DENY', ...overrides });

async function answers(recorder: Recorder, drafts: readonly DecisionDraft[]): Promise<string[]> {
  const all = await Promise.all(drafts.map((one) => recorder.append(proposalOf(one))));
  return all.map((one) => {
    if (one.ok) return 'written';
    return typeof one.problem === 'object' ? `folded ${one.problem.reason}` : one.problem;
  });
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const aggregates = (dir: string) => recordsOf(dir).filter(({ lifecycle }) => lifecycle === 'aggregate');

test('denials beyond the rate are counted by reason and agent, and nothing is lost at a stop', async () => {
  const dir = states.create();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { settings, clock });
  const bob = { ...ALICE, agent_id: 'bob' };
  const said = await answers(recorder, [
    ...times(12, () => denial()),
    ...times(3, () => denial({ identity: bob })),
    ...times(7, () => denial({ reason: 'POLICY_NO_MATCH' })),
    ...times(8, () => anonymousDenial()),
  ]);
  assert.equal(said.filter((one) => one === 'written').length, 5 + 3 + 5 + 5);
  clock.advance(1_000);
  assert.deepEqual(await answers(recorder, [denial()]), ['written'], 'the next second begins anew');
  await recorder.stop();
  const [record, ...more] = aggregates(dir);
  assert.deepEqual(more, []);
  assert.deepEqual(record?.['counts'], [
    { reason: 'POLICY_DENY', count: 7, tenant_id: 'default', agent_id: 'alice' },
    { reason: 'POLICY_NO_MATCH', count: 2, tenant_id: 'default', agent_id: 'alice' },
    { reason: 'IDENTITY_MISSING', count: 3, source: '127.0.0.1' },
  ]);
  assert.equal(recordsOf(dir).at(-1)?.['lifecycle'], 'stop');
});

test('allows are never folded, however many there are', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir, { settings, clock: new ManualClock() });
  const said = await answers(
    recorder,
    times(200, () => draft()),
  );
  assert.deepEqual(new Set(said), new Set(['written']));
  await recorder.stop();
  assert.deepEqual(aggregates(dir), []);
});

test('a folded limit denial says why and how long, and charges nothing', async () => {
  const dir = states.create();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { settings, clock });
  const op = limitOp({ tolerance_us: 0 });
  const all = await Promise.all(times(20, () => recorder.append(proposalOf(draft(), [op]))));
  const folded = all.flatMap((one) => (!one.ok && typeof one.problem === 'object' ? [one.problem] : []));
  assert.equal(folded.length, 20 - 1 - PER_SECOND);
  assert.deepEqual(folded[0], {
    ...{ folded: true, reason: 'LIMIT_RPS', rule_id: 'per-agent/rps', retry_after_ms: 50 },
  });
  clock.advance(50);
  assert.equal((await recorder.append(proposalOf(draft(), [op]))).ok, true);
  await recorder.stop();
});

test('a repeated request is counted once', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir, { settings, clock: new ManualClock() });
  await answers(
    recorder,
    times(PER_SECOND, () => denial()),
  );
  const one = proposalOf(denial());
  const [first, second] = [await recorder.append(one), await recorder.append(one)];
  assert.deepEqual(second, first);
  const third = await recorder.append({ ...one, request_digest: 'another' });
  assert.deepEqual(third, { ok: false, problem: 'REQUEST_KEY_REUSED' });
  await recorder.stop();
  assert.equal(aggregates(dir)[0]?.['counts'][0].count, 1);
});

test('counts are written after a while, without anybody asking', async () => {
  const dir = states.create();
  const recorder = await openWithPolicy(dir, { settings });
  await answers(
    recorder,
    times(60, () => denial()),
  );
  while (aggregates(dir).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await recorder.stop();
  const decisions = recordsOf(dir).filter(({ type }) => type === 'decision').length;
  const counted = aggregates(dir).reduce((sum, { counts }) => sum + counts[0].count, 0);
  assert.equal(decisions + counted, 60);
});
