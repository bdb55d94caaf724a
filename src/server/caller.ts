import type { Metadata } from '@grpc/grpc-js';
import { ID_PATTERN } from '../core/identity/principal.ts';
import type { Caller } from './check.ts';

/** The Envoy that calls; undefined when the call does not name it, once and as an id. */
export function callerOf(metadata: Metadata): Caller | undefined {
  const node = single(metadata, 'x-cg-node');
  const epoch = single(metadata, 'x-cg-epoch');
  if (node === undefined || epoch === undefined) return undefined;
  const [traceparent] = metadata.get('traceparent');
  const ticket = ticketOf(metadata);
  return {
    ...{ node, epoch },
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(ticket === undefined ? {} : { ticket }),
  };
}

/** Of two there is none: nobody could say which tunnel the request came through. */
function ticketOf(metadata: Metadata): string | undefined {
  const [value, ...more] = metadata.get('x-cg-tunnel');
  return typeof value === 'string' && more.length === 0 ? value : undefined;
}

function single(metadata: Metadata, name: string): string | undefined {
  const [value, ...more] = metadata.get(name);
  return typeof value === 'string' && more.length === 0 && ID_PATTERN.test(value) ? value : undefined;
}
