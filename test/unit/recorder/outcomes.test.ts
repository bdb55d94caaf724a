import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ALICE,
  anonymousDenial,
  appended,
  kinds,
  ManualClock,
  openWithPolicy,
  POLICY_BYTES,
  POLICY_HASH,
  proposal,
  proposalOf,
  REGISTRY_HASH,
  recordsOf,
  StateDirs,
} from './workbench.ts';

const states = new StateDirs();
const stateDir = () => states.create();
afterEach(() => states.clean());

const completed = { state: 'completed', status: 200, bytes_in: 1, bytes_out: 2, latency_ms: 3 } as const;

test('streams chain tenant, agent and run; outcomes continue them; anonymous denials have none', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const withRun = { ...ALICE, run: { label: 'r1', asserted_by: 'header' } as const };
  const one = proposal({ identity: withRun });
  const first = await appended(recorder, one);
  await appended(recorder, proposalOf(anonymousDenial()));
  await recorder.close({ request_id: one.draft.request_id, facts: completed, source: { kind: 'live' } });
  await recorder.stop();
  const records = recordsOf(dir);
  const anonymous = records.find((record) => record['verdict'] === 'deny');
  assert.deepEqual(anonymous?.['streams'], []);
  const outcome = records.find((record) => record['type'] === 'outcome');
  assert.equal(outcome?.['decision_ref'], first.receipt_id);
  assert.deepEqual(
    outcome?.['streams'].map((link: { kind: string; id: string; seq: number; prev: string }) => link),
    ['tenant:default', 'agent:alice', 'run:alice/r1'].map((name) => {
      const [kind, id] = name.split(':');
      return { id, kind, prev: first.line_hash, seq: 1 };
    }),
  );
});

test('outcomes close open allows once; unknown, denied and closed ones are ignored', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const one = proposal();
  const denied = proposal({ verdict: 'deny', reason: 'POLICY_DENY' });
  await appended(recorder, one);
  await appended(recorder, denied);
  const source = { kind: 'live', log_file_id: 'log-1', offset: 500 } as const;
  const { receipt_id, request_id } = one.draft;
  await Promise.all([
    recorder.close({ receipt_id, request_id, facts: completed, source }),
    recorder.close({ request_id, facts: completed, source: { ...source, offset: 700 } }),
    recorder.close({ request_id: denied.draft.request_id, facts: completed, source }),
    recorder.close({ request_id: 'nobody', facts: completed, source }),
  ]);
  assert.equal(recorder.status().open_decisions, 0);
  assert.equal(recorder.logPosition('log-1'), 500);
  await recorder.stop();
  assert.equal(kinds(dir).filter((kind) => kind === 'outcome').length, 1);
  const reopened = await openWithPolicy(dir);
  assert.equal(reopened.logPosition('log-1'), 500);
  assert.equal(reopened.logPosition('log-2'), 0);
  await reopened.stop();
});

test('sweep closes what an ended Envoy epoch left open, and nothing else', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const old = await appended(recorder, proposal({ envoy_epoch: 'old' }));
  await appended(recorder, proposal({ envoy_epoch: 'new' }));
  assert.equal(await recorder.sweep('old'), 1);
  assert.equal(recorder.status().open_decisions, 1);
  await recorder.stop();
  const outcome = recordsOf(dir).find((one) => one['type'] === 'outcome');
  assert.deepEqual(
    [outcome?.['state'], outcome?.['source'].kind, outcome?.['decision_ref']],
    ['unknown', 'sweeper', old.receipt_id],
  );
});

/**
 * Whoever sweeps an ended Envoy forgets its log afterwards, so what the log said must be on disk by then.
 * Sabotage that turns this red: src/recorder/recorder.ts, drop the first `await this.#durable();`.
 */
test('a sweep is over only when outcomes that were on their way are on disk', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const one = proposal();
  await appended(recorder, one);
  const { receipt_id, request_id, envoy_epoch } = one.draft;
  const closing = recorder.close({ receipt_id, request_id, facts: completed, source: { kind: 'live' } });
  // Signed ahead in an idle turn: not open any more, and written only when a commit comes.
  while (recorder.status().open_decisions > 0) await nextTurn();
  await recorder.sweep(envoy_epoch);
  assert.equal(recordsOf(dir).filter(({ type }) => type === 'outcome').length, 1);
  await closing;
  await recorder.stop();
});

test('an allow without an outcome for longer than any stream may last is closed as unknown', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  await appended(recorder, proposal());
  clock.advance(10_000);
  await recorder.heartbeat(clock.wall_ms - 5_000);
  await recorder.stop();
  assert.deepEqual(kinds(dir).slice(-3), ['heartbeat', 'outcome', 'stop']);
});

test('decisions under another policy or registry are sent back, and the snapshot is swapped before they are', async () => {
  const recorder = await openWithPolicy(stateDir());
  const order: string[] = [];
  const canonical = Buffer.from('{"id":"next"}');
  const next = `sha256:${createHash('sha256').update(canonical).digest('hex')}`;
  const recorded = recorder.recordPolicy({
    policy_id: 'next',
    policy_hash: next,
    canonical,
    registry_hash: REGISTRY_HASH,
    trust: 'local',
    activate: () => order.push('activate'),
  });
  const stale = recorder.append(proposal()).then((answer) => {
    order.push('answer');
    return answer;
  });
  await recorded;
  assert.deepEqual(await stale, { ok: false, problem: 'STALE_SNAPSHOT' });
  assert.deepEqual(order, ['activate', 'answer']);
  assert.equal((await appended(recorder, proposal({ policy_hash: next }))).verdict, 'allow');
  assert.deepEqual(await recorder.append(proposal({ policy_hash: next, registry_hash: POLICY_HASH })), {
    ok: false,
    problem: 'STALE_SNAPSHOT',
  });
  await recorder.stop();
});

test('a change of the registry alone is a control record; no change is no record', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const facts = {
    policy_id: 'test',
    policy_hash: POLICY_HASH,
    canonical: POLICY_BYTES,
    trust: 'local',
  } as const;
  let activated = 0;
  const activate = () => {
    activated++;
  };
  await recorder.recordPolicy({ ...facts, registry_hash: REGISTRY_HASH, activate });
  await recorder.recordPolicy({ ...facts, registry_hash: POLICY_HASH, activate });
  assert.equal(activated, 2);
  await recorder.stop();
  assert.deepEqual(kinds(dir).slice(-3), ['policy', 'control', 'stop']);
});

test('policy bytes that are not what the hash says are refused', async () => {
  const recorder = await openWithPolicy(stateDir());
  await assert.rejects(
    recorder.recordPolicy({
      policy_id: 'x',
      policy_hash: REGISTRY_HASH,
      canonical: POLICY_BYTES,
      registry_hash: REGISTRY_HASH,
      trust: 'local',
    }),
  );
  await recorder.stop();
});

test('gaps are recorded as given', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const gap = {
    log_file_id: 'log-1',
    from_ts: '2030-01-01T00:00:00.000Z',
    to_ts: '2030-01-01T00:00:10.000Z',
    counts: [{ cause: 'overload', count: 3 }],
  };
  await recorder.recordGap(gap);
  await recorder.stop();
  const record = recordsOf(dir).find((one) => one['lifecycle'] === 'gap');
  assert.deepEqual(
    { ...gap },
    {
      log_file_id: record?.['log_file_id'],
      from_ts: record?.['from_ts'],
      to_ts: record?.['to_ts'],
      counts: record?.['counts'],
    },
  );
});
