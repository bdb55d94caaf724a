import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { RestoreFacts } from '../core/receipt/records.ts';
import { replaceFile, syncFolder } from './durable_file.ts';
import { pendingRestorePath } from './heads_gate.ts';
import { takeLock } from './lock.ts';
import { openRecorder } from './opening.ts';
import { RecorderError, type RecorderKeys, type RecorderOptions } from './options.ts';
import { planRestore, type RestorePlan } from './restore_plan.ts';

/** What an operator accepted; on disk until the new log stands, so that a crash in between changes nothing about it. */
interface Pending {
  readonly format: 1;
  /** `begin`: everything old is set aside. */
  readonly step: 'set_aside' | 'begin';
  /** Below `restored/`. */
  readonly folder: string;
  readonly plan: RestorePlan;
}

export interface Restored {
  readonly plan: RestorePlan;
  /** Of the new log. */
  readonly log_id: string;
  /** Where the old one is kept. */
  readonly kept_in: string;
}

/** What accepting would end. Changes nothing; refuses while a recorder runs. */
export async function previewRestore(
  options: RecorderOptions,
): Promise<{ readonly plan: RestorePlan; readonly unfinished: boolean }> {
  const unlock = lockJournal(options);
  try {
    const pending = readPending(options);
    return { plan: pending?.plan ?? (await planRestore(options)), unfinished: pending !== undefined };
  } finally {
    unlock();
  }
}

/**
 * Sets the old log aside, whole, and begins a new one that says so. Every step can be repeated after a crash: what was
 * accepted is on disk first, and no recorder starts until the new log stands.
 */
export async function acceptRestore(options: RecorderOptions): Promise<Restored> {
  const unlock = lockJournal(options);
  let pending: Pending;
  try {
    pending = readPending(options) ?? keepPending(options, await newPending(options));
    if (pending.step === 'set_aside') {
      setAside(options, pending);
      pending = keepPending(options, { ...pending, step: 'begin' });
    }
  } finally {
    unlock();
  }
  const { plan, folder } = pending;
  const { last_ledger_ms } = plan;
  const recorder = await openRecorder({
    ...options,
    restore: { facts: plan.facts, ...(last_ledger_ms === undefined ? {} : { last_ledger_ms }) },
  });
  const { log_id } = recorder.status();
  await recorder.stop();
  rmSync(pendingRestorePath(options.layout.restored_dir));
  syncFolder(options.layout.restored_dir);
  return { plan, log_id, kept_in: join(options.layout.restored_dir, folder) };
}

function lockJournal({ layout }: RecorderOptions): () => void {
  mkdirSync(layout.journal_dir, { recursive: true, mode: 0o700 });
  return takeLock(layout.journal_lock);
}

async function newPending(options: RecorderOptions): Promise<Pending> {
  const plan = await planRestore(options);
  return { format: 1, step: 'set_aside', folder: freeName(options.layout.restored_dir, plan.facts), plan };
}

/** The log id; a number behind it when a log of that id was set aside before. */
function freeName(restoredDir: string, { previous_log_id = 'unknown' }: RestoreFacts): string {
  let name = previous_log_id;
  for (let n = 2; existsSync(join(restoredDir, name)); n++) name = `${previous_log_id}.${n}`;
  return name;
}

function keepPending({ layout }: RecorderOptions, pending: Pending): Pending {
  mkdirSync(layout.restored_dir, { recursive: true, mode: 0o700 });
  syncFolder(dirname(layout.restored_dir));
  replaceFile(pendingRestorePath(layout.restored_dir), `${JSON.stringify(pending)}\n`);
  return pending;
}

function readPending({ layout }: RecorderOptions): Pending | undefined {
  const path = pendingRestorePath(layout.restored_dir);
  if (!existsSync(path)) return undefined;
  const pending = JSON.parse(readFileSync(path, 'utf8')) as Pending;
  if (pending.format === 1) return pending;
  throw new RecorderError(`${path} was written by another version. Finish the restore with that version.`);
}

/** Never removes anything: what was there is under `restored/<folder>/` with the same names. */
function setAside(options: RecorderOptions, { folder, plan }: Pending): void {
  const { layout, settings, keyring } = options;
  const kept = join(layout.restored_dir, folder);
  // The lock stays where every recorder looks for it.
  moveInto(layout.journal_dir, join(kept, 'journal'), new Set(['lock']));
  moveInto(layout.ledger_dir, join(kept, 'ledger'));
  moveInto(layout.checkpoints_dir, join(kept, 'checkpoints'));
  // Logs of runs that the old log decided: the new one knows none of their receipts.
  moveInto(layout.envoy_dir, join(kept, 'envoy'));
  if (settings.heads_file !== undefined && existsSync(settings.heads_file)) {
    renameSync(settings.heads_file, freePath(`${settings.heads_file}.${folder}`));
    syncFolder(dirname(settings.heads_file));
  }
  keepTrust(kept, keyring, plan);
}

function moveInto(from: string, to: string, except: ReadonlySet<string> = new Set()): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  syncFolder(dirname(to));
  if (!existsSync(from)) return;
  for (const name of readdirSync(from))
    if (!except.has(name)) move(join(from, name), freePath(join(to, name)));
  syncFolder(to);
  syncFolder(from);
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    // A folder on a disk of its own: the copy is complete under its name before the original goes.
    cpSync(from, `${to}.part`, { recursive: true, preserveTimestamps: true });
    syncTree(`${to}.part`);
    renameSync(`${to}.part`, to);
    syncFolder(dirname(to));
    rmSync(from, { recursive: true });
  }
}

/** Files and folders below a path, and itself. */
function syncTree(path: string): void {
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) syncTree(join(path, name));
  syncFolder(path);
}

/** After a crash a second attempt must not overwrite what the first one moved. */
function freePath(path: string): string {
  let free = path;
  for (let n = 2; existsSync(free); n++) free = `${path}.${n}`;
  return free;
}

/** What a verifier of the old log needs. */
function keepTrust(kept: string, keyring: RecorderKeys, { trust }: RestorePlan): void {
  mkdirSync(join(kept, 'run'), { recursive: true, mode: 0o700 });
  if (trust !== undefined) replaceFile(join(kept, 'run', 'public-keys.json'), keyring.trustFile(trust));
  syncFolder(kept);
}
