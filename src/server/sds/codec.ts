import { createHash } from 'node:crypto';
import { fail, ok, type Result } from '../../core/result.ts';
import { envoy } from '../../gen/envoy.js';
import type { LeafSecret } from './ports.ts';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
const { Secret } = envoy.extensions.transport_sockets.tls.v3;

const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/** One message of Envoy, reduced to what we act on. */
export interface Ask {
  /** Envoy's node id; empty after the first message of a stream. */
  readonly node: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Version by name of what Envoy still holds from an earlier stream. */
  readonly held: Readonly<Record<string, string>>;
  /** Envoy could not use the previous answer. */
  readonly rejected: boolean;
}

/** `NOT_SECRETS`: not this protocol, or about resources of another type. */
export function decodeAsk(bytes: Uint8Array): Result<Ask, 'NOT_SECRETS'> {
  const message = decoded(bytes);
  // Only the first message has to name the type.
  if (message === undefined || !['', SECRET_TYPE].includes(message.typeUrl ?? '')) return fail('NOT_SECRETS');
  return ok({
    node: message.node?.id ?? '',
    subscribe: message.resourceNamesSubscribe ?? [],
    unsubscribe: message.resourceNamesUnsubscribe ?? [],
    held: message.initialResourceVersions ?? {},
    rejected: (message.errorDetail ?? undefined) !== undefined,
  });
}

function decoded(bytes: Uint8Array) {
  try {
    return DeltaDiscoveryRequest.decode(bytes);
  } catch {
    return undefined;
  }
}

/** `name` as Envoy spelled it: the answer is found by it. */
export function encodeSecret(name: string, version: string, secret: LeafSecret, nonce: string): Uint8Array {
  const value = Secret.encode({
    name,
    tlsCertificate: {
      certificateChain: { inlineBytes: Buffer.from(secret.cert_chain_pem) },
      privateKey: { inlineBytes: Buffer.from(secret.private_key_pem) },
    },
  }).finish();
  const resource = { name, version, resource: { type_url: SECRET_TYPE, value } };
  return DeltaDiscoveryResponse.encode({
    systemVersionInfo: version,
    typeUrl: SECRET_TYPE,
    resources: [resource],
    nonce,
  }).finish();
}

export function encodeRemoval(names: readonly string[], nonce: string): Uint8Array {
  return DeltaDiscoveryResponse.encode({
    systemVersionInfo: nonce,
    typeUrl: SECRET_TYPE,
    removedResources: [...names],
    nonce,
  }).finish();
}

/** The same for the same certificate, in every process: a reconnecting Envoy is sent nothing that it has. */
export function versionOf(secret: LeafSecret): string {
  return createHash('sha256').update(secret.cert_chain_pem).digest('hex').slice(0, 32);
}
