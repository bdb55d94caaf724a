import type { RawRequest } from '../../core/request/egress_request.ts';

const PREFIXES = ['x-clawgress-', 'x-cg-', 'x-envoy-'];

/**
 * Distinct names of the headers that must not reach the destination: the credential and everything in our own and
 * Envoy's namespaces. Envoy's routes strip them too; either alone suffices.
 */
export function strippedHeaders(headers: RawRequest['headers']): string[] {
  const names = new Set<string>(['proxy-authorization']);
  for (const { name } of headers) {
    if (PREFIXES.some((prefix) => name.startsWith(prefix))) names.add(name);
  }
  return [...names];
}
