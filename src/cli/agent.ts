import { rmSync, writeFileSync } from 'node:fs';
import { isLive, issueKey, rotateKeys } from '../authn/agents.ts';
import { readRegistryFile, updateRegistryFile } from '../authn/registry_file.ts';
import type { Agent, Subject } from '../core/identity/agent.ts';
import { type AgentStatus, ID_PATTERN } from '../core/identity/principal.ts';
import { type AgentListing, agentTable, listingOf, usageText } from './agent_text.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { CliError, EXIT } from './exit.ts';
import { askGateway } from './gateway_client.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

/** What the agent commands need from outside. Texts are written without a newline added. */
export interface AgentContext {
  readonly registry_file: string;
  /** Where the gateway of this state folder listens, or would. */
  readonly endpoints?: Pick<Endpoints, 'explicit_proxy' | 'base_url'>;
  /** Milliseconds since the epoch. */
  now(): number;
  out(text: string): void;
  /** When each key was last used, by key id; empty when no gateway runs. */
  lastUsed(): Promise<ReadonlyMap<string, number>>;
}

/** Shown below `--help`. */
export const AGENT_EXAMPLES = {
  add: [
    'clawgress agent add my-agent --team research --project crawler --environment dev',
    'clawgress agent add my-agent --team research --project crawler --environment dev --key-file my-agent.key',
    'clawgress agent add ci-bot --team build --project ci --environment prod --jwt-issuer https://idp.example --jwt-subject ci',
  ],
  list: ['clawgress agent list', "clawgress agent list --json | jq '.agents[] | .agent_id'"],
  disable: ['clawgress agent disable my-agent'],
  enable: ['clawgress agent enable my-agent'],
  'rotate-key': [
    'clawgress agent rotate-key my-agent --overlap 24h',
    'clawgress agent rotate-key my-agent --overlap 0s',
  ],
  remove: ['clawgress agent remove my-agent'],
} as const;

/** Below the registry's bound, so that a rotation always has room for one more. */
const LIVE_KEYS_MAX = 8;
const OVERLAP_MS_MAX = 90 * 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The state folder that the flags name, and the terminal. */
export function agentContext(flags: Flags): AgentContext {
  const settings = settingsFor(flags);
  const layout = layoutFor(settings);
  const endpoints = readEndpoints(layout);
  return {
    registry_file: settings.registry_file,
    ...(endpoints ? { endpoints } : {}),
    now: Date.now,
    out: (text) => process.stdout.write(text),
    lastUsed: async () =>
      usedKeys(await askGateway(layout.gateway_socket, 'GET', '/status').catch(() => undefined)),
  };
}

/** `agent add <id> --team --project --environment [--tenant] [--key-file] [--jwt-issuer --jwt-subject] [--json]` */
export async function agentAdd(id: string, flags: Flags, context = agentContext(flags)): Promise<number> {
  const subjects = subjectOf(flags);
  const issued = subjects.length === 0 ? issueKey(context.now()) : undefined;
  const agent: Agent = {
    tenant_id: idFlag(flags, 'tenant', 'default'),
    agent_id: checkedId('agent id', id),
    team_id: idFlag(flags, 'team'),
    project_id: idFlag(flags, 'project'),
    environment: idFlag(flags, 'environment'),
    status: 'active',
    api_keys: issued ? [issued.entry] : [],
    subjects,
  };
  const isTaken = (agents: readonly Agent[]) => agents.some((one) => one.agent_id === id);
  await withKeyFile(issued?.api_key, flags, () =>
    updateRegistryFile(context.registry_file, (agents) => {
      if (!isTaken(agents)) return [...agents, agent];
      const next = `for a new key: clawgress agent rotate-key ${id}`;
      throw new CliError(EXIT.usage, `agent '${id}' exists already`, next);
    }),
  );
  return showKey(agent, issued?.api_key, flags, context);
}

/** `agent list [--json]` */
export async function agentList(flags: Flags, context = agentContext(flags)): Promise<number> {
  const used = await context.lastUsed();
  const now_ms = context.now();
  const { agents } = readRegistryFile(context.registry_file);
  const listings: readonly AgentListing[] = agents.map((agent) => listingOf(agent, used, now_ms));
  context.out(flags['json'] === true ? json({ agents: listings }) : agentTable(listings));
  return EXIT.ok;
}

/** `agent disable <id> [--json]`: new requests are refused within a second; the keys stay. */
export function agentDisable(id: string, flags: Flags, context = agentContext(flags)): Promise<number> {
  return setStatus(id, 'disabled', flags, context);
}

/** `agent enable <id> [--json]`: also ends a quarantine. */
export function agentEnable(id: string, flags: Flags, context = agentContext(flags)): Promise<number> {
  return setStatus(id, 'active', flags, context);
}

/** `agent rotate-key <id> [--overlap 24h] [--key-file] [--json]`: a new key; the old ones end after the overlap. */
export async function agentRotateKey(
  id: string,
  flags: Flags,
  context = agentContext(flags),
): Promise<number> {
  const overlap_ms = durationMs(textFlag(flags, 'overlap') ?? '24h');
  const issued = issueKey(context.now());
  const rotate = (found: Agent) => {
    const live = found.api_keys.filter((key) => isLive(key, context.now())).length;
    if (overlap_ms === 0 || live < LIVE_KEYS_MAX) {
      return rotateKeys(found, issued.entry, context.now(), overlap_ms);
    }
    throw new CliError(EXIT.usage, `agent '${id}' has ${live} live keys`, 'end them all with --overlap 0s');
  };
  const agent = await withKeyFile(issued.api_key, flags, () => changeAgent(id, context, rotate));
  return showKey(agent, issued.api_key, flags, context);
}

/** `agent remove <id> [--json]`: its keys are unknown from then on; its receipts stay. */
export async function agentRemove(id: string, flags: Flags, context = agentContext(flags)): Promise<number> {
  await updateRegistryFile(context.registry_file, (agents) => {
    requireAgent(agents, id);
    return agents.filter((agent) => agent.agent_id !== id);
  });
  context.out(flags['json'] === true ? json({ agent_id: id, removed: true }) : `removed ${id}\n`);
  return EXIT.ok;
}

async function setStatus(
  id: string,
  status: AgentStatus,
  flags: Flags,
  context: AgentContext,
): Promise<number> {
  await changeAgent(id, context, (agent) => ({ ...agent, status }));
  context.out(flags['json'] === true ? json({ agent_id: id, status }) : `${id} is ${status}\n`);
  return EXIT.ok;
}

async function changeAgent(
  id: string,
  context: AgentContext,
  change: (agent: Agent) => Agent,
): Promise<Agent> {
  const { agents } = await updateRegistryFile(context.registry_file, (before) => {
    requireAgent(before, id);
    return before.map((agent) => (agent.agent_id === id ? change(agent) : agent));
  });
  return requireAgent(agents, id);
}

function requireAgent(agents: readonly Agent[], id: string): Agent {
  const found = agents.find((agent) => agent.agent_id === id);
  if (found) return found;
  throw new CliError(EXIT.usage, `there is no agent '${id.slice(0, 64)}'`, 'clawgress agent list');
}

/** The file comes first: a key that is registered but could not be saved would be lost. */
async function withKeyFile<T>(
  apiKey: string | undefined,
  flags: Flags,
  register: () => Promise<T>,
): Promise<T> {
  const keyFile = textFlag(flags, 'keyFile');
  if (keyFile === undefined || apiKey === undefined) return register();
  try {
    writeFileSync(keyFile, `${apiKey}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CliError(EXIT.usage, `${keyFile} exists already`, 'choose another --key-file, or move it away');
  }
  return register().catch((error: unknown) => {
    rmSync(keyFile, { force: true });
    throw error;
  });
}

/** The one moment in which the key is visible. */
function showKey(agent: Agent, apiKey: string | undefined, flags: Flags, context: AgentContext): number {
  const keyFile = textFlag(flags, 'keyFile');
  const key_id = agent.api_keys.at(-1)?.key_id;
  if (flags['json'] === true) {
    const secret = keyFile === undefined ? { api_key: apiKey } : { key_file: keyFile };
    context.out(
      json({
        agent_id: agent.agent_id,
        tenant_id: agent.tenant_id,
        ...(apiKey ? { key_id, ...secret } : {}),
      }),
    );
  } else {
    context.out(usageText(agent, { apiKey, keyFile }, context.endpoints));
  }
  return EXIT.ok;
}

function subjectOf(flags: Flags): readonly Subject[] {
  const issuer = textFlag(flags, 'jwtIssuer');
  const subject = textFlag(flags, 'jwtSubject');
  if (issuer === undefined && subject === undefined) return [];
  if (issuer !== undefined && subject !== undefined) return [{ issuer, subject }];
  throw new CliError(EXIT.usage, '--jwt-issuer and --jwt-subject belong together');
}

function idFlag(flags: Flags, name: string, fallback?: string): string {
  const text = textFlag(flags, name) ?? fallback;
  if (text === undefined) throw new CliError(EXIT.usage, `--${name} is missing`, AGENT_EXAMPLES.add[0]);
  return checkedId(`--${name}`, text);
}

function checkedId(what: string, text: string): string {
  if (ID_PATTERN.test(text)) return text;
  throw new CliError(EXIT.usage, `${what} is not valid`, 'allowed: 1 to 64 of a-z 0-9 . _ -');
}

function durationMs(text: string): number {
  const [, count = '', unit = ''] = /^([0-9]{1,7})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (count !== '' && ms <= OVERLAP_MS_MAX) return ms;
  throw new CliError(EXIT.usage, '--overlap is not valid', 'allowed: 0s to 90d, for instance 30m or 24h');
}

function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** The gateway's status is another process's answer: read what is there, and nothing else. */
function usedKeys(status: unknown): ReadonlyMap<string, number> {
  const used =
    typeof status === 'object' && status !== null && 'key_last_used' in status
      ? status.key_last_used
      : undefined;
  if (typeof used !== 'object' || used === null) return new Map();
  return new Map(
    Object.entries(used).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
