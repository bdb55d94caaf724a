import type { Agent } from '../core/identity/agent.ts';
import {
  type AgentSource,
  addressNumber,
  networkBase,
  parseNetwork,
  type SourceIdentity,
  sourceName,
} from '../core/identity/source.ts';

export interface SourceOwner {
  readonly agent: Agent;
  /** Name of the entry that fits best. */
  readonly source: string;
}

/** Which agent a connection belongs to by where it comes from: the uid itself, or the longest network around the address. */
export function indexSources(agents: readonly Agent[]): (seen: SourceIdentity) => SourceOwner | undefined {
  const uids = new Map<number, SourceOwner>();
  const networks = new Map<number, Map<bigint, SourceOwner>>();
  for (const agent of agents) {
    for (const source of agent.sources ?? []) {
      const owner = { agent, source: sourceName(source) };
      if (source.kind === 'uid') uids.set(source.uid, owner);
      else addNetwork(networks, source, owner);
    }
  }
  const longestFirst = [...networks].sort(([a], [b]) => b - a);
  return (seen) => {
    if (seen.kind === 'uid') return uids.get(seen.uid);
    const address = addressNumber(seen.address);
    if (address === undefined) return undefined;
    for (const [length, owners] of longestFirst) {
      const owner = owners.get(networkBase(address, length));
      if (owner !== undefined) return owner;
    }
    return undefined;
  };
}

function addNetwork(
  networks: Map<number, Map<bigint, SourceOwner>>,
  { cidr }: Extract<AgentSource, { kind: 'cidr' }>,
  owner: SourceOwner,
): void {
  const network = parseNetwork(cidr);
  if (network === undefined) throw new Error('invariant: a registry with a network that is none');
  const owners = networks.get(network.length) ?? new Map<bigint, SourceOwner>();
  networks.set(network.length, owners.set(network.base, owner));
}
