import { networkInterfaces } from 'node:os';

/**
 * Whether anything can listen on ::1. Envoy does not start with an address that it cannot bind, and where the kernel has no
 * IPv6 there are no connections to redirect either.
 */
export function withoutIpv6(): { readonly without_ipv6?: true } {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some(({ address }) => address === '::1') ? {} : { without_ipv6: true };
}
