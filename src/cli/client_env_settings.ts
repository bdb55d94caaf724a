import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CaFiles, type CaTexts, collectCas, SYSTEM_ROOT_FILES } from '../clients/ca_files.ts';
import { type Credential, proxyUrlFor } from '../clients/credential.ts';
import { type ClientSettings, clientVariables } from '../clients/variables.ts';
import type { Environment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import { trustedRoots } from '../pki/store.ts';
import { authorityStore } from './ca_store.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';
import { PACKAGE_ROOT } from './package_root.ts';
import { tryPort } from './ports.ts';

const PRELOAD = join(PACKAGE_ROOT, 'dist', 'clients', 'node_preload.js');

/** Where this gateway was last reached; throws with the way out when it was never started. */
export function knownEndpoints(layout: Layout): Endpoints {
  const endpoints = readEndpoints(layout);
  if (endpoints !== undefined) return endpoints;
  if (isShut(layout.state_dir)) {
    throw new CliError(
      EXIT.unavailable,
      `${layout.state_dir} is not for this user: the gateway runs as another one`,
      'let root start it: sudo clawgress run … -- setpriv --reuid=USER --regid=USER --clear-groups COMMAND',
    );
  }
  throw new CliError(
    EXIT.unavailable,
    `no gateway runs on ${layout.state_dir}`,
    'start one with `clawgress up`',
  );
}

function isShut(dir: string): boolean {
  try {
    accessSync(dir, constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** The same, and somebody listens there now. */
export async function runningEndpoints(layout: Layout): Promise<Endpoints> {
  const endpoints = knownEndpoints(layout);
  if (await isListening(endpoints)) return endpoints;
  throw new CliError(
    EXIT.unavailable,
    `no gateway runs on ${layout.state_dir}`,
    'start one with `clawgress up`',
  );
}

/** A port that we can bind is a port where no proxy listens. */
export async function isListening({ explicit_proxy }: Endpoints): Promise<boolean> {
  const { hostname, port } = new URL(explicit_proxy);
  return (await tryPort(hostname.replace(/^\[|\]$/g, ''), Number(port))) !== undefined;
}

/** What clients have to trust beside the public roots. `inherited`: what the environment set already, to be kept. */
export function caTexts(layout: Layout, endpoints: Endpoints, inherited: Environment): CaTexts {
  const collected = collectCas({
    gateway_files: [endpoints.ca_bundle],
    gateway_roots: trustedRoots(authorityStore(layout).list(), Date.now()),
    system_files: SYSTEM_ROOT_FILES,
    inherited: { replacing: inherited['SSL_CERT_FILE'], adding: inherited['NODE_EXTRA_CA_CERTS'] },
  });
  if (collected.ok) return collected.value;
  throw new CliError(EXIT.unavailable, collected.problem, 'is the file a list of PEM certificates?');
}

/** A key store that `trust install --for java` has made. */
export function javaTrustStore(layout: Layout): string {
  return join(layout.clients_dir, 'java-cacerts');
}

export interface ClientEnvironment {
  readonly layout: Layout;
  readonly endpoints: Endpoints;
  readonly credential: Credential | undefined;
  readonly ca: CaFiles | undefined;
  readonly inherited: Environment;
  readonly flags: Flags;
}

/** All variables of docs/clients.md for one child. `proxyUrl` replaces the gateway's, with its own credential. */
export function variablesOf(environment: ClientEnvironment, proxyUrl?: string): Record<string, string> {
  const { layout, endpoints, credential, ca, inherited, flags } = environment;
  const store = javaTrustStore(layout);
  const settings: ClientSettings = {
    proxy_url: proxyUrl ?? proxyUrlFor(endpoints.explicit_proxy, credential),
    ...(ca === undefined ? {} : { ca }),
    ...(existsSync(store) ? { java_trust_store: store } : {}),
    ...(flags['nodePreload'] !== false && existsSync(PRELOAD)
      ? { node_preload: pathToFileURL(PRELOAD).href }
      : {}),
  };
  return clientVariables(settings, inherited);
}
