import type { RawRequest } from '../../core/request/egress_request.ts';
import { protocolOf } from '../../core/request/protocol.ts';
import { REASONS } from '../../core/verdict/reasons.ts';
import type { DenialAnswer } from './answer.ts';

// google.rpc.Code.
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const CODES: ReadonlyMap<number, number> = new Map([
  [400, FAILED_PRECONDITION],
  [401, 16],
  [403, 7],
  [404, FAILED_PRECONDITION],
  [407, 16],
  [421, FAILED_PRECONDITION],
  [429, 8],
  [503, UNAVAILABLE],
]);

/** A gRPC client reads neither HTTP status nor body: it is told by the two headers that it looks at. */
export function isGrpcCall(raw: RawRequest): boolean {
  const protocol = protocolOf(raw);
  return protocol.ok && protocol.value === 'grpc';
}

/** `grpc-status` for the HTTP status that the denial would have. */
export function grpcStatus(status: number): string {
  return String(CODES.get(status) ?? UNAVAILABLE);
}

/** One line of visible ASCII without percent signs, which is its own encoding as `grpc-message`. */
export function grpcMessage({ reason, receipt, requestId }: DenialAnswer): string {
  const id = receipt === undefined ? `request ${requestId}` : `receipt ${receipt.id}`;
  return `${reason}: ${REASONS[reason].title}; ${id}`.replaceAll(/[^ -~]|%/g, '?');
}
