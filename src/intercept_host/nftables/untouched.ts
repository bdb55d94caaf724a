import type { Allowance } from './allowance.ts';

/** One listed destination, as a match. */
export function matchAllowance({ protocol, network, port }: Allowance): string {
  return `${network.family === 4 ? 'ip' : 'ip6'} daddr ${network.text} ${protocol} dport ${port}`;
}

/** Rules that keep listed destinations from being redirected: agents reach them without the gateway. */
export function untouched(allowances: readonly Allowance[]): string[] {
  return allowances.map((one) => `${matchAllowance(one)} return`);
}
