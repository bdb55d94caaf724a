import type { Command } from 'commander';
import { processEnvironment } from '../config/environment.ts';
import { type Layout, layoutOf } from '../config/layout.ts';
import { type CommandLine, loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { quoted } from './shell_word.ts';

/** Values that commander hands to an action: flag name in camel case to its text. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** Flags that set a setting, by commander's name. `demo` is what `--no-demo` clears. */
const SETTING_FLAGS: readonly (readonly [name: string, flag: string, key: string])[] = [
  ['stateDir', '--state-dir', 'state_dir'],
  ['explicitPort', '--explicit-port', 'explicit_proxy.port'],
  ['baseUrlPort', '--base-url-port', 'base_url.port'],
  ['metricsPort', '--metrics-port', 'metrics.port'],
  ['logLevel', '--log-level', 'log_level'],
];

/** Adds the flags by which any command finds its state folder. */
export function withState(command: Command): Command {
  return command
    .option('--state-dir <dir>', 'state folder (default: .clawgress, or state_dir of the configuration)')
    .option(
      '--config <file>',
      'configuration file (default: clawgress.yaml in this folder, when there is one)',
    );
}

export function settingsFor(flags: Flags): Settings {
  return loadSettings(process.cwd(), processEnvironment(), commandLine(flags));
}

export function layoutFor(settings: Settings): Layout {
  return layoutOf(settings.state_dir, settings.sockets_dir, settings.gateways);
}

export function commandLine(flags: Flags): CommandLine {
  const values = new Map<string, { flag: string; text: string }>();
  for (const [name, flag, key] of SETTING_FLAGS) {
    const text = flags[name];
    if (typeof text === 'string') values.set(key, { flag, text });
  }
  if (flags['demo'] === false) values.set('demo.enabled', { flag: '--no-demo', text: 'false' });
  const config = flags['config'];
  return typeof config === 'string' ? { config, values } : { values };
}

/** The state folder as the user would write it in a command, to be appended to copy-paste lines. */
export function stateFlag(flags: Flags): string {
  const parts = [
    typeof flags['stateDir'] === 'string' ? ` --state-dir ${quoted(flags['stateDir'])}` : '',
    typeof flags['config'] === 'string' ? ` --config ${quoted(flags['config'])}` : '',
  ];
  return parts.join('');
}
