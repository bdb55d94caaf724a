import type { MethodDefinition } from '@grpc/grpc-js';

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** Bytes pass through: the codec owns both directions, malformed input included. */
export const SECRETS = {
  deltaSecrets: {
    path: '/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets',
    requestStream: true,
    responseStream: true,
    requestSerialize: sameBytes,
    requestDeserialize: sameBytes,
    responseSerialize: sameBytes,
    responseDeserialize: sameBytes,
  } satisfies MethodDefinition<Buffer, Buffer>,
};
