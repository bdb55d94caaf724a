import type { MethodDefinition } from '@grpc/grpc-js';

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** Bytes pass through: the codec of the method owns both directions, malformed input included. */
export function bytesMethod(path: string, way: 'unary' | 'both_stream'): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: way === 'both_stream',
    responseStream: way === 'both_stream',
    requestSerialize: sameBytes,
    requestDeserialize: sameBytes,
    responseSerialize: sameBytes,
    responseDeserialize: sameBytes,
  };
}
