import type { MethodDefinition } from '@grpc/grpc-js';

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** Bytes pass through: the codec owns both directions, malformed input included. */
export const INSPECTION = {
  process: {
    path: '/envoy.service.ext_proc.v3.ExternalProcessor/Process',
    requestStream: true,
    responseStream: true,
    requestSerialize: sameBytes,
    requestDeserialize: sameBytes,
    responseSerialize: sameBytes,
    responseDeserialize: sameBytes,
  } satisfies MethodDefinition<Buffer, Buffer>,
};
