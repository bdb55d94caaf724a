import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { sha256 } from '../../../src/core/canonical/sha256.ts';
import { parseNote } from '../../../src/core/chain/checkpoint.ts';
import { leafHash, rootOfLeaves } from '../../../src/core/chain/merkle.ts';
import type { Proposal } from '../../../src/core/verdict/proposal.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import { journalLines, readJournal } from '../../support/naive_journal.ts';
import {
  ALICE,
  anonymousDenial,
  limitOp,
  ManualClock,
  newStateDir,
  openWithPolicy,
  POLICY_BYTES,
  POLICY_HASH,
  proposal,
  proposalOf,
  REGISTRY_HASH,
  recorderOptions,
  SETTINGS,
} from './workbench.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function stateDir(): string {
  const { dir, remove } = newStateDir();
  cleanups.push(remove);
  return dir;
}

const recordsOf = (dir: string) => readJournal(join(dir, 'journal'), join(dir, 'run', 'public-keys.json'));
const kinds = (dir: string) => recordsOf(dir).map((one) => one['lifecycle'] ?? one['verdict'] ?? one['type']);

async function allowed(recorder: Recorder, one: Proposal) {
  const answer = await recorder.append(one);
  if (!answer.ok) throw new Error(answer.problem);
  return answer.value;
}

const completed = { state: 'completed', status: 200, bytes_in: 1, bytes_out: 2, latency_ms: 3 } as const;

test('a journal begins with genesis and delegation by the root, ends with stop, and reads with plain tools', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  await allowed(recorder, proposal());
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
  const value = await allowed(recorder, proposal());
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

test('one request key with two digests is refused', async () => {
  const recorder = await openWithPolicy(stateDir());
  const one = proposal();
  await allowed(recorder, one);
  assert.deepEqual(await recorder.append({ ...one, request_digest: 'another' }), {
    ok: false,
    problem: 'REQUEST_KEY_REUSED',
  });
  await recorder.stop();
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
  assert.equal((await allowed(recorder, proposal({}, [limitOp()]))).verdict, 'allow');
  assert.equal((await allowed(recorder, proposal({}, [limitOp()]))).verdict, 'deny');
  await recorder.stop();
  const states = recordsOf(dir).flatMap((one) => one['rate_limit_bucket_state'] ?? []);
  assert.equal(states.length, 32);
  assert.ok(states.every((state) => /^[0-9a-f]{64}$/.test(state.key_commitment)));
  assert.doesNotMatch(JSON.stringify(states), /5:alice/);
});

test('limits survive a kill: the state comes back from the records alone', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const crashed = await openWithPolicy(dir, { clock });
  for (let i = 0; i < 15; i++) await allowed(crashed, proposal({}, [limitOp()]));
  const image = crashImage(dir);
  await crashed.stop();
  const recorder = await openWithPolicy(image, { clock });
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => allowed(recorder, proposal({}, [limitOp()]))),
  );
  assert.equal(answers.filter(({ verdict }) => verdict === 'allow').length, 5);
  await recorder.stop();
  assert.ok(kinds(image).includes('recovery'));
});

/** The state folder as a killed process would leave it: no stop record, no last checkpoint or snapshot. */
function crashImage(dir: string): string {
  const image = stateDir();
  cpSync(dir, image, { recursive: true });
  return image;
}

test('alert_only passes and is flagged', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { clock: new ManualClock() });
  const op = limitOp({ mode: 'alert_only', tolerance_us: 0 });
  for (let i = 0; i < 2; i++) assert.equal((await allowed(recorder, proposal({}, [op]))).verdict, 'allow');
  await recorder.stop();
  const flags = recordsOf(dir)
    .flatMap((one) => one['rate_limit_bucket_state'] ?? [])
    .map((state) => state.exceeded);
  assert.deepEqual(flags, [undefined, true]);
});

test('streams chain tenant, agent and run; outcomes continue them; anonymous denials have none', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const withRun = { ...ALICE, run: { label: 'r1', asserted_by: 'header' } as const };
  const one = proposal({ identity: withRun });
  const first = await allowed(recorder, one);
  await allowed(recorder, proposalOf(anonymousDenial()));
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
  await allowed(recorder, one);
  await allowed(recorder, denied);
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
  const old = await allowed(recorder, proposal({ envoy_epoch: 'old' }));
  await allowed(recorder, proposal({ envoy_epoch: 'new' }));
  assert.equal(await recorder.sweep('old'), 1);
  assert.equal(recorder.status().open_decisions, 1);
  await recorder.stop();
  const outcome = recordsOf(dir).find((one) => one['type'] === 'outcome');
  assert.deepEqual(
    [outcome?.['state'], outcome?.['source'].kind, outcome?.['decision_ref']],
    ['unknown', 'sweeper', old.receipt_id],
  );
});

test('an allow without an outcome for longer than any stream may last is closed as unknown', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  await allowed(recorder, proposal());
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
  assert.equal((await allowed(recorder, proposal({ policy_hash: next }))).verdict, 'allow');
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
  assert.equal((await allowed(recorder, proposalOf(one.draft, [limitOp()]))).limit?.remaining, 19);
  await recorder.stop();
});

test('operations out of bounds are a broken invariant of the caller', async () => {
  const recorder = await openWithPolicy(stateDir());
  await assert.rejects(recorder.append(proposal({}, [limitOp({ period_us: 0 })])), RangeError);
  await assert.rejects(recorder.append(proposal({}, Array(33).fill(limitOp()))), RangeError);
  await recorder.stop();
});

test('a full queue says so at once', async () => {
  const recorder = await openWithPolicy(stateDir(), { settings: { ...SETTINGS, queue_max: 3 } });
  const answers = await Promise.all(Array.from({ length: 5 }, () => recorder.append(proposal())));
  assert.deepEqual(
    answers.map((one) => (one.ok ? 'ok' : one.problem)),
    ['ok', 'ok', 'ok', 'RECORDER_BUSY', 'RECORDER_BUSY'],
  );
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

test('segments rotate by size; each ends with a seal over its counts and all stream heads', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, segment_max_bytes: 20_000 } });
  for (let i = 0; i < 30; i++) await allowed(recorder, proposal());
  await recorder.stop();
  const segments = readdirSync(join(dir, 'journal')).filter((name) => name.endsWith('.jsonl'));
  assert.ok(segments.length >= 3);
  const records = recordsOf(dir);
  const log_id: string = records[0]?.['log_id'];
  let total = 0;
  for (const name of segments) {
    assert.match(name, new RegExp(`^[0-9]{12}-${log_id.slice(0, 8)}\\.jsonl$`));
    const first = Number(name.slice(0, 12));
    const lines = readFileSync(join(dir, 'journal', name), 'utf8')
      .trimEnd()
      .split('\n');
    const inSegment = records.slice(first, first + lines.length);
    const last = inSegment.at(-1);
    if (name !== segments.at(-1)) {
      assert.equal(last?.['type'], 'seal');
      assert.equal(last?.['first_seq'], first);
      assert.equal(last?.['counts'].allow, inSegment.filter((one) => one['verdict'] === 'allow').length);
      assert.equal(last?.['stream_count'], 2);
    }
    total += lines.length;
  }
  assert.equal(total, records.length);
});

test('segments rotate by age', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock, settings: { ...SETTINGS, segment_max_age_s: 100 } });
  clock.advance(100_000);
  await allowed(recorder, proposal());
  await recorder.stop();
  assert.equal(readdirSync(join(dir, 'journal')).filter((name) => name.endsWith('.jsonl')).length, 2);
  assert.ok(kinds(dir).includes('seal'));
});

test('checkpoints are signed notes over the exact lines, on disk before they are returned', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  await allowed(recorder, proposal());
  const { note, size } = await recorder.checkpoint();
  assert.equal(readFileSync(join(dir, 'checkpoints', 'latest'), 'utf8'), note);
  assert.ok(existsSync(join(dir, 'checkpoints', String(size).padStart(12, '0'))));
  const parsed = parseNote(note);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.origin, recorder.status().origin);
  const lines = journalLines(join(dir, 'journal')).map((line) => leafHash(sha256, Buffer.from(line)));
  assert.equal(parsed.value.size, lines.length);
  assert.deepEqual(Buffer.from(parsed.value.root), Buffer.from(rootOfLeaves(sha256, lines)));
  assert.equal((await recorder.checkpoint()).note, note, 'the same tree is not signed twice');
  await recorder.stop();
});

test('checkpoints come by count without being asked for', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir, { settings: { ...SETTINGS, checkpoint_every: 10 } });
  for (let i = 0; i < 25; i++) await allowed(recorder, proposal());
  await recorder.stop();
  assert.ok(readdirSync(join(dir, 'checkpoints')).length >= 3);
});

test('a new epoch key is delegated by the root before the last one runs out, and published', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  const first = recorder.status().epoch_key_id;
  clock.advance(22 * 3_600_000);
  await allowed(recorder, proposal());
  assert.equal(recorder.status().epoch_key_id, first);
  clock.advance(1.5 * 3_600_000);
  await allowed(recorder, proposal());
  const second = recorder.status().epoch_key_id;
  assert.notEqual(second, first);
  await recorder.stop();
  const records = recordsOf(dir);
  const delegations = records.filter((one) => one['lifecycle'] === 'key_delegation');
  assert.deepEqual(
    delegations.map((one) => one['key'].key_id),
    [first, second],
  );
  for (const one of delegations) {
    assert.equal(one['first_seq'], one['seq'] + 1);
    assert.ok(Date.parse(one['not_after']) - Date.parse(one['ts']) <= 24 * 3_600_000);
  }
  const at = delegations[1]?.['seq'];
  assert.equal(records[at - 1]?.['key_id'], first);
  assert.equal(records[at + 1]?.['key_id'], second);
  assert.equal(readdirSync(join(dir, 'keys')).filter((name) => name.startsWith('epoch-')).length, 1);
});

test('a restart goes on with the same epoch key, and with a new one after a day', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const keyOf = async () => {
    const recorder = await openWithPolicy(dir, { clock });
    await recorder.stop();
    return recorder.status().epoch_key_id;
  };
  const first = await keyOf();
  assert.equal(await keyOf(), first);
  clock.advance(25 * 3_600_000);
  assert.notEqual(await keyOf(), first);
  recordsOf(dir);
});

test('a jump of the wall clock is recorded and refills nothing', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const recorder = await openWithPolicy(dir, { clock });
  const spend = () => recorder.append(proposal({}, [limitOp({ tolerance_us: 0 })]));
  await spend();
  clock.wall_ms += 3_600_000;
  const answer = await spend();
  assert.ok(answer.ok && answer.value.verdict === 'deny');
  await recorder.stop();
  const jump = recordsOf(dir).find((one) => one['lifecycle'] === 'clock');
  assert.equal(jump?.['wall_jump_ms'], 3_600_000);
});

test('a start long after the last record says so and refills nothing', async () => {
  const dir = stateDir();
  const clock = new ManualClock();
  const op = limitOp({ period_us: 7_200_000_000, tolerance_us: 0 });
  const before = await openWithPolicy(dir, { clock });
  await allowed(before, proposal({}, [op]));
  await before.stop();
  clock.advance(3 * 3_600_000);
  const after = await openWithPolicy(dir, { clock });
  assert.equal((await allowed(after, proposal({}, [op]))).verdict, 'deny');
  await after.stop();
  assert.ok(kinds(dir).includes('clock'));
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

test('records hold no clear request key, digest or bucket key', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  const one = proposal({}, [limitOp()]);
  await allowed(recorder, one);
  await recorder.stop();
  const text = JSON.stringify(recordsOf(dir));
  for (const clear of [one.request_key, one.request_digest, limitOp().key]) assert.ok(!text.includes(clear));
});

test('two recorders of one state folder: the second is refused and named the first', async () => {
  const dir = stateDir();
  const recorder = await openWithPolicy(dir);
  await assert.rejects(openRecorder(recorderOptions(dir)), {
    name: 'RecorderError',
    message: new RegExp(`process ${process.pid} holds`),
  });
  await recorder.stop();
  const next = await openRecorder(recorderOptions(dir));
  await next.stop();
});
