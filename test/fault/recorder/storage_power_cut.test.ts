/**
 * Promise: packing and retention lose nothing to a power cut. A session that rotates, packs and retires is recorded call
 * by call, file system calls on names included; then the power is cut after each call. Of what was not synced, contents
 * survive or not, and so do creations, renames and removals. Every acknowledged decision is still there, or a durable
 * record says that retention removed it.
 * Sabotage that turns this red: src/recorder/shelf.ts, drop `await draft.sync();`.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKeyring } from '../../../src/keys/keyring.ts';
import { readLatest } from '../../../src/recorder/checkpointer.ts';
import { type JournalDisk, openFileDisk } from '../../../src/recorder/disk.ts';
import { replaceFile } from '../../../src/recorder/durable_file.ts';
import { recover } from '../../../src/recorder/recovery.ts';
import { retiredBefore } from '../../../src/recorder/retired.ts';
import { fileShelf, type Shelf } from '../../../src/recorder/shelf.ts';
import { readSavedState } from '../../../src/recorder/snapshot_file.ts';
import { journalLines, type NaiveRecord } from '../../support/naive_journal.ts';
import { newStateDir, openWithPolicy, proposal, SETTINGS } from '../../unit/recorder/workbench.ts';

type Event =
  | { readonly kind: 'create' | 'sync' | 'remove' | 'folder'; readonly path: string }
  | { readonly kind: 'write' | 'replace'; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'ack'; readonly receipt_id: string };

const settings = {
  ...SETTINGS,
  segment_max_bytes: 12_000,
  compress_segments: true,
  journal_max_bytes: 14_000,
};
const session = newStateDir();
const image = newStateDir();
const events: (Event & { readonly checkpoint: string | undefined })[] = [];
after(() => {
  session.remove();
  image.remove();
});

/** A checkpoint is on disk before anything that rests on it is written. */
function note(event: Event): void {
  let checkpoint: string | undefined;
  try {
    checkpoint = readFileSync(join(session.dir, 'checkpoints', 'latest'), 'utf8');
  } catch {}
  events.push({ ...event, checkpoint });
}

const local = (path: string) => relative(session.dir, path);

function recordingDisk(path: string): JournalDisk {
  const real = openFileDisk(path);
  const name = local(path);
  note({ kind: 'create', path: name });
  return {
    ...real,
    append(bytes) {
      note({ kind: 'write', path: name, bytes: Buffer.from(bytes) });
      return real.append(bytes);
    },
    sync() {
      real.sync();
      note({ kind: 'sync', path: name });
    },
    syncSoon: (settled) =>
      real.syncSoon((error) => {
        note({ kind: 'sync', path: name });
        settled(error);
      }),
    syncName() {
      real.syncName();
      note({ kind: 'folder', path: dirname(name) });
    },
  };
}

const recordingShelf: Shelf = {
  async create(path) {
    const draft = await fileShelf.create(path);
    note({ kind: 'create', path: local(path) });
    return {
      async write(bytes) {
        await draft.write(bytes);
        note({ kind: 'write', path: local(path), bytes: Buffer.from(bytes) });
      },
      async sync() {
        await draft.sync();
        note({ kind: 'sync', path: local(path) });
      },
      close: () => draft.close(),
    };
  },
  async rename(from, to) {
    await fileShelf.rename(from, to);
    note({ kind: 'rename', path: local(from), to: local(to) });
  },
  async remove(path) {
    await fileShelf.remove(path);
    note({ kind: 'remove', path: local(path) });
  },
  async syncFolder(folder) {
    await fileShelf.syncFolder(folder);
    note({ kind: 'folder', path: local(folder) });
  },
};

const packed = () => events.filter((one) => one.kind === 'rename' && one.to.endsWith('.jsonl.gz')).length;
const removals = () => events.filter((one) => one.kind === 'remove' && one.path.endsWith('.jsonl.gz')).length;

before(async () => {
  const recorder = await openWithPolicy(session.dir, {
    settings,
    disk: recordingDisk,
    shelf: recordingShelf,
    replaceFile(path, content) {
      replaceFile(path, content);
      note({ kind: 'replace', path: local(path), bytes: Buffer.from(content) });
    },
  });
  for (let i = 0; removals() < 2 || packed() < 3; i++) {
    const answer = await recorder.append(proposal());
    if (answer.ok) note({ kind: 'ack', receipt_id: answer.value.receipt_id });
    // Packing and retention get turns between the appends, as they do beside traffic.
    if (i % 3 === 2) await sleep(15);
  }
  await recorder.stop();
});

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

interface File {
  synced: Buffer;
  unsynced: Buffer;
}

/** What of the unsynced survives: changes of names, and how much of contents. */
const SURVIVALS = [
  { names: false, share: 0 },
  { names: true, share: 0 },
  { names: true, share: 0.5 },
  { names: true, share: 1 },
];

/** A file system that keeps nothing it was not told to keep. */
class Platter {
  readonly #durable = new Map<string, File>();
  readonly #live = new Map<string, File>();
  #names: { readonly folder: string; readonly apply: (to: Map<string, File>) => void }[] = [];

  play(event: Event): void {
    if (event.kind === 'ack') return;
    const file = this.#live.get(event.path) ?? { synced: Buffer.alloc(0), unsynced: Buffer.alloc(0) };
    if (event.kind === 'write') file.unsynced = Buffer.concat([file.unsynced, event.bytes]);
    else if (event.kind === 'sync') {
      file.synced = Buffer.concat([file.synced, file.unsynced]);
      file.unsynced = Buffer.alloc(0);
    } else if (event.kind === 'create') {
      const { path } = event;
      // Opening a segment again is no new file.
      if (path.endsWith('.jsonl') && this.#live.has(path)) return;
      const fresh = { synced: Buffer.alloc(0), unsynced: Buffer.alloc(0) };
      this.#name(path, (to) => to.set(path, fresh));
    } else if (event.kind === 'rename') {
      const { path, to: target } = event;
      this.#name(path, (to) => {
        to.delete(path);
        to.set(target, file);
      });
    } else if (event.kind === 'remove') this.#name(event.path, (to) => to.delete(event.path));
    else if (event.kind === 'replace') {
      const whole = { synced: event.bytes, unsynced: Buffer.alloc(0) };
      this.#live.set(event.path, whole);
      this.#durable.set(event.path, whole);
    } else {
      const done = this.#names.filter(({ folder }) => folder === event.path);
      for (const { apply } of done) apply(this.#durable);
      this.#names = this.#names.filter((one) => !done.includes(one));
    }
  }

  #name(path: string, apply: (to: Map<string, File>) => void): void {
    apply(this.#live);
    this.#names.push({ folder: dirname(path), apply });
  }

  /** `names`: whether unsynced changes of names survive; `share`: how much of unsynced content does. */
  after(names: boolean, share: number): Map<string, Buffer> {
    const kept = new Map(this.#durable);
    if (names) for (const { apply } of this.#names) apply(kept);
    return new Map(
      [...kept].map(([path, { synced, unsynced }]) => [
        path,
        Buffer.concat([synced, unsynced.subarray(0, Math.floor(unsynced.length * share))]),
      ]),
    );
  }
}

function writeImage(files: Map<string, Buffer>, checkpoint: string | undefined): void {
  for (const name of ['journal', 'ledger', 'checkpoints'])
    rmSync(join(image.dir, name), { recursive: true, force: true });
  for (const name of ['journal', 'ledger', 'checkpoints']) mkdirSync(join(image.dir, name));
  for (const [path, bytes] of files) {
    mkdirSync(join(image.dir, dirname(path)), { recursive: true });
    writeFileSync(join(image.dir, path), bytes);
  }
  if (checkpoint !== undefined) writeFileSync(join(image.dir, 'checkpoints', 'latest'), checkpoint);
}

function requireAll(acked: ReadonlyMap<string, number>, cut: string): void {
  const at = (name: string) => join(image.dir, name);
  const keyring = openKeyring(at('keys'));
  const { state } = recover({
    journal_dir: at('journal'),
    quarantine_dir: at('journal/quarantine'),
    root: keyring.root,
    ledger: { limit_keys_max: 10, request_window_us: 1, commit: (key) => key },
    saved: readSavedState(at('ledger'), keyring),
    base: readSavedState(at('ledger'), keyring, 'base'),
    checkpoint: readLatest(at('checkpoints'), keyring.log),
  });
  const records: NaiveRecord[] = journalLines(at('journal')).map((line) =>
    JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString()),
  );
  const first: number = records[0]?.['seq'] ?? 0;
  for (const [i, record] of records.entries())
    assert.equal(record['seq'], first + i, `${cut}: a hole before record ${record['seq']}`);
  assert.equal(state.head_seq, first + records.length - 1, cut);
  const { leaves } = retiredBefore(at('journal'));
  assert.equal(leaves.length, first, `${cut}: removed records without their leaves`);
  const named = records.filter((one) => one['lifecycle'] === 'retention');
  const found = new Set(records.map((one) => one['receipt_id']));
  for (const [receipt_id, seq] of acked) {
    const isNamed = named.some((one) => one['first_seq'] <= seq && seq <= one['last_seq']);
    // A record that names an older removal may itself have been retired since.
    const isBefore = seq < first && named.some((one) => one['last_seq'] >= seq);
    assert.ok(found.has(receipt_id) || isNamed || isBefore, `${cut}: decision ${seq} is gone unsaid`);
  }
}

test('the session rotated, packed and retired', () => {
  const bases = events.filter((one) => one.kind === 'rename' && basename(one.to) === 'base.json');
  assert.ok(bases.length > 0, 'no ledger snapshot was kept for retention');
  assert.ok(removals() >= 2, `${removals()} segments were removed`);
});

test('after every call, whatever survives of the unsynced, nothing acknowledged is lost unsaid', () => {
  cpSync(join(session.dir, 'keys'), join(image.dir, 'keys'), { recursive: true });
  const bySeq = new Map<string, number>();
  for (const event of events) {
    if (event.kind !== 'write' || !event.path.endsWith('.jsonl')) continue;
    for (const line of event.bytes.toString().trimEnd().split('\n')) {
      const record = JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString());
      if (record.type === 'decision') bySeq.set(record.receipt_id, record.seq);
    }
  }
  const platter = new Platter();
  const acked = new Map<string, number>();
  const seen = new Set<string>();
  for (const [i, event] of events.entries()) {
    platter.play(event);
    if (event.kind === 'ack') acked.set(event.receipt_id, bySeq.get(event.receipt_id) ?? -1);
    if (event.kind === 'ack') continue;
    for (const { names, share } of SURVIVALS) {
      const files = platter.after(names, share);
      // The same disk under the same promises needs no second look.
      const disk = [...files].map(([path, bytes]) => `${path} ${sha256(bytes)}`).sort();
      const look = sha256(JSON.stringify([disk, event.checkpoint, acked.size]));
      if (seen.has(look)) continue;
      seen.add(look);
      writeImage(files, event.checkpoint);
      requireAll(acked, `after call ${i} (${event.kind}), names ${names}, content ${share}`);
    }
  }
});
