import { readLatest } from './checkpointer.ts';
import { KeyCommitments } from './key_commitments.ts';
import { RecorderError, type RecorderOptions } from './options.ts';
import type { RecoveryContext } from './recovery.ts';
import { readSavedState } from './snapshot_file.ts';
import type { JournalState } from './state.ts';

/** What a start reads its journal back with: this folder's own heads, snapshots and keys. */
export function recoveryContext({
  layout,
  keyring,
  settings,
  checkTimeoutMs,
}: RecorderOptions): RecoveryContext {
  const commitments = new KeyCommitments((key) => keyring.hmac('clawgress/bucket-key/v1', key));
  return {
    journal_dir: layout.journal_dir,
    quarantine_dir: layout.quarantine_dir,
    root: keyring.root,
    ledger: {
      limit_keys_max: settings.limit_keys_max,
      request_window_us: 2 * checkTimeoutMs * 1_000,
      commit: (key) => commitments.of(key),
    },
    saved: readSavedState(layout.ledger_dir, keyring),
    base: readSavedState(layout.ledger_dir, keyring, 'base'),
    checkpoint: readLatest(layout.checkpoints_dir, keyring.log),
  };
}

/** A journal goes on only under the keys and the name that it began with. */
export function requireOwnKeys(
  { keyring, layout, issuer }: RecorderOptions,
  { identity }: JournalState,
): void {
  if (identity === undefined) return;
  const at = `the journal in ${layout.journal_dir}`;
  if (identity.root_key_id !== keyring.root.keyId || identity.log_key_id !== keyring.log.keyId) {
    throw new RecorderError(
      `${at} was begun with other keys. Restore its keys folder, or use another state folder.`,
    );
  }
  if (identity.issuer !== issuer) {
    throw new RecorderError(
      `${at} was begun by issuer ${identity.issuer}, the settings say ${issuer}. Set it back, or use another state folder.`,
    );
  }
}
