/**
 * Promises, on a file system that is really full: what was acknowledged stays, the failing process writes nothing more,
 * and the next start records why in the space of the reserve; with a bound of free space it never comes to that.
 * Needs root to mount a small tmpfs; says loudly when it cannot.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { RESERVE_BYTES, reservePath } from '../../../src/recorder/reserve.ts';
import { kinds, openWithPolicy, proposal, recordsOf, SETTINGS } from '../../unit/recorder/workbench.ts';

const KIB = 1_024;
const DISK = 4 * 1_024 * KIB;
const mount = mkdtempSync(join(tmpdir(), 'clawgress-full-disk-'));
let refusal: string | undefined;

before(() => {
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=0700`, 'tmpfs', mount], {
    encoding: 'utf8',
  });
  if (made.error !== undefined || made.status !== 0) refusal = made.error?.message ?? made.stderr.trim();
});

after(() => {
  if (refusal === undefined) spawnSync('umount', ['-l', mount]);
  rmdirSync(mount);
});

/** A fresh state folder on the small disk, with a ballast that leaves `left` bytes beyond the reserve. */
function onSmallDisk(t: TestContext, left: number): { dir: string; ballast: string } | undefined {
  if (refusal !== undefined) {
    process.stderr.write(`SKIPPED: no small tmpfs (${refusal}): a full disk is not tested\n`);
    t.skip('needs root to mount a tmpfs');
    return undefined;
  }
  const dir = join(mount, 'state');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  const ballast = join(mount, 'ballast');
  rmSync(ballast, { force: true });
  const { bavail, bsize } = statfsSync(mount);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - RESERVE_BYTES - left));
  return { dir, ballast };
}

test('ENOSPC in the middle of traffic: acknowledged stays, the next start says why, on the same full disk', async (t) => {
  const place = onSmallDisk(t, 1_100 * KIB);
  if (place === undefined) return;
  const { dir, ballast } = place;
  const fatal: Error[] = [];
  const recorder = await openWithPolicy(dir, { onFatal: (error) => fatal.push(error) });
  assert.equal(statSync(reservePath(join(dir, 'journal'))).size, RESERVE_BYTES);
  const acked: string[] = [];
  while (fatal.length === 0) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => recorder.append(proposal())));
    for (const answer of answers) if (answer.ok) acked.push(answer.value.receipt_id);
  }
  assert.ok(acked.length >= 100);
  await assert.rejects(recorder.stop());
  assert.ok(statSync(reservePath(join(dir, 'journal'))).size < 4 * KIB, 'the reserve is given back');

  const again = await openWithPolicy(dir);
  assert.equal(again.status().phase, 'running');
  assert.ok(again.status().decisions >= acked.length);
  await again.stop();
  const records = recordsOf(dir);
  const found = new Set(records.map((one) => one['receipt_id']));
  for (const receipt_id of acked) assert.ok(found.has(receipt_id));
  const failure = records.find((one) => one['lifecycle'] === 'storage_failure');
  assert.ok(['disk_full', 'write_failed'].includes(failure?.['cause']), JSON.stringify(failure));
  assert.ok(kinds(dir).includes('recovery'));

  rmSync(ballast);
  const roomy = await openWithPolicy(dir);
  assert.equal(statSync(reservePath(join(dir, 'journal'))).size, RESERVE_BYTES);
  await roomy.stop();
});

test('with a bound the disk never fills: decisions are refused, outcomes recorded, and room brings decisions back', async (t) => {
  const place = onSmallDisk(t, 1_100 * KIB);
  if (place === undefined) return;
  const { dir, ballast } = place;
  const settings = { ...SETTINGS, min_free_bytes: 600 * KIB };
  const recorder = await openWithPolicy(dir, { settings });
  const allowed: string[] = [];
  for (;;) {
    const one = proposal();
    const answer = await recorder.append(one);
    if (!answer.ok) {
      assert.equal(answer.problem, 'RECORDER_DISK_FULL');
      break;
    }
    allowed.push(one.draft.request_id);
  }
  assert.ok(allowed.length > 10);
  const facts = { state: 'completed', bytes_in: 0, bytes_out: 0, latency_ms: 1 } as const;
  for (const request_id of allowed.slice(0, 20))
    await recorder.close({ request_id, facts, source: { kind: 'live' } });
  const { open_decisions, phase, disk_full } = recorder.status();
  assert.deepEqual([open_decisions, phase, disk_full], [allowed.length - 20, 'running', true]);
  rmSync(ballast);
  while (!(await recorder.append(proposal())).ok);
  await recorder.stop();
  assert.equal(kinds(dir).filter((kind) => kind === 'outcome').length, 20);
});

test('a torn end on a disk without a byte left: one start gives the reserve back, the next one recovers', async (t) => {
  const place = onSmallDisk(t, 1_100 * KIB);
  if (place === undefined) return;
  const { dir } = place;
  const recorder = await openWithPolicy(dir);
  for (let i = 0; i < 5; i++) await recorder.append(proposal());
  await recorder.stop();
  const journal = join(dir, 'journal');
  const [name = ''] = readdirSync(journal).filter((one) => one.endsWith('.jsonl'));
  appendFileSync(join(journal, name), '{"payloadType":"torn');
  const { bavail, bsize } = statfsSync(mount);
  writeFileSync(join(mount, 'rest'), Buffer.alloc(bavail * bsize));
  await assert.rejects(openWithPolicy(dir), { code: 'ENOSPC' });
  const again = await openWithPolicy(dir);
  await again.stop();
  const failure = recordsOf(dir).find((one) => one['lifecycle'] === 'storage_failure');
  assert.equal(failure?.['cause'], 'disk_full');
  assert.ok(kinds(dir).includes('recovery'));
  rmSync(join(mount, 'rest'));
});
