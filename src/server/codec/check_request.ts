import { isIP } from 'node:net';
import type { RawRequest } from '../../core/request/egress_request.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { envoy } from '../../gen/envoy.js';
import { readHeaders } from './header_list.ts';

/** Largest Check message that is read. Envoy accepts 60 KiB of request headers; the rest is its own description. */
export const CHECK_BYTES_MAX = 256 * 1024;

/** What the gateway takes from one Check. Envoy's types end here. */
export interface DecodedCheck {
  readonly raw: RawRequest;
  /** Envoy's own x-request-id: agents cannot choose it, and a repeated Check carries it again. */
  readonly requestId: string;
  /** `ip:port` of the client; IPv6 without brackets, so the port begins after the last colon. */
  readonly source: string;
  readonly transport: 'loopback' | 'tls' | 'plaintext';
}

/** Why a message is no Check of our own configuration. None of these can be caused by an agent alone. */
export type CheckProblem =
  | 'CHECK_TOO_LARGE'
  | 'CHECK_UNDECODABLE'
  | 'CHECK_WITHOUT_HTTP'
  | 'CHECK_MODE'
  | 'CHECK_SOURCE'
  | 'CHECK_PSEUDO_HEADERS'
  | 'CHECK_REQUEST_ID';

type Attributes = envoy.service.auth.v3.AttributeContext.$Properties;

/** Reads the bytes of an `envoy.service.auth.v3.CheckRequest`. Never throws. */
export function decodeCheck(bytes: Uint8Array): Result<DecodedCheck, CheckProblem> {
  if (bytes.length > CHECK_BYTES_MAX) return fail('CHECK_TOO_LARGE');
  const attributes = attributesOf(bytes);
  if (attributes === undefined) return fail('CHECK_UNDECODABLE');
  const listed = attributes.request?.http?.headerMap?.headers;
  if (listed === undefined || listed === null) return fail('CHECK_WITHOUT_HTTP');
  const mode = attributes.contextExtensions?.['mode'];
  if (mode !== 'explicit' && mode !== 'base_url') return fail('CHECK_MODE');
  const client = clientOf(attributes);
  if (client === undefined) return fail('CHECK_SOURCE');
  const read = readHeaders(listed);
  if (!read.ok) return fail('CHECK_PSEUDO_HEADERS');
  const { pseudo, headers } = read.value;
  const requestId = requestIdOf(headers);
  if (requestId === undefined) return fail('CHECK_REQUEST_ID');
  return ok({ raw: { mode, ...pseudo, headers }, requestId, ...client });
}

function attributesOf(bytes: Uint8Array): Attributes | undefined {
  try {
    return envoy.service.auth.v3.CheckRequest.decode(bytes).attributes ?? undefined;
  } catch {
    // The decoder throws on truncated or malformed input; there is nothing more to say about such bytes.
    return undefined;
  }
}

function clientOf(attributes: Attributes): Pick<DecodedCheck, 'source' | 'transport'> | undefined {
  const socket = attributes.source?.address?.socketAddress;
  const address = socket?.address ?? '';
  const port = socket?.portValue ?? 0;
  if (isIP(address) === 0 || port < 1 || port > 65_535) return undefined;
  return { source: `${address}:${port}`, transport: transportOf(attributes, address) };
}

function transportOf(attributes: Attributes, address: string): DecodedCheck['transport'] {
  if (attributes.tlsSession !== undefined && attributes.tlsSession !== null) return 'tls';
  return isLoopback(address) ? 'loopback' : 'plaintext';
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}

/** The id becomes part of records and of the key that joins repeated Checks: one value, printable, short. */
function requestIdOf(headers: RawRequest['headers']): string | undefined {
  const found = headers.filter((header) => header.name === 'x-request-id');
  const value = found[0]?.value ?? '';
  return found.length === 1 && REQUEST_ID.test(value) ? value : undefined;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
