import type { BodyFacts } from '../contract/body_facts.ts';

/**
 * One outbound request as the decision sees it: canonical, without credentials, without a body.
 * Serialised members are snake_case because the decision record carries them and replay reads them back.
 */
export interface EgressRequest {
  readonly mode: InterceptMode;
  readonly visibility: Visibility;
  readonly protocol: Protocol;
  /** Absent inside an opaque tunnel. Upper case. */
  readonly method?: string;
  readonly scheme: Scheme;
  /** Canonical host: lower-case A-label without trailing dot, dotted IPv4, or RFC 5952 IPv6 without brackets. */
  readonly host: string;
  readonly host_kind: HostKind;
  readonly port: number;
  /**
   * The name of the TLS handshake, equal to `host`: of requests inside TLS that the gateway terminates, and of
   * transparent TLS connections.
   */
  readonly sni?: string;
  /** Canonical `ip:port` (IPv6 in brackets) that the client dialled; exactly in mode `transparent`. */
  readonly original_destination?: string;
  /** Raw path bytes as they will be forwarded, without the query; absent inside an opaque tunnel. ASCII. */
  readonly path?: string;
  /** The path after normalisation; differs from `path` exactly when `path_ambiguous`. */
  readonly path_normal?: string;
  readonly path_ambiguous: boolean;
  /** Raw query without the question mark; absent when there is none. Never recorded in clear. */
  readonly query?: string;
  /** Decoded names of query parameters; only the names that policy mentions are recorded. */
  readonly query_names: readonly string[];
  /** Lower-case names of method or URL override headers that the client sent. */
  readonly override_headers: readonly string[];
  /** A `cgk_` credential was found in the URL or a forwarded header. */
  readonly credential_forwarded: boolean;
  /** The client announced a body (content-length > 0 or transfer-encoding). */
  readonly has_body: boolean;
  /** What was found in the body; absent while nobody has looked. */
  readonly body?: BodyFacts;
}

/**
 * `intercepted`: a request inside a tunnel whose TLS the gateway terminates. `transparent`: a connection, or a request
 * on one, that the kernel brought here from an agent that knows of no gateway.
 */
export type InterceptMode = 'explicit' | 'connect' | 'base_url' | 'intercepted' | 'transparent';
/**
 * What becomes of an allowed CONNECT, strictest first. `intercept`: each request inside is judged on its own.
 * `passthrough`: only TLS for the name of the authority. `raw`: any bytes.
 */
export type TunnelMode = 'intercept' | 'passthrough' | 'raw';
export type Visibility = 'full' | 'headers' | 'sni' | 'authority';
/** `connect`: bytes, whether asked for by CONNECT or brought by a transparent connection that is no HTTP. */
export type Protocol = 'http' | 'connect' | 'websocket' | 'grpc';
export type Scheme = 'http' | 'https' | 'tcp';
export type HostKind = 'name' | 'ipv4' | 'ipv6';

/** Why a request could not be put in canonical form; each is a reason code of the denial. */
export const REQUEST_PROBLEMS = [
  'AUTHORITY_INVALID',
  'DESTINATION_SELF',
  'HOST_NUMERIC',
  'METHOD_INVALID',
  'ORIGINAL_PORT_MISMATCH',
  'PATH_INVALID',
  'REQUEST_TOO_LARGE',
  'TLS_NAME_MISMATCH',
  'TLS_NAME_MISSING',
  'UPGRADE_INVALID',
] as const;
export type RequestProblem = (typeof REQUEST_PROBLEMS)[number];

/** What the shell read off the wire, before any judgement: everything attacker-controlled. Header names lower case. */
export interface RawRequest {
  readonly mode: 'explicit' | 'base_url' | 'intercepted' | 'transparent';
  /** Present exactly in mode `intercepted`. */
  readonly tunnel?: TunnelNames;
  /** Present exactly in mode `transparent`. */
  readonly transparent?: TransparentFacts;
  readonly method: string;
  /** `:authority` as Envoy saw it. */
  readonly authority: string;
  /** `:path` as Envoy saw it, query included; empty for CONNECT. */
  readonly path: string;
  readonly scheme: string;
  /** In wire order, duplicates kept, pseudo headers excluded. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** What the tunnel around an intercepted request says about its destination. */
export interface TunnelNames {
  /** Canonical `host:port` of the CONNECT, the port always written. */
  readonly authority: string;
  /** As the handshake spelled it; absent when it named nobody. */
  readonly sni?: string;
}

/** What the kernel and the first bytes say about a transparent connection. */
export interface TransparentFacts {
  /** Where the client dialled: an IP address without brackets, and a port. */
  readonly original: { readonly address: string; readonly port: number };
  /** `http`: a request that was read. The others: a whole connection, asked for as CONNECT by our own listener. */
  readonly carries: 'http' | 'tls' | 'other';
  /** As the handshake spelled it; absent when there was none or it named nobody. */
  readonly sni?: string;
}

/** `value` plus, in base URL mode with `/_to/<host>/…`, what Envoy must put in place of `:authority` and `:path`. */
export interface NormalisedRequest {
  readonly request: EgressRequest;
  readonly rewrite?: { readonly authority: string; readonly path: string };
}
