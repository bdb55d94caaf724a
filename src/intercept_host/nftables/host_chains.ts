import { chain, hooked, toListener } from './chain.ts';
import { type Guard, guardsHost } from './guard.ts';
import { ANY_OWNER, ofAgents } from './host_owner.ts';
import { formatIdRange, type IdRange } from './id_range.ts';
import { acceptResolver } from './resolver_rules.ts';
import { transparentPorts } from './transparent.ts';

export function hostSets({ agentUids, agentGids }: Guard): string[] {
  return [...idSet('agent_uids', 'uid', agentUids), ...idSet('agent_gids', 'gid', agentGids)];
}

/**
 * What leaves a socket of this host. For agents no connection tracking, except where they are redirected: a connection
 * that was open before the rules came is held like any other, and an agent cannot answer what it may not ask.
 */
export function hostChains(guard: Guard): string[] {
  const { resolver } = guard.transparent;
  const isLocked = transparentPorts(guard.transparent).length > 0;
  const lock = [
    '# nobody passes as an agent: redirected connections alone reach these ports, whoever asks',
    'tcp dport @transparent_ports fib daddr type local goto transparent_listeners',
  ];
  if (!guardsHost(guard)) return isLocked ? [hooked('host_output', 'output', lock)] : [];
  return [
    hooked('host_output', 'output', [
      ...(isLocked ? lock : []),
      // Root needs no such rule: it is never among the agents, and a set-uid program that an agent starts keeps the agent's group.
      ...(guard.gatewayUid === 0 ? [] : ['# the gateway', `meta skuid ${guard.gatewayUid} return`]),
      ...ofAgents(guard).map((agents) => `${agents} goto host_agents`),
      `meta skuid ${ANY_OWNER} return`,
      // Older kernels create the sockets of multipath TCP themselves: they have no owner, so any agent could hide in them.
      '# multipath TCP of a socket without an owner may be an agent',
      'tcp option mptcp exists goto listed',
    ]),
    chain('host_agents', [
      ...(resolver === undefined ? [] : acceptResolver(resolver)),
      "# the gateway's own ports, through lo: an address of this host, not of one that took it over",
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
