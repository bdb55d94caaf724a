import type { MethodDefinition } from '@grpc/grpc-js';
import { grpc as wire } from '../gen/envoy.js';

const { HealthCheckRequest, HealthCheckResponse } = wire.health.v1;

export const SERVING = HealthCheckResponse.ServingStatus.SERVING;
export const NOT_SERVING = HealthCheckResponse.ServingStatus.NOT_SERVING;
export type ServingStatus = typeof SERVING | typeof NOT_SERVING;

/** Services are defined by hand from the generated code: nothing is compiled or loaded at run time. */
export const AUTHORIZATION = {
  // Bytes pass through: the codec of the Check owns both directions, malformed input included.
  check: unary<Buffer, Buffer>(
    '/envoy.service.auth.v3.Authorization/Check',
    sameBytes,
    sameBytes,
    sameBytes,
    sameBytes,
  ),
};

export const HEALTH = {
  check: unary('/grpc.health.v1.Health/Check', requestBytes, requestService, statusBytes, statusOf),
  watch: {
    ...unary('/grpc.health.v1.Health/Watch', requestBytes, requestService, statusBytes, statusOf),
    responseStream: true as const,
  },
};

/** The service a health request asks about; empty for the whole server. */
function requestService(bytes: Buffer): string {
  return HealthCheckRequest.decode(bytes).service;
}

function requestBytes(service: string): Buffer {
  return Buffer.from(HealthCheckRequest.encode({ service }).finish());
}

function statusBytes(status: number): Buffer {
  return Buffer.from(HealthCheckResponse.encode({ status }).finish());
}

function statusOf(bytes: Buffer): number {
  return HealthCheckResponse.decode(bytes).status;
}

function sameBytes(bytes: Buffer): Buffer {
  return bytes;
}

function unary<Request, Response>(
  path: string,
  requestSerialize: (value: Request) => Buffer,
  requestDeserialize: (bytes: Buffer) => Request,
  responseSerialize: (value: Response) => Buffer,
  responseDeserialize: (bytes: Buffer) => Response,
) {
  return {
    path,
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize,
    requestDeserialize,
    responseSerialize,
    responseDeserialize,
  } satisfies MethodDefinition<Request, Response>;
}
