import type { RawRequest } from '../../core/request/egress_request.ts';
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

const CONTENT_TYPE = /^application\/grpc(?:$|\+)/;

/**
 * Whether Envoy turns our answer into one of gRPC: status 200, and the body becomes `grpc-message`. It looks at this one
 * spelling, whatever the method; to anything else it sends an ordinary answer.
 */
export function isAnsweredAsGrpc({ headers }: Pick<RawRequest, 'headers'>): boolean {
  const first = headers.find(({ name }) => name === 'content-type');
  return first !== undefined && CONTENT_TYPE.test(first.value);
}

/** `grpc-status` for the HTTP status that the denial would have. */
export function grpcStatus(status: number): string {
  return String(CODES.get(status) ?? UNAVAILABLE);
}

/** One line; all that a gRPC client shows. */
export function grpcMessage({ reason, receipt, requestId }: DenialAnswer): string {
  const id = receipt === undefined ? `request ${requestId}` : `receipt ${receipt.id}`;
  return `${reason}: ${REASONS[reason].title}; ${id}`;
}
