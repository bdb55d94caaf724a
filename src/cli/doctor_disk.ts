import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { firstMoment } from '../recorder/retention.ts';
import { listSegments } from '../recorder/segments.ts';
import { unsafeFileSystem } from '../recorder/storage.ts';
import type { Finding, Patient } from './doctor_checks.ts';

const MIB = 1_048_576;
const DISK_WARN_BYTES = 1_024 * MIB;
const DAYS_WARN = 14;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export function checkDisk({ layout, settings }: Patient): Finding {
  const dir = nearestExisting(layout.journal_dir);
  const { bavail, bsize, type } = statfsSync(dir);
  const free = bavail * bsize;
  const { min_free_bytes, journal_max_bytes, allow_unsafe_storage } = settings.recorder;
  const growth = growthPerDay(layout.journal_dir, Date.now());
  const days = growth === undefined ? undefined : Math.floor(Math.max(0, free - min_free_bytes) / growth);
  const unsafe = unsafeFileSystem(type);
  const detail = [
    `${Math.floor(free / MIB)} MiB free`,
    ...(growth === undefined || days === undefined
      ? []
      : [`${rate(growth)} a day lately: about ${days} days left`]),
    ...(journal_max_bytes > 0 ? [`the journal is kept below ${Math.ceil(journal_max_bytes / MIB)} MiB`] : []),
    ...(unsafe === undefined ? [] : [`on ${unsafe}: a power cut may lose receipts`]),
  ].join(', ');
  const finding = (status: Finding['status'], fix: string): Finding => ({
    check: 'disk',
    status,
    detail,
    fix,
  });
  if (free < min_free_bytes)
    return finding('fail', `free space on the disk of ${dir}: requests are refused (RECORDER_DISK_FULL)`);
  if (unsafe !== undefined)
    return finding(
      allow_unsafe_storage || settings.demo.enabled ? 'warn' : 'fail',
      'put --state-dir on a local disk',
    );
  const isShort = journal_max_bytes === 0 && days !== undefined && days < DAYS_WARN;
  if (free < DISK_WARN_BYTES || isShort)
    return finding('warn', 'free space, or set recorder.retention_days or recorder.journal_max_bytes');
  return { check: 'disk', status: 'ok', detail };
}

/**
 * Bytes that the journal grows by in a day, measured on its newest segments: at least the last day of them, or all there
 * are. Packed ones count as they lie on disk. Undefined while they cover less than an hour.
 */
export function growthPerDay(journalDir: string, now_ms: number): number | undefined {
  let bytes = 0;
  let since_ms = now_ms;
  for (const segment of listSegments(journalDir).reverse()) {
    if (now_ms - since_ms >= DAY_MS) break;
    const size = statSync(segment.path).size;
    if (size === 0) continue;
    bytes += size;
    since_ms = firstMoment(segment);
  }
  const covered_ms = now_ms - since_ms;
  return bytes === 0 || covered_ms < HOUR_MS ? undefined : bytes / (covered_ms / DAY_MS);
}

function rate(bytes: number): string {
  return bytes < MIB ? `${Math.ceil(bytes / 1_024)} KiB` : `${Math.round(bytes / MIB)} MiB`;
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}
