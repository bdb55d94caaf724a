import { chain, hooked, toListener } from './chain.ts';
import type { Guard } from './guard.ts';
import { formatIdRange, type IdRange } from './id_range.ts';

/** Every user id: this matches exactly the packets whose sender is known. */
const ANY_OWNER = '0-4294967294';

export function hostSets({ agentUids, agentGids }: Guard): string[] {
  return [...idSet('agent_uids', 'uid', agentUids), ...idSet('agent_gids', 'gid', agentGids)];
}

/**
 * Agents as processes of this host. No connection tracking: a connection that was open before the rules came is held
 * like any other, and an agent cannot answer what it may not ask.
 */
export function hostChains(guard: Guard): string[] {
  return [
    hooked('host_output', 'output', [
      // Root needs no such rule: it is never among the agents, and a set-uid program that an agent starts keeps the agent's group.
      ...(guard.gatewayUid === 0 ? [] : [`meta skuid ${guard.gatewayUid} return`]),
      ...(guard.agentUids.length > 0 ? ['meta skuid @agent_uids goto host_agents'] : []),
      ...(guard.agentGids.length > 0 ? ['meta skgid @agent_gids goto host_agents'] : []),
      `meta skuid ${ANY_OWNER} return`,
      // Older kernels create the sockets of multipath TCP themselves: they have no owner, so any agent could hide in them.
      'tcp option mptcp exists goto listed',
    ]),
    // Through lo: an address that is configured on this host, not on one that took it over.
    chain('host_agents', [
      ...guard.listeners.map((listener) => `oifname "lo" ${toListener(listener)}`),
      'goto listed',
    ]),
  ];
}

function idSet(name: string, type: 'uid' | 'gid', ranges: readonly IdRange[]): string[] {
  if (ranges.length === 0) return [];
  const elements = ranges.map(formatIdRange).join(', ');
  return [`set ${name} {\n\ttype ${type}\n\tflags interval\n\telements = { ${elements} }\n}`];
}
