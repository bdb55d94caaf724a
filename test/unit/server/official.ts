import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';

const fixture = fileURLToPath(new URL('../../vectors/envoy-descriptor/envoy-1.40.0.binpb', import.meta.url));
/** Envoy's own definitions, unabridged: the other side of the wire, independent of proto/ and src/gen/. */
const root = protobuf.Root.fromDescriptor(new Uint8Array(readFileSync(fixture)), { keepCase: true });
const CheckRequest = root.lookupType('envoy.service.auth.v3.CheckRequest');
const CheckResponse = root.lookupType('envoy.service.auth.v3.CheckResponse');

export interface WireHeader {
  readonly key: string;
  readonly value?: string;
  readonly raw_value?: Uint8Array;
}

/** What Envoy would send, as far as tests vary it. */
export interface CheckFacts {
  readonly mode?: string;
  readonly address?: string;
  readonly port?: number;
  readonly transport?: string;
  readonly sni?: string;
  /** Where the connection was made to. */
  readonly destination?: { readonly address: string; readonly port: number };
  /** More constants of the listener. */
  readonly extensions?: Readonly<Record<string, string>>;
  readonly headers?: readonly WireHeader[];
}

export function bytesOfHeader(key: string, text: string): WireHeader {
  return { key, raw_value: Buffer.from(text, 'latin1') };
}

export const PLAIN_GET: readonly WireHeader[] = [
  bytesOfHeader(':authority', 'api.example:8080'),
  bytesOfHeader(':path', '/v1/items?page=2'),
  bytesOfHeader(':method', 'GET'),
  bytesOfHeader(':scheme', 'http'),
  bytesOfHeader('x-request-id', '4f9a3d1e-0000-4000-8000-000000000001'),
  bytesOfHeader('proxy-authorization', 'Basic Ym90OmNna194'),
];

/** A complete CheckRequest, with many members that our subset leaves out. */
export function checkRequest(facts: CheckFacts = {}): Uint8Array {
  const {
    mode = 'explicit',
    transport = 'loopback',
    address = '127.0.0.1',
    port = 40_000,
    sni = 'ignored',
    destination = { address: '127.0.0.1', port: 3128 },
    extensions = {},
    headers = PLAIN_GET,
  } = facts;
  const message = CheckRequest.fromObject({
    attributes: {
      source: {
        address: { socket_address: { protocol: 0, address, port_value: port } },
        service: 'ignored',
        labels: { ignored: 'yes' },
        principal: 'ignored',
      },
      destination: {
        address: { socket_address: { address: destination.address, port_value: destination.port } },
      },
      request: {
        time: { seconds: 1, nanos: 2 },
        http: {
          id: '1234567890',
          host: 'ignored',
          path: '/ignored',
          header_map: { headers },
          protocol: 'HTTP/1.1',
        },
      },
      context_extensions: { mode, transport, other: 'ignored', ...extensions },
      tls_session: { sni },
      route_metadata_context: {},
    },
  });
  return CheckRequest.encode(message).finish();
}

export interface OfficialHeaderOption {
  header: { key: string; value?: string; raw_value?: unknown };
  append?: unknown;
  /** Enum number; absent when it is not on the wire. */
  append_action?: number;
}
export interface OfficialResponse {
  status?: { code?: number };
  http_response?: 'ok_response' | 'denied_response';
  ok_response?: {
    headers?: OfficialHeaderOption[];
    headers_to_remove?: string[];
    response_headers_to_add?: OfficialHeaderOption[];
  };
  denied_response?: { status?: { code?: number }; headers?: OfficialHeaderOption[]; body?: string };
  dynamic_metadata?: { fields: Record<string, { string_value?: string }> };
}

/** As Envoy reads it. Only members that are on the wire appear. */
export function readResponse(bytes: Uint8Array): OfficialResponse {
  return CheckResponse.toObject(CheckResponse.decode(bytes), {
    oneofs: true,
    longs: Number,
  }) as OfficialResponse;
}

export function pairs(options: readonly OfficialHeaderOption[] | undefined): [string, string | undefined][] {
  return (options ?? []).map(({ header }) => [header.key, header.value]);
}
