import { chain } from './chain.ts';
import type { Guard } from './guard.ts';
import { matchAllowance } from './untouched.ts';

const LOG = 'limit rate 5/second burst 20 packets log prefix "clawgress denied: " flags skuid';

/** What becomes of the agents' packets that are not for the gateway: listed destinations pass, all else is refused. */
export function verdictChains({ allowances, logDenied }: Guard): string[] {
  return [
    chain('listed', [
      ...allowances.map((one) => `${matchAllowance(one)} counter name "passed_listed" accept`),
      'goto denied',
    ]),
    chain('denied', [
      '# counted by what it was, then refused',
      ...(logDenied ? [LOG] : []),
      counted('meta l4proto { tcp, udp } th dport { 53, 853 }', 'denied_dns'),
      counted('udp dport 443', 'denied_quic'),
      // Spelled so that `nft` does not need /etc/protocols, which small systems lack.
      counted('meta l4proto { icmp, icmpv6 }', 'denied_icmp'),
      counted('meta l4proto tcp', 'denied_tcp'),
      counted('', 'denied_other'),
    ]),
    // Both end the packet. An answer at once spares clients a time-out of minutes.
    chain('refused', ['meta l4proto tcp reject with tcp reset', 'reject with icmpx admin-prohibited']),
  ];
}

function counted(match: string, counter: string): string {
  return `${match} counter name "${counter}" goto refused`.trimStart();
}
