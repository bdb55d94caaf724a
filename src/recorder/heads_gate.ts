import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLatest } from './checkpointer.ts';
import { rolledBackText } from './heads.ts';
import { contradictions, heldLog, ReportedHead } from './heads_check.ts';
import { HeadsFile } from './heads_file.ts';
import { RecorderError, type RecorderOptions } from './options.ts';
import type { JournalState } from './state.ts';

/** Undefined when the settings name none. */
export function headsFileOf({ settings, keyring, log }: RecorderOptions): HeadsFile | undefined {
  const path = settings.heads_file;
  return path === undefined ? undefined : new HeadsFile(path, keyring.log, log);
}

/** Where a restore that has been accepted says what it is about, until the new log stands. */
export function pendingRestorePath(restoredDir: string): string {
  return join(restoredDir, 'pending.json');
}

/** MUST come before anything is appended: whoever knows more than this disk shows that it was rolled back. */
export async function requireHeads(
  options: RecorderOptions,
  state: JournalState,
  file: HeadsFile | undefined,
): Promise<void> {
  const { layout, keyring, log, settings } = options;
  if (options.restore !== undefined) return;
  if (file?.exists === false && state.head_seq >= 0) {
    log.warn(
      { path: settings.heads_file },
      'there is no heads file yet; it is created now. If there was one before, find out who removed it: until it is back, a rollback would not be noticed',
    );
  }
  const held = heldLog(layout.journal_dir, state, readLatest(layout.checkpoints_dir, keyring.log));
  const places = [new ReportedHead(layout.reported_head), ...(file === undefined ? [] : [file])];
  const found = await contradictions(options, state, held, places);
  if (found.length > 0) throw new RecorderError(rolledBackText(found.map(({ text }) => text)));
}

/** Half of a restore is no state to go on from. */
export function requireNothingPending({ layout, restore }: RecorderOptions): void {
  if (restore !== undefined || !existsSync(pendingRestorePath(layout.restored_dir))) return;
  throw new RecorderError(
    'a restore was accepted and not finished. Run `clawgress recorder restore-accept --yes` again.',
  );
}
