/**
 * Promise: whatever the power takes with it, every acknowledged decision is still there, and the journal verifies.
 * A session is recorded call by call; then the power is cut after each call: synced bytes stay, of the unsynced ones
 * nothing, everything, or any part of them stays.
 * Sabotage that turns this red (no sync): src/recorder/journal.ts, settle without `disk.syncSoon`.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { type JournalDisk, openFileDisk } from '../../../src/recorder/disk.ts';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { recover } from '../../../src/recorder/recovery.ts';
import { journalLines, readJournal } from '../../support/naive_journal.ts';
import {
  limitOp,
  ManualClock,
  newStateDir,
  openWithPolicy,
  proposal,
  recorderOptions,
  SETTINGS,
} from '../../unit/recorder/workbench.ts';

type Event =
  | { readonly kind: 'open' | 'sync'; readonly name: string }
  | { readonly kind: 'write'; readonly name: string; readonly bytes: Buffer }
  | { readonly kind: 'ack'; readonly receipt_id: string };

const clock = new ManualClock();
const settings = { ...SETTINGS, segment_max_bytes: 30_000, checkpoint_every: 1_000_000 };
const session = newStateDir();
const events: Event[] = [];
const removals: (() => void)[] = [session.remove];
after(() => {
  for (const remove of removals) remove();
});

function recordingDisk(path: string): JournalDisk {
  const real = openFileDisk(path);
  const name = basename(path);
  events.push({ kind: 'open', name });
  return {
    ...real,
    append: (bytes) => {
      events.push({ kind: 'write', name, bytes: Buffer.from(bytes) });
      return real.append(bytes);
    },
    sync: () => {
      real.sync();
      events.push({ kind: 'sync', name });
    },
    syncSoon: (settled) =>
      real.syncSoon((error) => {
        events.push({ kind: 'sync', name });
        settled(error);
      }),
  };
}

before(async () => {
  const recorder = await openWithPolicy(session.dir, { clock, settings, disk: recordingDisk });
  for (let burst = 0; burst < 9; burst++) {
    const proposals = Array.from({ length: 1 + (burst % 3) }, () => proposal({}, [limitOp()]));
    await Promise.all(
      proposals.map(async (one) => {
        const answer = await recorder.append(one);
        if (answer.ok) events.push({ kind: 'ack', receipt_id: answer.value.receipt_id });
      }),
    );
    clock.advance(20);
  }
  await recorder.stop();
});

/** What is on the platters after `count` calls, with `keep` deciding how much of a file's unsynced bytes made it. */
function diskAfter(
  count: number,
  keep: (unsynced: Buffer) => Buffer,
): { files: Map<string, Buffer>; acked: Set<string> } {
  const synced = new Map<string, Buffer>();
  const unsynced = new Map<string, Buffer>();
  const acked = new Set<string>();
  const take = (from: Map<string, Buffer>, name: string) => from.get(name) ?? Buffer.alloc(0);
  for (const event of events.slice(0, count)) {
    if (event.kind === 'ack') acked.add(event.receipt_id);
    else if (event.kind === 'open') synced.set(event.name, take(synced, event.name));
    else if (event.kind === 'write')
      unsynced.set(event.name, Buffer.concat([take(unsynced, event.name), event.bytes]));
    else {
      synced.set(event.name, Buffer.concat([take(synced, event.name), take(unsynced, event.name)]));
      unsynced.delete(event.name);
    }
  }
  const files = new Map(
    [...synced].map(([name, bytes]) => [name, Buffer.concat([bytes, keep(take(unsynced, name))])]),
  );
  return { files, acked };
}

function image(files: Map<string, Buffer>): string {
  const { dir, remove } = newStateDir();
  removals.push(remove);
  for (const name of ['keys', 'run']) cpSync(join(session.dir, name), join(dir, name), { recursive: true });
  mkdirSync(join(dir, 'journal'));
  for (const [name, bytes] of files) writeFileSync(join(dir, 'journal', name), bytes);
  return dir;
}

async function survives(files: Map<string, Buffer>, acked: Set<string>, cut: string): Promise<void> {
  const dir = image(files);
  const recorder = await openRecorder(recorderOptions(dir, { clock, settings }));
  const { decisions } = recorder.status();
  await recorder.stop();
  const records = readJournal(join(dir, 'journal'), join(dir, 'run', 'public-keys.json'));
  const found = records.flatMap((one) => (one['type'] === 'decision' ? [one['receipt_id']] : []));
  assert.equal(found.length, decisions, cut);
  assert.equal(new Set(found).size, found.length, `${cut}: a decision twice`);
  for (const receipt_id of acked)
    assert.ok(found.includes(receipt_id), `${cut}: an acknowledged decision is gone`);
}

test('the recorded session has batches, acknowledgements and more than one segment', () => {
  const count = (kind: Event['kind']) => events.filter((one) => one.kind === kind).length;
  assert.equal(count('ack'), 18);
  assert.ok(count('open') >= 2);
  assert.equal(count('write'), count('sync'));
});

test('after every call: nothing unsynced survived', async () => {
  for (let cut = 0; cut <= events.length; cut++) {
    // A write that does not survive leaves the disk as it is, and an acknowledgement only adds to what must be there.
    const next = events[cut]?.kind;
    if (next === 'write' || next === 'ack') continue;
    const { files, acked } = diskAfter(cut, () => Buffer.alloc(0));
    await survives(files, acked, `cut after call ${cut}`);
  }
});

test('after every write: a part of it survived', async () => {
  for (const [i, event] of events.entries()) {
    if (event.kind !== 'write') continue;
    const length = event.bytes.length;
    for (const kept of [1, Math.floor(length / 2), length - 1, length]) {
      const { files, acked } = diskAfter(i + 1, (unsynced) => unsynced.subarray(0, kept));
      await survives(files, acked, `cut in call ${i}, ${kept} of ${length} bytes`);
    }
    const { files, acked } = diskAfter(i + 1, (unsynced) => Buffer.alloc(unsynced.length));
    await survives(files, acked, `cut in call ${i}, zeros`);
  }
});

test('a batch torn all along its bytes: recovery keeps what is whole and cuts the rest', () => {
  const index = events.findIndex(
    (one, i) => one.kind === 'write' && one.bytes.indexOf('\n') < one.bytes.length - 1 && i > 8,
  );
  const event = events[index];
  assert.ok(event?.kind === 'write');
  const { files } = diskAfter(index, () => Buffer.alloc(0));
  const dir = image(files);
  const path = join(dir, 'journal', event.name);
  const durable = files.get(event.name) ?? Buffer.alloc(0);
  const before = journalLines(join(dir, 'journal')).length;
  const context = {
    journal_dir: join(dir, 'journal'),
    quarantine_dir: join(dir, 'quarantine'),
    root: openKeyring(join(dir, 'keys')).root,
    ledger: { limit_keys_max: 10, request_window_us: 1, commit: (key: string) => key },
    saved: undefined,
    checkpoint: undefined,
  };
  for (const kept of tearsOf(event.bytes)) {
    truncateSync(path, durable.length);
    writeFileSync(path, Buffer.concat([durable, event.bytes.subarray(0, kept)]));
    const { state } = recover(context);
    // A line is whole once all its bytes but the newline are there.
    const whole: number = linesIn(event.bytes.subarray(0, kept + 1));
    assert.equal(state.head_seq + 1, before + whole, `${kept} bytes`);
  }
});

const NEWLINE = 0x0a;

function linesIn(bytes: Buffer): number {
  return bytes.filter((byte) => byte === NEWLINE).length;
}

/** Every byte around the line ends, and samples between them. */
function tearsOf(bytes: Buffer): number[] {
  const ends = [0, ...[...bytes.keys()].filter((i) => bytes[i] === NEWLINE)];
  return [...Array(bytes.length + 1).keys()].filter(
    (at) => at % 61 === 0 || ends.some((end) => Math.abs(at - end) <= 40),
  );
}
