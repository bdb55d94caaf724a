import { existsSync, readFileSync } from 'node:fs';
import { CliError, EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { writeAtomic } from './state.ts';

/** `keys export`: the trust file, as the recorder last wrote it. It holds public keys only. */
export function exportKeys(flags: Flags): number {
  const layout = layoutFor(settingsFor(flags));
  if (!existsSync(layout.public_keys)) {
    throw new CliError(
      EXIT.unavailable,
      `there are no keys in ${layout.state_dir} yet`,
      'start the gateway once (`clawgress up`), or name the right folder with --state-dir',
    );
  }
  const text = readFileSync(layout.public_keys, 'utf8');
  const { output } = flags;
  if (typeof output !== 'string') {
    process.stdout.write(text);
    return EXIT.ok;
  }
  writeAtomic(output, text, 0o644);
  process.stderr.write(`${output}: public keys; give it to whoever verifies, through a channel they trust\n`);
  return EXIT.ok;
}
