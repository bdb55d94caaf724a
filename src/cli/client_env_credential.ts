import { readFileSync, readSync, statSync } from 'node:fs';
import { CREDENTIAL_BYTES_MAX, type Credential, parseCredential } from '../clients/credential.ts';
import type { Environment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import { readDemoAgents } from './demo_agents.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

/** Reads standard input to its end, at most so many bytes. */
export type ReadStdin = (bytesMax: number) => string;

/** A file, standard input or CLAWGRESS_KEY for any agent; undefined when nothing of that was given. */
export function givenCredential(flags: Flags, env: Environment, stdin: ReadStdin): Credential | undefined {
  const agent = agentFlag(flags);
  const file = flags['credentials'] ?? flags['keyFile'];
  if (typeof file === 'string') {
    if (flags['keyStdin'] === true) throw new CliError(EXIT.usage, 'give a file or --key-stdin, not both');
    return parsed(privateText(file), file, agent);
  }
  if (flags['keyStdin'] === true) return parsed(stdin(CREDENTIAL_BYTES_MAX + 1), 'standard input', agent);
  const key = env['CLAWGRESS_KEY'];
  return key === undefined || key === '' ? undefined : parsed(key, 'CLAWGRESS_KEY', agent);
}

/** The demo agents' keys are known. Throws when nobody's key is. */
export function credentialOf(
  flags: Flags,
  env: Environment,
  layout: Pick<Layout, 'demo_credentials'>,
  stdin: ReadStdin = readStdin,
): Credential {
  const given = givenCredential(flags, env, stdin);
  if (given !== undefined) return given;
  const agent = agentFlag(flags);
  const known = readDemoAgents(layout);
  const found = agent === undefined ? known[0] : known.find((entry) => entry.agent_id === agent);
  if (found !== undefined) return found;
  const who =
    agent === undefined
      ? 'no agent was named and there are no demo agents'
      : `the key of agent '${agent.slice(0, 64)}' is not known here`;
  const next = 'add --credentials <file>, or set CLAWGRESS_KEY; `clawgress agent add` makes a key';
  throw new CliError(EXIT.usage, who, next);
}

/** A secret that everybody can read is no secret any more: refused, so that it is noticed. */
function privateText(file: string): string {
  const { mode, size } = statSync(file);
  if ((mode & 0o007) !== 0) {
    throw new CliError(
      EXIT.usage,
      `everybody can read ${file} (mode 0${(mode & 0o777).toString(8)})`,
      `chmod 600 ${file}; and make a new key when others use this machine: clawgress agent rotate-key <id>`,
    );
  }
  if (size > CREDENTIAL_BYTES_MAX) {
    throw new CliError(EXIT.usage, `${file} has ${size} bytes; at most ${CREDENTIAL_BYTES_MAX} are read`);
  }
  return readFileSync(file, 'utf8');
}

function parsed(text: string, source: string, agent: string | undefined): Credential {
  const credential = parseCredential(text, agent);
  if (credential.ok) return credential.value;
  throw new CliError(EXIT.usage, `${source}: ${credential.problem}`, '`clawgress agent add` makes a key');
}

export function readStdin(bytesMax: number): string {
  const buffer = Buffer.alloc(bytesMax);
  let length = 0;
  for (let read = 1; read > 0 && length < bytesMax; length += read) {
    read = readSync(0, buffer, length, bytesMax - length, null);
  }
  return buffer.toString('utf8', 0, length);
}

function agentFlag(flags: Flags): string | undefined {
  return typeof flags['agent'] === 'string' ? flags['agent'] : undefined;
}
