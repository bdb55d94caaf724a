import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

/** `clawgress recorder run`: records for gateways, until it is told to stop. */
export async function recorderRun(_flags: Flags): Promise<number> {
  throw new CliError(EXIT.unavailable, 'the recorder process is not there yet', 'run `clawgress up`');
}
