import type { AiReading } from '../core/ai/ai_request.ts';
import type { RequestFinding } from '../server/inspect/ports.ts';

/** Characters of an id that is held until the answer; a longer one is left out, as half of it would name another call. */
export const RPC_ID_MAX = 256;

/** The id that the client waits for; none of what it does not wait for: notifications, and its own answers to the server. */
export function rpcIdOf(reading: AiReading): Pick<RequestFinding, 'rpc_id'> {
  if (reading.kind !== 'mcp' && reading.kind !== 'a2a') return {};
  const { id } = reading;
  if (id === undefined || (reading.kind === 'mcp' && reading.message !== 'request')) return {};
  return typeof id === 'string' && id.length > RPC_ID_MAX ? {} : { rpc_id: id };
}
