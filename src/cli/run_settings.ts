import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { type Flags, settingsFor } from './options.ts';
import { writePrivate } from './state.ts';

/**
 * The supervisor settles everything once (ports included) and hands its children the result, so that a restarted
 * child sees what the first one saw, whatever happened to the configuration since.
 */
export function writeRunSettings(layout: Layout, settings: Settings): string {
  const path = join(layout.run_dir, 'settings.json');
  writePrivate(path, `${JSON.stringify(settings, null, 2)}\n`);
  return path;
}

/** Of a child: what the supervisor wrote; of a command started by hand: the configuration. */
export function childSettings(flags: Flags): Settings {
  const file = flags['settingsFile'];
  if (typeof file !== 'string') return settingsFor(flags);
  return JSON.parse(readFileSync(file, 'utf8')) as Settings;
}
