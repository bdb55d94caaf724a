import { isLive } from '../authn/agents.ts';
import type { Agent, ApiKeyEntry, Subject } from '../core/identity/agent.ts';
import { sourceName } from '../core/identity/source.ts';
import type { Endpoints } from './endpoints.ts';
import { quoted } from './shell_word.ts';

/** One agent as `agent list --json` shows it: everything but hashes. */
export interface AgentListing extends Omit<Agent, 'api_keys' | 'subjects'> {
  readonly api_keys: readonly KeyListing[];
  readonly subjects: readonly Subject[];
}

export interface KeyListing extends Omit<ApiKeyEntry, 'sha256'> {
  readonly state: 'live' | 'ending' | 'revoked' | 'expired';
  readonly last_used_at?: string;
}

const DEFAULT_ENDPOINTS = { explicit_proxy: 'http://127.0.0.1:3128', base_url: 'http://127.0.0.1:8088' };
const HEADINGS = [
  'AGENT',
  'TENANT/TEAM/PROJECT',
  'ENVIRONMENT',
  'STATUS',
  'CREDENTIAL',
  'STATE',
  'LAST USED',
];

export function listingOf(agent: Agent, used: ReadonlyMap<string, number>, now_ms: number): AgentListing {
  return { ...agent, api_keys: agent.api_keys.map((key) => keyListing(key, used.get(key.key_id), now_ms)) };
}

function keyListing(key: ApiKeyEntry, used_ms: number | undefined, now_ms: number): KeyListing {
  const { sha256: _hash, ...shown } = key;
  const last = used_ms === undefined ? {} : { last_used_at: new Date(used_ms).toISOString() };
  return { ...shown, state: keyState(key, now_ms), ...last };
}

function keyState(key: ApiKeyEntry, now_ms: number): KeyListing['state'] {
  if (key.revoked_at !== undefined) return 'revoked';
  if (!isLive(key, now_ms)) return 'expired';
  return key.expires_at === undefined ? 'live' : 'ending';
}

/** One line for each credential; an agent without any still has its line. */
export function agentTable(agents: readonly AgentListing[]): string {
  if (agents.length === 0)
    return 'no agents; add one: clawgress agent add <id> --team … --project … --environment …\n';
  const rows = agents.flatMap((agent) => {
    const place = `${agent.tenant_id}/${agent.team_id}/${agent.project_id}`;
    const who = [agent.agent_id, place, agent.environment, agent.status];
    const credentials = credentialCells(agent);
    return credentials.length === 0
      ? [[...who, '-', '-', '-']]
      : credentials.map((cells) => [...who, ...cells]);
  });
  const table = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${table.map(line).join('\n')}\n`;
}

function credentialCells(agent: AgentListing): readonly (readonly string[])[] {
  const keys = agent.api_keys.map((key) => [`key ${key.key_id}`, stateText(key), key.last_used_at ?? '-']);
  const subjects = agent.subjects.map(({ issuer, subject }) => [`jwt ${issuer} ${subject}`, '-', '-']);
  const sources = (agent.sources ?? []).map((source) => [`source ${sourceName(source)}`, '-', '-']);
  return [...keys, ...subjects, ...sources];
}

function stateText(key: KeyListing): string {
  return key.state === 'ending' ? `until ${key.expires_at}` : key.state;
}

/** What to do with a new key, ready to paste. */
export function usageText(
  agent: Agent,
  secret: { readonly apiKey: string | undefined; readonly keyFile: string | undefined },
  endpoints: Pick<Endpoints, 'explicit_proxy' | 'base_url'> = DEFAULT_ENDPOINTS,
): string {
  const { tenant_id, agent_id, team_id, project_id, environment } = agent;
  const head = `agent  ${agent_id}  (${tenant_id}/${team_id}/${project_id}, ${environment})\n`;
  const { apiKey, keyFile } = secret;
  if (apiKey === undefined)
    return `${head}\nIt signs in with tokens of ${agent.subjects[0]?.issuer ?? 'its issuer'}.\n`;
  if (keyFile !== undefined) {
    const run = `clawgress run --agent ${agent_id} --key-file ${quoted(keyFile)} -- <command>`;
    return `${head}key    written to ${keyFile} (0600)\n\n  ${run}\n`;
  }
  const proxy = endpoints.explicit_proxy.replace('://', `://${agent_id}:${apiKey}@`);
  return `${head}key    ${apiKey}

This key is not shown again; only its hash is kept. Nothing is allowed until a rule of the policy allows it.

Proxy, for almost any client:
  export HTTP_PROXY=${proxy} HTTPS_PROXY=${proxy}
  curl -x ${endpoints.explicit_proxy} -U ${agent_id}:${apiKey} http://api.example.com/

Base URL, for clients without proxy support (the gateway speaks TLS to the destination):
  curl -H 'x-clawgress-key: ${apiKey}' ${endpoints.base_url}/_to/api.example.com/
`;
}
