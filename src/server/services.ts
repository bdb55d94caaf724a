import type { MethodDefinition } from '@grpc/grpc-js';
import { grpc as wire } from '../gen/envoy.js';
import { bytesMethod } from './bytes_method.ts';

const { HealthCheckRequest, HealthCheckResponse } = wire.health.v1;

// Messages are objects, never bare strings or numbers: the library takes a falsy request for a missing one.
export type HealthQuery = wire.health.v1.HealthCheckRequest.$Properties;
export type HealthStatus = wire.health.v1.HealthCheckResponse.$Properties;

export const SERVING = HealthCheckResponse.ServingStatus.SERVING;
export const NOT_SERVING = HealthCheckResponse.ServingStatus.NOT_SERVING;

// Services are defined by hand from the generated code: nothing is compiled or loaded at run time.

export const AUTHORIZATION = {
  check: bytesMethod('/envoy.service.auth.v3.Authorization/Check', 'unary'),
};

const healthMessages = {
  requestSerialize: (query: HealthQuery) => asBuffer(HealthCheckRequest.encode(query).finish()),
  requestDeserialize: (bytes: Buffer): HealthQuery => HealthCheckRequest.decode(bytes),
  responseSerialize: (status: HealthStatus) => asBuffer(HealthCheckResponse.encode(status).finish()),
  responseDeserialize: (bytes: Buffer): HealthStatus => HealthCheckResponse.decode(bytes),
};

export const HEALTH = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    ...healthMessages,
  } satisfies MethodDefinition<HealthQuery, HealthStatus>,
  watch: {
    path: '/grpc.health.v1.Health/Watch',
    requestStream: false,
    responseStream: true,
    ...healthMessages,
  } satisfies MethodDefinition<HealthQuery, HealthStatus>,
};

/** The same memory as a Buffer, which the library asks for. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
