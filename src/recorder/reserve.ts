import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { LifecycleFacts } from '../core/receipt/records.ts';
import { syncFolder } from './durable_file.ts';
import { JournalFailure } from './journal.ts';
import type { RecorderKeys } from './options.ts';

/** Disk space that nobody else can use up: a failed process gives it back, so that the next start can record why. */
export const RESERVE_BYTES = 1 << 20;
/** Space that is left alone when a used reserve is filled again. */
const SLACK_BYTES = 1 << 20;
const NOTE_BYTES_MAX = 4_096;
const LABEL = 'clawgress/storage-failure/v1';
const MAC_HEX = 64;
const ERRNO = /^[A-Z][A-Z0-9_]{1,31}$/;
const FULL = new Set(['ENOSPC', 'EDQUOT']);

type StorageFailure = Omit<Extract<LifecycleFacts, { lifecycle: 'storage_failure' }>, 'lifecycle'>;

export function reservePath(journalDir: string): string {
  return join(journalDir, 'reserve');
}

/**
 * Fills the reserve, unless it is full already or the disk has no room for it; `free` is what the disk has left.
 * Random bytes, because a file system may store zeros without taking space. Returns whether the reserve stands.
 */
export function fillReserve(journalDir: string, free: number): boolean {
  const path = reservePath(journalDir);
  if (existsSync(path) && statSync(path).size === RESERVE_BYTES) return true;
  if (free < RESERVE_BYTES + SLACK_BYTES) return false;
  try {
    rewrite(path, randomFillSync(Buffer.alloc(RESERVE_BYTES)));
    syncFolder(dirname(path));
    return true;
  } catch {
    // A quota, or space that went meanwhile: evidence comes before a reserve, and half of one is none.
    rmSync(path, { force: true });
    return false;
  }
}

/** A start that found no room gives the reserve back, so that the next one has some. */
export function makeRoom(journalDir: string, keys: RecorderKeys, error: unknown, wall_ms: number): void {
  if (!(error instanceof Error) || causeOf(error).cause !== 'disk_full') return;
  const path = reservePath(journalDir);
  if (existsSync(path) && statSync(path).size === RESERVE_BYTES)
    spendReserve(journalDir, keys, error, wall_ms);
}

/**
 * Gives the reserve back and leaves a note of the failure in its place. Touches nothing but the reserve: the journal is
 * only written again by a process that has rebuilt it from disk. A note that cannot be written is no second failure.
 */
export function spendReserve(journalDir: string, keys: RecorderKeys, error: Error, wall_ms: number): void {
  const text = JSON.stringify({ ...causeOf(error), failed_ts: new Date(wall_ms).toISOString() });
  try {
    rewrite(reservePath(journalDir), Buffer.from(`${keys.hmac(LABEL, text)}\n${text}\n`));
  } catch {
    // The next start still records that this process did not stop in order.
  }
}

/** Why the last process could not go on; undefined when it left no note of ours. */
export function readFailure(journalDir: string, keys: RecorderKeys): StorageFailure | undefined {
  const path = reservePath(journalDir);
  if (!existsSync(path) || statSync(path).size > NOTE_BYTES_MAX) return undefined;
  const content = readFileSync(path, 'utf8');
  const text = content.slice(MAC_HEX + 1, -1);
  if (content !== `${keys.hmac(LABEL, text)}\n${text}\n`) return undefined;
  return JSON.parse(text) as StorageFailure;
}

function causeOf(error: Error): Pick<StorageFailure, 'cause' | 'errno'> {
  if (error instanceof JournalFailure) return { cause: error.cause_code };
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || !ERRNO.test(code)) return { cause: 'other' };
  if (FULL.has(code)) return { cause: 'disk_full', errno: code };
  const isSync = syscall === 'fsync' || syscall === 'fdatasync';
  return { cause: isSync ? 'sync_failed' : 'write_failed', errno: code };
}

function rewrite(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'w', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
