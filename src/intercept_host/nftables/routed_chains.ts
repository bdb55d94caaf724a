import { chain, hooked, toListener } from './chain.ts';
import type { Guard } from './guard.ts';

/**
 * Agents behind an interface or in a network: they reach the gateway's ports on this host, and nothing is forwarded for
 * them. No connection tracking, for the same reasons as on a host.
 */
export function routedChains(guard: Guard): string[] {
  const agents = [
    ...guard.interfaces.map((name) => `iifname "${name}"`),
    ...guard.sources.map(({ family, text }) => `${family === 4 ? 'ip' : 'ip6'} saddr ${text}`),
  ];
  return [
    // This host may have an address in the agents' network; what it says to itself is not theirs.
    hooked('routed_input', 'input', [
      'iifname "lo" return',
      ...agents.map((one) => `${one} goto routed_agents`),
    ]),
    hooked(
      'routed_forward',
      'forward',
      agents.map((one) => `${one} goto listed`),
    ),
    chain('routed_agents', [
      // Without neighbour discovery IPv6 finds nobody. A hop limit of 255 proves that no router passed it on.
      'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept',
      ...guard.listeners.filter(({ isLoopback }) => !isLoopback).map(toListener),
      'goto listed',
    ]),
  ];
}
