import { resolve } from 'node:path';
import { writeCaFiles } from '../clients/ca_files.ts';
import { SHELLS, type Shell, shellText } from '../clients/shell_text.ts';
import { processEnvironment } from '../config/environment.ts';
import { credentialOf, givenCredential, readStdin } from './client_env_credential.ts';
import { caTexts, isListening, knownEndpoints, variablesOf } from './client_env_settings.ts';
import { CliError, EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

/** `clawgress env`: the variables that send programs through the gateway, as text for a shell or a file. */
export async function clientEnv(flags: Flags): Promise<number> {
  const shell = flags['json'] === true ? 'json' : shellOf(flags['shell']);
  const layout = layoutFor(settingsFor(flags));
  const endpoints = knownEndpoints(layout);
  if (!(await isListening(endpoints)))
    warn(`no gateway runs on ${layout.state_dir} now; these are its last ports`);
  const inherited = processEnvironment();
  // Only on request: whatever is printed here may end in a file, a log or a history.
  const credential =
    typeof flags['agent'] === 'string'
      ? credentialOf(flags, inherited, layout)
      : givenCredential(flags, inherited, readStdin);
  const texts = caTexts(layout, endpoints, inherited);
  const shared = typeof flags['caDir'] === 'string' ? resolve(flags['caDir']) : undefined;
  const ca =
    texts.own.length === 0
      ? undefined
      : writeCaFiles(shared ?? layout.clients_dir, texts, shared === undefined ? 0o600 : 0o644);
  const text = shellText(shell, variablesOf({ layout, endpoints, credential, ca, inherited, flags }));
  if (!text.ok) throw new CliError(EXIT.usage, text.problem);
  if (credential === undefined) {
    warn('no credential is in it: add --agent and --credentials, or let clawgress run start the program');
  } else {
    warn(
      `the key of ${credential.agent_id} is in it: keep it out of files that others read; clawgress run avoids that`,
    );
  }
  process.stdout.write(text.value);
  return EXIT.ok;
}

function shellOf(value: Flags[string]): Shell {
  const found = SHELLS.find((shell) => shell === (value ?? 'sh'));
  if (found !== undefined) return found;
  throw new CliError(
    EXIT.usage,
    `unknown --shell '${String(value).slice(0, 32)}'`,
    `allowed: ${SHELLS.join(', ')}`,
  );
}

function warn(text: string): void {
  process.stderr.write(`clawgress env: ${text}\n`);
}
