import type { EgressRequest } from './egress_request.ts';

/** `/package.Service/Method`. No endpoint of a provider, and no address that servers of MCP are given, is spelled so. */
const GRPC_PATH = /^\/[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+\/[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Whether the body of a request could be a call of AI, which is then to be read. What calls itself gRPC by its content type alone
 * is not believed: many servers read JSON whatever the type says.
 */
export function mayCarryCall({ protocol, path, path_ambiguous }: EgressRequest): boolean {
  if (protocol === 'grpc') return path_ambiguous || !GRPC_PATH.test(path ?? '');
  return protocol === 'http';
}
