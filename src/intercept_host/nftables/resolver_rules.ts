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

function questions(port: number): string {
  return `meta l4proto { tcp, udp } th dport ${port}`;
}

function daddr({ family, address }: Place): string {
  return `${family === 4 ? 'ip' : 'ip6'} daddr ${address}`;
}
