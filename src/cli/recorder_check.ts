import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { openKeyring } from '../keys/keyring.ts';
import { FINDINGS_MAX, inspectJournal } from '../recorder/inspection.ts';
import type { Finding, Inspection } from '../recorder/inspection_report.ts';
import { planRepair, type RepairPlan } from '../recorder/repair_plan.ts';
import { CliError, EXIT } from './exit.ts';
import { offlineRecorder } from './offline_recorder.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

/** `flock` exits with this when somebody else holds the lock. */
const LOCKED = 75;

/** `recorder check`: reads the whole journal and changes nothing; 1 when something is missing or was changed. */
export function recorderCheck(flags: Flags): number {
  const { settings, layout } = placesOf(flags);
  const running = isLocked(layout);
  const inspection = inspectJournal({
    ...contextOf(settings, layout),
    progress: (records) => process.stderr.write(`read ${records} records\n`),
  });
  const ok = inspection.findings.every(({ level }) => level !== 'fault');
  if (flags['json'] === true) print(JSON.stringify({ ok, running, ...inspection }, null, 2));
  else print(checkText(inspection, ok, running));
  return ok ? EXIT.ok : EXIT.no;
}

/** `recorder repair --dry-run`: what the next start would cut or refuse; 1 when it would refuse. */
export async function recorderRepair(flags: Flags): Promise<number> {
  if (flags['dryRun'] !== true) {
    throw new CliError(
      EXIT.usage,
      'recorder repair: found no --dry-run; allowed: --dry-run',
      'starting the recorder repairs whatever may be repaired; see first what that is: clawgress recorder repair --dry-run',
    );
  }
  const { settings, layout } = placesOf(flags);
  if (isLocked(layout)) {
    throw new CliError(
      EXIT.unavailable,
      `a recorder is running on ${layout.journal_dir}: it has repaired what could be repaired`,
      'clawgress recorder check reads a journal that is in use',
    );
  }
  const plan = await planRepair(offlineRecorder(settings, layout));
  print(flags['json'] === true ? JSON.stringify(plan, null, 2) : planText(plan));
  return plan.next_start === 'refuse' ? EXIT.no : EXIT.ok;
}

function placesOf(flags: Flags): { settings: Settings; layout: Layout } {
  const settings = settingsFor(flags);
  const layout = layoutFor(settings);
  if (existsSync(layout.journal_dir) && existsSync(layout.keys_dir)) return { settings, layout };
  throw new CliError(EXIT.unavailable, `there is no journal in ${layout.state_dir}`, 'check --state-dir');
}

function contextOf(settings: Settings, layout: Layout) {
  const keyring = openKeyring(layout.keys_dir);
  const ledger = {
    limit_keys_max: settings.recorder.limit_keys_max,
    request_window_us: 2_000 * settings.check_timeout_ms,
    commit: (key: string) => keyring.hmac('clawgress/bucket-key/v1', key),
  };
  return { layout, keyring, ledger };
}

/** Tries the lock and lets go of it at once; the file itself stays as it is. */
function isLocked({ journal_lock }: Layout): boolean {
  if (!existsSync(journal_lock)) return false;
  const tried = spawnSync('flock', ['-x', '-n', '-E', String(LOCKED), journal_lock, 'true']);
  return tried.status === LOCKED;
}

export function checkText(inspection: Inspection, ok: boolean, running: boolean): string {
  const { findings, segments, first_seq, records } = inspection;
  const packed = segments.filter((one) => one.packed).length;
  const removed = first_seq > 0 ? `, ${first_seq} removed by retention` : '';
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  const more = findings.length >= FINDINGS_MAX ? ' or more' : '';
  return [
    `${records} records${removed} in ${segments.length} segments (${packed} packed)${running ? ', being written' : ''}`,
    `${inspection.checkpoints_compared} checkpoints compared with the tree; root ${inspection.root}`,
    ...findings.map(
      ({ level, code, place, detail }) =>
        `${level === 'fault' ? 'FAULT' : 'note '}  ${code}  ${place}: ${detail}`,
    ),
    `${ok ? 'ok' : 'NOT OK'}: ${count('fault')} faults, ${count('note')} notes${more}`,
  ].join('\n');
}

export function planText(plan: RepairPlan): string {
  const lines = plan.changes.map(({ action, path, at, bytes, digest }) =>
    action === 'cut'
      ? `would cut ${bytes} bytes from ${path} at byte ${at} and keep them in quarantine (${digest})`
      : action === 'complete_line'
        ? `would add the missing newline to ${path}; the record before it is whole and signed`
        : `would remove ${path}, which holds no record`,
  );
  const failure = plan.storage_failure;
  if (failure !== undefined)
    lines.push(`would record why the last process stopped: ${failure.cause} at ${failure.failed_ts}`);
  if (plan.next_start === 'refuse') lines.push(`the next start would refuse: ${plan.refusal}`);
  else {
    const kept = `${plan.records} records stay, ${plan.open_decisions} allowed decisions without outcome`;
    lines.push(
      `the next start would ${plan.next_start === 'start' ? 'find nothing to repair' : 'recover'}: ${kept}`,
    );
  }
  return [...lines, 'nothing was changed'].join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
