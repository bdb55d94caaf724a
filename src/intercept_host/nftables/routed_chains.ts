import { chain, hooked, toListener } from './chain.ts';
import { divertsRouted, type Guard } from './guard.ts';
import { FWMARK } from './policy_route.ts';
import { acceptResolver } from './resolver_rules.ts';
import { tproxyChains } from './tproxy_chains.ts';

/**
 * Agents behind an interface or in a network: they reach the gateway's ports on this host, and nothing is forwarded for
 * them. No connection tracking, for the same reasons as on a host.
 */
export function routedChains(guard: Guard): string[] {
  const { resolver } = guard.transparent;
  const agents = [
    ...guard.interfaces.map((name) => `iifname "${name}"`),
    ...guard.sources.map(({ family, text }) => `${family === 4 ? 'ip' : 'ip6'} saddr ${text}`),
  ];
  return [
    ...tproxyChains(guard, agents),
    hooked('routed_input', 'input', [
      "# this host may have an address in the agents' network; what it says to itself is not theirs",
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
      '# neighbours of IPv6, and nobody beyond them',
      'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept',
      ...(divertsRouted(guard)
        ? [
            '# diverted above: the socket is one that takes foreign addresses',
            `meta mark ${FWMARK} meta l4proto tcp socket transparent 1 counter name "tproxied_tcp" accept`,
          ]
        : []),
      ...(resolver === undefined ? [] : acceptResolver(resolver)),
      ...guard.listeners.filter(({ isLoopback }) => !isLoopback).map(toListener),
      'goto listed',
    ]),
  ];
}
