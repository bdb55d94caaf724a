/** Promise: a budget holds however many calls come at once and whenever the recorder dies; what is left over comes back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import type { ResponseDemands } from '../../../src/core/contract/demands.ts';
import type { BudgetOp } from '../../../src/core/ledger/budget_operation.ts';
import type { JournalRecord } from '../../../src/core/receipt/records.ts';
import type { AppendResult, Proposal } from '../../../src/core/verdict/proposal.ts';
import { LimitReplay } from '../../../src/core/verdict/replay_limits.ts';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import { budgetOp, MINUTE } from '../../unit/core/ledger/budget_bench.ts';
import {
  appended,
  ManualClock,
  openWithPolicy,
  proposal,
  recordsOf,
  StateDirs,
} from '../../unit/recorder/workbench.ts';

const states = new StateDirs();
afterEach(() => states.clean());

/** $0.10 of $5.00 in an hour. */
const TEN_CENTS: BudgetOp = budgetOp({ key: '7:default5:alice', slot_us: MINUTE });
const CALLS = 1_000;
const response: ResponseDemands = { inspect: 'auto', max_bytes: 1_000, on_violation: 'alert', usage: true };
const digest = createHash('sha256').digest('hex');

function call(): Proposal {
  const one = proposal({ response }, [TEN_CENTS]);
  return { ...one, denials: [{ reason: 'LIMIT_SPEND', rule_id: 'spend' }] };
}

function callAll(recorder: Recorder): Promise<readonly AppendResult[]> {
  return Promise.all(Array.from({ length: CALLS }, () => appended(recorder, call())));
}

const allowed = (answers: readonly AppendResult[]) => answers.filter(({ verdict }) => verdict === 'allow');

function answered(recorder: Recorder, receipt_id: string, cost_micro_usd?: number): Promise<void> {
  const facts = {
    ...({ part: 'response', state: 'complete', index: 0, format: 'json' } as const),
    ...{ bytes_in: 0, bytes_out: 0, digest_in: digest, digest_out: digest },
    ...(cost_micro_usd === undefined ? {} : { cost_micro_usd }),
  };
  return recorder.inspect({ receipt_id, facts, is_end: true });
}

function ended(recorder: Recorder, receipt_id: string, state: 'completed' | 'not_sent'): Promise<void> {
  const facts = { state, bytes_in: 0, bytes_out: 0, latency_ms: 1 };
  return recorder.close({ receipt_id, request_id: receipt_id, facts, source: { kind: 'live' } });
}

/** What replay of the whole journal finds wrong. */
function replayed(dir: string): readonly string[] {
  const replay = new LimitReplay(true);
  const found: string[] = [];
  const differ = (field: string, recorded: string, again: string) => {
    if (recorded !== again) found.push(`${field}: ${recorded} / ${again}`);
  };
  for (const one of recordsOf(dir)) {
    const record = one as unknown as JournalRecord;
    if (record.type === 'inspection') replay.inspection(record, differ);
    if (record.type === 'outcome') replay.outcome(record);
    if (record.type !== 'decision') continue;
    const denial = { reason: 'LIMIT_SPEND', rule_id: 'spend' } as const;
    const denied = replay.check(record, [{ op: TEN_CENTS, denial }], differ);
    differ('verdict', record.verdict, denied === undefined ? 'allow' : 'deny');
    replay.fold(record);
  }
  return found;
}

test('of 1,000 calls of $0.10 at once exactly 50 get into $5.00, and the wait that the others are told is true', async () => {
  const clock = new ManualClock();
  const dir = states.create();
  const recorder = await openWithPolicy(dir, { clock });
  const answers = await callAll(recorder);
  assert.equal(allowed(answers).length, 50);
  const refused = answers.find(({ verdict }) => verdict === 'deny');
  assert.equal(refused?.reason, 'LIMIT_SPEND');
  const wait = refused?.retry_after_ms ?? 0;
  assert.ok(wait >= 3_600_000 && wait <= 3_660_000, `a window, and its slot: ${wait}`);
  clock.advance(wait - 1);
  assert.equal(allowed(await callAll(recorder)).length, 0);
  clock.advance(1);
  assert.equal(allowed(await callAll(recorder)).length, 50);
  await recorder.stop();
  assert.deepEqual(replayed(dir), []);
});

test('a recorder that dies between the answers never reserves more than 50', async () => {
  const clock = new ManualClock();
  let dir = states.create();
  for (const acknowledged of [1, 20, 49, 50]) {
    const recorder = await openWithPolicy(dir, { clock });
    let seen = 0;
    const image = states.create();
    await new Promise<void>((resolve, reject) => {
      for (let i = 0; i < CALLS / 10; i++)
        appended(recorder, call()).then(() => {
          seen += 1;
          if (seen !== acknowledged) return;
          // The state folder as a killed process would leave it.
          cpSync(dir, image, { recursive: true });
          resolve();
        }, reject);
    });
    await recorder.stop();
    dir = image;
  }
  const recorder = await openWithPolicy(dir, { clock });
  await callAll(recorder);
  await recorder.stop();
  const verdicts = recordsOf(dir).filter(({ type, verdict }) => type === 'decision' && verdict === 'allow');
  assert.equal(verdicts.length, 50);
  assert.deepEqual(replayed(dir), []);
});

test('answers settle, what never left gives back, and the rest stays reserved, over a restart as well', async () => {
  const clock = new ManualClock();
  const dir = states.create();
  const first = await openWithPolicy(dir, { clock });
  const receipts = allowed(await callAll(first)).map(({ receipt_id }) => receipt_id);
  // Ten cost half as much, ten never left, ten told no usage, ten cost 6 cents more: 5 * 10 + 10 * 10 - 6 * 10 cents.
  for (const id of receipts.slice(0, 10)) await answered(first, id, 50_000);
  for (const id of receipts.slice(10, 20)) await ended(first, id, 'not_sent');
  await first.stop();
  const recorder = await openWithPolicy(dir, { clock });
  for (const id of receipts.slice(20, 30)) await answered(recorder, id);
  for (const id of receipts.slice(30, 40)) await answered(recorder, id, 160_000);
  for (const id of receipts.slice(0, 10)) await ended(recorder, id, 'completed');
  assert.equal(allowed(await callAll(recorder)).length, 9);
  await recorder.stop();
  assert.deepEqual(replayed(dir), []);
});
