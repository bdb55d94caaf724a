import type { Place, Resolver } from './transparent.ts';

/** Rules of a translating chain: whatever name server an agent asks, the resolver hears it. */
export function toResolver({ places, port }: Resolver): string[] {
  return places.map(({ family, address }) => {
    const target = family === 4 ? `ip to ${address}` : `ip6 to [${address}]`;
    return `meta nfproto ipv${family} ${questions(53)} dnat ${target}:${port}`;
  });
}

/** Rules of a filter: questions that arrive at the resolver, redirected or asked there outright. */
export function acceptResolver({ places, port }: Resolver): string[] {
  return places.map(
    (place) => `${daddr(place)} fib daddr type local ${questions(port)} counter name "resolver_dns" accept`,
  );
}

/** Of the kernel's connections, where those of everybody else are in zone 0: "cg". */
const ZONE = 25_447;

/**
 * Rule of a filter before connections are tracked. UDP has no connections but what the kernel remembers by addresses and
 * ports: in one zone, whoever takes a port that an agent asked from, within half a minute, would be taken for the agent, and
 * its question would reach the resolver. An agent that asks from every port would cut the host, and us, off from names.
 * Not of TCP: it begins anew with each SYN, and its last packets have no owner, so no zone.
 */
export const OWN_ZONE = `udp dport 53 ct original zone set ${ZONE}`;

function questions(port: number): string {
  return `meta l4proto { tcp, udp } th dport ${port}`;
}

function daddr({ family, address }: Place): string {
  return `${family === 4 ? 'ip' : 'ip6'} daddr ${address}`;
}
