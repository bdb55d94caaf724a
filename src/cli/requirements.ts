import { existsSync } from 'node:fs';
import type { Layout } from '../config/layout.ts';
import { CliError, EXIT } from './exit.ts';

/** Commands on an existing installation must not create one where a path is mistyped. */
export function requireJournal(layout: Layout): void {
  if (existsSync(layout.keys_dir)) return;
  throw new CliError(EXIT.unavailable, `there is no journal in ${layout.state_dir} yet`, 'check --state-dir');
}
