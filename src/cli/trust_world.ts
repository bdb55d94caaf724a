import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { writeCaFiles } from '../clients/ca_files.ts';
import type { ClientKind } from '../clients/client_list.ts';
import { type JavaStore, jdkStore } from '../clients/trust_java.ts';
import type { RunTool, TrustPlace } from '../clients/trust_place.ts';
import { trustPlaceOf } from '../clients/trust_places.ts';
import { DEBIAN_STORE, type SystemStore } from '../clients/trust_system.ts';
import { type Environment, processEnvironment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import { caTexts, javaTrustStore, knownEndpoints } from './client_env_settings.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

const TOOL_TIMEOUT_MS = 120_000;
const TOOL_OUTPUT_BYTES_MAX = 4 * 1_048_576;

/** What the trust commands need from outside. */
export interface TrustWorld {
  /** PEM texts of the CA certificates of this gateway. */
  readonly own: readonly string[];
  placeOf(client: ClientKind): TrustPlace | undefined;
  /** Writes the file that settings name; it has to outlive this command. */
  keepCaFile(): void;
  out(text: string): void;
}

/** The machine and the user who runs the command. */
export function trustWorld(
  flags: Flags,
  env: Environment = processEnvironment(),
  system: SystemStore = DEBIAN_STORE,
): TrustWorld {
  const layout = layoutFor(settingsFor(flags));
  // Not what this shell happens to trust: only what belongs to the gateway is installed.
  const texts = caTexts(layout, knownEndpoints(layout), {});
  const java = javaStore(flags, env, layout);
  const context = {
    own: texts.own,
    ca_file: `${layout.clients_dir}/all.pem`,
    home: env['HOME'] ?? homedir(),
    ...(env['CARGO_HOME'] === undefined ? {} : { cargo_home: env['CARGO_HOME'] }),
    ...(java === undefined ? {} : { java }),
    system,
    run: toolRunner(env),
  };
  return {
    own: texts.own,
    placeOf: (client) => trustPlaceOf(client, context),
    keepCaFile: () => void writeCaFiles(layout.clients_dir, texts, 0o600),
    out: (text) => process.stdout.write(text),
  };
}

function javaStore(flags: Flags, env: Environment, layout: Layout): JavaStore | undefined {
  if (typeof flags['keystore'] === 'string') return { file: resolve(flags['keystore']) };
  const jdk = jdkStore(env);
  if (jdk === undefined) return undefined;
  mkdirSync(layout.clients_dir, { recursive: true, mode: 0o700 });
  return { file: javaTrustStore(layout), copy_of: jdk };
}

function toolRunner(env: Environment): RunTool {
  return (program, args) => {
    const done = spawnSync(program, args, {
      env: { ...env, LC_ALL: 'C' },
      encoding: 'utf8',
      timeout: TOOL_TIMEOUT_MS,
      maxBuffer: TOOL_OUTPUT_BYTES_MAX,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const failure = done.error === undefined ? '' : done.error.message;
    // Warnings on stderr would end up in a value that is read.
    return {
      code: done.status,
      out: done.status === 0 ? done.stdout : `${done.stderr}${done.stdout}${failure}`,
    };
  };
}
