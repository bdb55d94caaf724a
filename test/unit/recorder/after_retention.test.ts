/**
 * Promises: after retention old heads are still compared, and a restore takes everything with it that the old log rests
 * on: the new one starts beside nothing of it, and the old one can be exported and verified.
 * Sabotage that turns this red: src/recorder/heads_check.ts, begin the tree with no leaves.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exportEvidence } from '../../../src/cli/export.ts';
import { nodeCrypto } from '../../../src/cli/verify.ts';
import { parseTrustFile } from '../../../src/core/bundle/trust_file.ts';
import { parseNote } from '../../../src/core/chain/checkpoint.ts';
import { verifyBundle } from '../../../src/core/verify/verify_bundle.ts';
import { compareHead } from '../../../src/recorder/heads.ts';
import { heldLog, ReportedHead } from '../../../src/recorder/heads_check.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { planRepair } from '../../../src/recorder/repair_plan.ts';
import { RESERVE_BYTES } from '../../../src/recorder/reserve.ts';
import { acceptRestore } from '../../../src/recorder/restore.ts';
import { JournalState } from '../../../src/recorder/state.ts';
import {
  appended,
  kinds,
  openWithPolicy,
  proposal,
  recorderOptions,
  SETTINGS,
  StateDirs,
} from './workbench.ts';

const states = new StateDirs();
after(() => states.clean());

const PACKING = { ...SETTINGS, segment_max_bytes: 20_000, compress_segments: true, checkpoint_every: 7 };
let whole = '';
let retired = '';

const segmentsOf = (dir: string) =>
  readdirSync(join(dir, 'journal'))
    .filter((name) => /^\d{12}-/.test(name))
    .sort();

async function grown(journal_max_bytes: number): Promise<string> {
  const dir = states.create();
  const recorder = await openWithPolicy(dir, { settings: { ...PACKING, journal_max_bytes } });
  for (let i = 0; i < 60; i++) await appended(recorder, proposal());
  while (segmentsOf(dir).filter((name) => !name.endsWith('.gz')).length > 1) await sleep(10);
  while (journal_max_bytes > 0 && segmentsOf(dir)[0]?.startsWith('000000000000-')) await sleep(10);
  await recorder.stop();
  return dir;
}

before(async () => {
  whole = await grown(0);
  retired = await grown(20_000);
});

function copyOf(dir: string): string {
  const copy = states.create();
  cpSync(dir, copy, { recursive: true });
  return copy;
}

/** Signed tree heads of every size that is kept. */
function keptHeads(dir: string): { records: number; root: string }[] {
  const folder = join(dir, 'checkpoints');
  return readdirSync(folder).flatMap((name) => {
    const parsed = parseNote(readFileSync(join(folder, name), 'utf8'));
    if (!parsed.ok) return [];
    return [{ records: parsed.value.size, root: Buffer.from(parsed.value.root).toString('hex') }];
  });
}

/** As `heads_check` sees the journal when nothing but its files is known. */
function filesOf(dir: string) {
  const state = new JournalState({ limit_keys_max: 1, request_window_us: 1, commit: (key) => key });
  return { ...heldLog(join(dir, 'journal'), state), records: 1_000 };
}

test('heads from before and after what retention removed are compared, and contradicted when they are others', () => {
  for (const dir of [whole, retired]) {
    const held = filesOf(dir);
    const first = Number(segmentsOf(dir)[0]?.slice(0, 12));
    const heads = keptHeads(dir);
    assert.ok(dir === whole || (heads.some((one) => one.records < first) && first > 0));
    assert.ok(heads.some((one) => one.records > first));
    for (const { records, root } of heads) {
      const known = { source: 'heads_file', where: 'elsewhere', records } as const;
      assert.equal(held.rootAt(records), root, `${records} records`);
      assert.equal(compareHead(held, { ...known, root }), undefined);
      assert.match(compareHead(held, { ...known, root: 'f'.repeat(64) }) ?? '', /knows other records before/);
    }
  }
});

test('without what stands for removed segments no older head can be compared, and the start says what to restore', async () => {
  const dir = copyOf(retired);
  rmSync(join(dir, 'journal', 'retired'), { recursive: true });
  assert.throws(() => filesOf(dir).rootAt(3), /is missing\. Restore the folder/);
  const heads_file = join(dir, 'elsewhere');
  const old = readdirSync(join(dir, 'checkpoints')).sort()[0] ?? '';
  cpSync(join(dir, 'checkpoints', old), heads_file);
  const options = recorderOptions(dir, { settings: { ...PACKING, heads_file } });
  await assert.rejects(openRecorder(options), /is missing\. Restore the folder/);
});

test('repair --dry-run refuses with the words of the start for a head known elsewhere, and for another name or restore', async () => {
  const dir = copyOf(retired);
  const options = recorderOptions(dir, { settings: PACKING });
  assert.equal((await planRepair(options)).next_start, 'start');
  const log_id = JSON.parse(
    Buffer.from(readFileSync(join(dir, 'ledger', 'base.json'), 'utf8').split('\n')[1] ?? '').toString(),
  ).state.identity.log_id;
  const reported = new ReportedHead(options.layout.reported_head);
  reported.report({ source: 'gateway', where: 'g', log_id, records: 900, line_hash: 'a'.repeat(64) });
  const plan = await planRepair(options);
  assert.equal(plan.next_start, 'refuse');
  assert.match(plan.refusal ?? '', /knows 900 records/);
  await assert.rejects(openRecorder(options), { message: plan.refusal });
  rmSync(options.layout.reported_head);

  const renamed = { ...options, issuer: 'somebody.else' };
  const other = await planRepair(renamed);
  await assert.rejects(openRecorder(renamed), { message: other.refusal });
  const sent = { ...options, sentReceipts: oneReceipt };
  const behind = await planRepair(sent);
  assert.match(behind.refusal ?? '', /names the receipt/);
  await assert.rejects(openRecorder(sent), { message: behind.refusal });
});

async function* oneReceipt() {
  yield { receipt_id: 'ffffffff-ffff-7fff-8fff-ffffffffffff', log_file_id: '1:2' };
}

test('a restore takes along what retention left, the reserve and both snapshots; the old log verifies from there', async () => {
  const dir = copyOf(retired);
  const options = recorderOptions(dir, { settings: PACKING });
  const held = ['journal', 'journal/retired', 'ledger'].map((name) => readdirSync(join(dir, name)).sort());
  const { kept_in, plan, log_id } = await acceptRestore(options);
  const moved = ['journal', 'journal/retired', 'ledger'].map((name) =>
    readdirSync(join(kept_in, name)).sort(),
  );
  assert.deepEqual(moved, [held[0]?.filter((name) => name !== 'lock'), held[1], held[2]]);
  assert.ok(moved[0]?.includes('reserve') && moved[2]?.includes('base.json'));
  assert.equal(existsSync(join(dir, 'journal', 'retired')), false);
  assert.equal(existsSync(join(dir, 'ledger', 'base.json')), false);
  assert.deepEqual(kinds(dir), ['genesis', 'key_delegation', 'restore', 'start', 'stop']);
  assert.equal(statSync(join(dir, 'journal', 'reserve')).size, RESERVE_BYTES);

  const recorder = await openWithPolicy(dir, { settings: PACKING });
  assert.equal(recorder.status().log_id, log_id);
  await appended(recorder, proposal());
  await recorder.stop();

  const output = join(dir, 'old.zip');
  await exportEvidence({ stateDir: dir, log: plan.facts.previous_log_id, output, json: true });
  const crypto = nodeCrypto();
  const trust = parseTrustFile(crypto.sha256, readFileSync(join(kept_in, 'run', 'public-keys.json')));
  assert.ok(trust.ok);
  assert.equal(verifyBundle(readFileSync(output), trust.value, crypto).verdict, 'VERIFIED');
});

test('a log whose packed segments cannot be read is set aside all the same', async () => {
  const dir = copyOf(retired);
  for (const name of segmentsOf(dir).filter((one) => one.endsWith('.gz'))) rmSync(join(dir, 'journal', name));
  const { plan, kept_in } = await acceptRestore(recorderOptions(dir, { settings: PACKING }));
  assert.notEqual(plan.facts.previous_log_id, undefined);
  assert.ok(existsSync(join(kept_in, 'journal', 'retired')));

  const flipped = copyOf(retired);
  const path = join(flipped, 'journal', segmentsOf(flipped)[0] ?? '');
  rmSync(join(flipped, 'ledger'), { recursive: true });
  cpSync(join(flipped, 'journal', 'reserve'), path);
  const restored = await acceptRestore(recorderOptions(flipped, { settings: PACKING }));
  assert.match(restored.plan.damage ?? '', /segment is missing|no block begins/);
  assert.equal(
    statSync(join(restored.kept_in, 'journal', segmentsOf(copyOf(retired))[0] ?? '')).size,
    RESERVE_BYTES,
  );
});
