import { isIP } from 'node:net';
import type { SourceIdentity } from '../../core/identity/source.ts';
import type { RawRequest, TransparentFacts } from '../../core/request/egress_request.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { envoy } from '../../gen/envoy.js';
import type { AuthInput } from '../ports.ts';
import { readHeaders } from './header_list.ts';
import { listenerFacts } from './listener_facts.ts';

/** Largest Check message that is read. Envoy accepts 60 KiB of request headers; the rest is its own description. */
export const CHECK_BYTES_MAX = 256 * 1024;

/** What the gateway takes from one Check. Envoy's types end here. */
export interface DecodedCheck {
  readonly raw: RawRequest;
  /** Envoy's own x-request-id: agents cannot choose it, and a repeated Check carries it again. */
  readonly requestId: string;
  /** `ip:port` of the client; IPv6 without brackets, so the port begins after the last colon. */
  readonly source: string;
  /** How credentials travel to this listener. */
  readonly transport: AuthInput['transport'];
  /** Of the TLS handshake that the gateway terminated, as the client spelled it. */
  readonly sni?: string;
  /** What a listener of transparent mode vouches for. */
  readonly identity?: SourceIdentity;
}

/** Why a message is no Check of our own configuration. None of these can be caused by an agent alone. */
export type CheckProblem =
  | 'CHECK_TOO_LARGE'
  | 'CHECK_UNDECODABLE'
  | 'CHECK_WITHOUT_HTTP'
  | 'CHECK_LISTENER'
  | 'CHECK_SOURCE'
  | 'CHECK_PSEUDO_HEADERS'
  | 'CHECK_REQUEST_ID';

const PORT_MAX = 65_535;

type Attributes = envoy.service.auth.v3.AttributeContext.$Properties;

/** Reads the bytes of an `envoy.service.auth.v3.CheckRequest`. Never throws. */
export function decodeCheck(bytes: Uint8Array): Result<DecodedCheck, CheckProblem> {
  if (bytes.length > CHECK_BYTES_MAX) return fail('CHECK_TOO_LARGE');
  const attributes = attributesOf(bytes);
  if (attributes === undefined) return fail('CHECK_UNDECODABLE');
  const listed = attributes.request?.http?.headerMap?.headers;
  if (listed === undefined || listed === null) return fail('CHECK_WITHOUT_HTTP');
  const source = endpointOf(attributes.source);
  if (source === undefined || source.port < 1) return fail('CHECK_SOURCE');
  const read = readHeaders(listed);
  if (!read.ok) return fail('CHECK_PSEUDO_HEADERS');
  const { pseudo, headers } = read.value;
  const sni = sniOf(attributes);
  const listener = listenerFacts({
    ...{ extensions: attributes.contextExtensions ?? {}, pseudo, headers, address: source.address },
    ...destinationOf(attributes),
    ...sni,
  });
  if (listener === undefined) return fail('CHECK_LISTENER');
  const requestId = requestIdOf(headers);
  if (requestId === undefined) return fail('CHECK_REQUEST_ID');
  const { mode, transport, transparent, identity } = listener;
  const isOpened = mode === 'intercepted' || transparent?.carries === 'http';
  return ok({
    raw: { mode, ...(transparent === undefined ? {} : { transparent }), ...pseudo, headers },
    requestId,
    source: `${source.address}:${source.port}`,
    transport,
    ...(isOpened ? sni : {}),
    ...(identity === undefined ? {} : { identity }),
  });
}

function attributesOf(bytes: Uint8Array): Attributes | undefined {
  try {
    return envoy.service.auth.v3.CheckRequest.decode(bytes).attributes ?? undefined;
  } catch {
    // The decoder throws on truncated or malformed input; there is nothing more to say about such bytes.
    return undefined;
  }
}

function sniOf({ tlsSession }: Attributes): { sni?: string } {
  const sni = tlsSession?.sni ?? '';
  return sni === '' ? {} : { sni };
}

type Endpoint = TransparentFacts['original'];

/** Port 0 is left to the caller: it is good for nothing, but a client can dial it. */
function endpointOf(peer: Attributes['source']): Endpoint | undefined {
  const socket = peer?.address?.socketAddress;
  const address = socket?.address ?? '';
  const port = socket?.portValue ?? 0;
  return isIP(address) === 0 || port > PORT_MAX ? undefined : { address, port };
}

function destinationOf({ destination }: Attributes): { destination?: Endpoint } {
  const endpoint = endpointOf(destination);
  return endpoint === undefined ? {} : { destination: endpoint };
}

/** The id becomes part of records and of the key that joins repeated Checks: one value, printable, short. */
function requestIdOf(headers: RawRequest['headers']): string | undefined {
  const found = headers.filter((header) => header.name === 'x-request-id');
  const value = found[0]?.value ?? '';
  return found.length === 1 && REQUEST_ID.test(value) ? value : undefined;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
