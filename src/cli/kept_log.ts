import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Layout, layoutOf } from '../config/layout.ts';
import { openKeyring } from '../keys/keyring.ts';
import { newestUpTo } from '../recorder/checkpointer.ts';
import { CliError, EXIT } from './exit.ts';
import type { SignedHead } from './export_checkpoint.ts';
import { newestFirst } from './journal_reader.ts';

const FOLDER = /^(?:[0-9a-f]{32}|unknown)(?:\.[0-9]{1,6})?$/;

/** Where a log lies that `recorder restore-accept` set aside; keys and documents are those of the installation. */
export function keptLayout(layout: Layout, log: string): Layout {
  const dir = join(layout.restored_dir, log);
  if (!FOLDER.test(log) || !existsSync(join(dir, 'journal'))) {
    throw new CliError(
      EXIT.usage,
      `--log: found '${log}'; allowed: the name of a folder below ${layout.restored_dir}`,
    );
  }
  const { journal_dir, checkpoints_dir, public_keys } = layoutOf(dir, join(dir, 'run'));
  return { ...layout, journal_dir, checkpoints_dir, public_keys };
}

/** Nobody signs for a log that ended: its bundle reaches as far as the newest checkpoint that it still holds all records of. */
export function keptCheckpoint(layout: Layout): SignedHead {
  const [newest] = newestFirst(layout.journal_dir);
  const records = newest === undefined ? 0 : newest.record.seq + 1;
  const signed = newestUpTo(layout.checkpoints_dir, openKeyring(layout.keys_dir).log, records);
  if (signed !== undefined) return signed;
  throw new CliError(EXIT.no, `no checkpoint in ${layout.checkpoints_dir} covers what is held of this log`);
}
