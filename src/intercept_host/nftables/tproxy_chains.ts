import { chain, hooked, translating } from './chain.ts';
import { divertsRouted, type Guard } from './guard.ts';
import { FWMARK } from './policy_route.ts';
import { toResolver } from './resolver_rules.ts';
import { untouched } from './untouched.ts';

/**
 * Leads connections of agents behind this host to the gateway, which then sees both addresses as the agent wrote them.
 * The kernel finds the listener by the mark and its policy route; without either, or without a listener, the packet goes
 * on to be forwarded, which the filter refuses.
 */
export function tproxyChains(guard: Guard, agents: readonly string[]): string[] {
  const { resolver, tproxyPort } = guard.transparent;
  const dispatch = (target: string) => [
    'iifname "lo" return',
    ...agents.map((one) => `${one} goto ${target}`),
  ];
  const diverted = divertsRouted(guard)
    ? [
        hooked('routed_divert', 'prerouting', dispatch('routed_diverted'), 'mangle'),
        chain('routed_diverted', [
          ...untouched(guard.allowances),
          "# this host's own addresses, and what is left of DNS, are judged as they are",
          'fib daddr type { local, broadcast, anycast, multicast } return',
          'tcp dport { 53, 853 } return',
          '# all other TCP to the listener, past the routing table',
          ...['ip to 127.0.0.1', 'ip6 to [::1]'].map(
            (where) => `meta l4proto tcp tproxy ${where}:${tproxyPort} meta mark set ${FWMARK} accept`,
          ),
        ]),
      ]
    : [];
  if (resolver === undefined) return diverted;
  return [
    ...diverted,
    translating('routed_resolver', 'prerouting', dispatch('routed_resolved')),
    chain('routed_resolved', [
      ...untouched(guard.allowances),
      '# questions to any name server',
      ...toResolver(resolver),
    ]),
  ];
}
