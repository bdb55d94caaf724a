import { updateRegistryFile } from '../authn/registry_file.ts';
import { type Agent, SOURCES_MAX } from '../core/identity/agent.ts';
import { NETWORK_ALLOWED } from '../core/identity/registry_document.ts';
import { type AgentSource, parseNetwork, sourceName, UID_MAX } from '../core/identity/source.ts';
import { type AgentContext, agentContext } from './agent.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

type BindContext = Pick<AgentContext, 'registry_file' | 'out'>;

export const BIND_EXAMPLES = {
  bind: [
    'clawgress agent bind my-agent --uid 2001',
    'clawgress agent bind my-agent --cidr 10.92.0.0/24',
    'clawgress agent bind my-agent --cidr fd00:92::/64 --json',
  ],
  unbind: [
    'clawgress agent unbind my-agent --uid 2001',
    'clawgress agent unbind my-agent --cidr 10.92.0.0/24',
  ],
} as const;

/** `agent bind <id> --uid N | --cidr C [--json]`: connections from there are this agent's, in transparent mode. */
export async function agentBind(id: string, flags: Flags, context = agentContext(flags)): Promise<number> {
  const source = sourceOf(flags);
  return await changeSources(id, source, flags['json'] === true, context, 'bound', (agent, others) => {
    const owner = others.find((other) => has(other, source));
    if (owner !== undefined)
      throw new CliError(
        EXIT.usage,
        `${sourceName(source)} is bound to agent '${owner.agent_id}'`,
        `clawgress agent unbind ${owner.agent_id} ${flagOf(source)}`,
      );
    const sources = agent.sources ?? [];
    if (has(agent, source)) return sources;
    if (sources.length < SOURCES_MAX) return [...sources, source];
    throw new CliError(
      EXIT.usage,
      `agent '${id}' has ${sources.length} sources already`,
      'unbind one of them',
    );
  });
}

/** `agent unbind <id> --uid N | --cidr C [--json]`: at once, inside of connections that stand, too. */
export async function agentUnbind(id: string, flags: Flags, context = agentContext(flags)): Promise<number> {
  const source = sourceOf(flags);
  return await changeSources(id, source, flags['json'] === true, context, 'unbound', (agent) => {
    if (has(agent, source))
      return agent.sources?.filter((one) => sourceName(one) !== sourceName(source)) ?? [];
    const bound = agent.sources?.map(sourceName).join(', ') ?? '';
    const next = bound === '' ? 'it has no sources' : `its sources: ${bound}`;
    throw new CliError(EXIT.usage, `${sourceName(source)} is not bound to agent '${id}'`, next);
  });
}

async function changeSources(
  id: string,
  source: AgentSource,
  asJson: boolean,
  { registry_file, out }: BindContext,
  done: 'bound' | 'unbound',
  change: (agent: Agent, others: readonly Agent[]) => readonly AgentSource[],
): Promise<number> {
  const { agents } = await updateRegistryFile(registry_file, (before) => {
    const found = before.find((agent) => agent.agent_id === id);
    if (found === undefined)
      throw new CliError(EXIT.usage, `there is no agent '${id.slice(0, 64)}'`, 'clawgress agent list');
    const others = before.filter((agent) => agent !== found);
    const { sources: _before, ...agent } = found;
    const sources = change(found, others);
    return [...others, sources.length === 0 ? agent : { ...agent, sources }];
  });
  const sources = agents.find((agent) => agent.agent_id === id)?.sources ?? [];
  const line = `${sourceName(source)} is ${done}; ${id}: ${sources.map(sourceName).join(', ') || 'no sources'}\n`;
  out(asJson ? `${JSON.stringify({ agent_id: id, sources }, null, 2)}\n` : line);
  return EXIT.ok;
}

function has({ sources = [] }: Agent, wanted: AgentSource): boolean {
  return sources.some((source) => sourceName(source) === sourceName(wanted));
}

function flagOf(source: AgentSource): string {
  return source.kind === 'uid' ? `--uid ${source.uid}` : `--cidr ${source.cidr}`;
}

function sourceOf(flags: Flags): AgentSource {
  const [uid, cidr] = [flags['uid'], flags['cidr']];
  if ((uid === undefined) === (cidr === undefined))
    throw new CliError(
      EXIT.usage,
      `found ${uid === undefined ? 'neither --uid nor --cidr' : 'both --uid and --cidr'}; allowed: one of them`,
      BIND_EXAMPLES.bind[0],
    );
  return typeof uid === 'string' ? uidSource(uid) : networkSource(String(cidr));
}

function uidSource(text: string): AgentSource {
  const uid = /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : Number.NaN;
  // Whoever is root takes any listener, and the gateway's own traffic would be the agent's.
  if (uid >= 1 && uid <= UID_MAX) return { kind: 'uid', uid };
  throw new CliError(
    EXIT.usage,
    `--uid: found '${text.slice(0, 64)}'`,
    `allowed: 1 to ${UID_MAX} (\`id -u USER\` shows it)`,
  );
}

function networkSource(cidr: string): AgentSource {
  if (parseNetwork(cidr) !== undefined) return { kind: 'cidr', cidr };
  throw new CliError(EXIT.usage, `--cidr: found '${cidr.slice(0, 64)}'`, `allowed: ${NETWORK_ALLOWED}`);
}
