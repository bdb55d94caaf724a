import type { RequestFacts } from '../receipt/decision.ts';
import type { EgressRequest, RawRequest, RequestProblem, TunnelMode } from './egress_request.ts';
import { announcesBody } from './headers.ts';
import { parseAuthority, parseEndpoint, parseHost } from './host.ts';
import { PATH_BYTES_MAX } from './normalise.ts';
import { normalisePath } from './path.ts';
import { protocolOf } from './protocol.ts';
import { agreesWithBody } from './recorded_body.ts';
import { agreesWithMode } from './recorded_names.ts';
import { formatDialled } from './transparent.ts';

/**
 * What a receipt keeps of a request: enough to judge it again, nothing that may be secret.
 * The query is never in clear; the path is left out when a credential was on its way out.
 * @param tunnel of the verdict, on an allowed CONNECT.
 */
export function requestFacts(
  request: EgressRequest,
  policyQueryNames: readonly string[],
  queryCommitment?: string,
  tunnel?: TunnelMode,
): RequestFacts {
  const names = request.query_names.filter((name) => policyQueryNames.includes(name)).sort();
  const path = recordablePath(request);
  return {
    mode: request.mode,
    visibility: request.visibility,
    protocol: request.protocol,
    ...(request.method === undefined ? {} : { method: request.method }),
    scheme: request.scheme,
    authority: request.host,
    host_kind: request.host_kind,
    port: request.port,
    ...(request.sni === undefined ? {} : { sni: request.sni }),
    ...originalOf(request.original_destination),
    ...(tunnel === undefined ? {} : { tls: tunnel }),
    ...(path === undefined ? {} : { path }),
    ...(request.path_ambiguous ? { path_ambiguous: true } : {}),
    ...(queryCommitment === undefined ? {} : { query_commitment: queryCommitment }),
    ...(names.length === 0 ? {} : { query_names: names }),
    ...(request.override_headers.length === 0 ? {} : { override_headers: request.override_headers }),
    ...(request.credential_forwarded ? { credential_forwarded: true } : {}),
    ...bodyOf(request),
  };
}

function bodyOf({ body, ...request }: EgressRequest): Pick<RequestFacts, 'body_state' | 'body'> {
  if (body !== undefined) return { body_state: body.state, body };
  return { body_state: request.has_body || isOpenEnded(request) ? 'absent' : 'none' };
}

/** Nobody reads what follows on it, so nobody can say that it carries nothing. */
function isOpenEnded({ protocol }: Pick<EgressRequest, 'protocol'>): boolean {
  return protocol === 'connect' || protocol === 'websocket';
}

function originalOf(original_destination: string | undefined): Pick<RequestFacts, 'original_destination'> {
  return original_destination === undefined ? {} : { original_destination };
}

/**
 * Facts of a request that has no canonical form. Nothing the client wrote is copied, but which names disagreed: each
 * only when it is a canonical one. That of the CONNECT stands in the receipt of the CONNECT.
 */
export function problemFacts(raw: RawRequest, problem: RequestProblem): RequestFacts {
  const protocol = problemProtocol(raw);
  const isTunnel = protocol === 'connect';
  const dialled = raw.transparent && parseEndpoint(raw.transparent.original);
  return {
    mode: isTunnel && raw.mode === 'explicit' ? 'connect' : raw.mode,
    visibility: isTunnel ? connectionVisibility(raw) : 'full',
    protocol,
    ...(isDisagreement(problem) ? namesOf(raw) : {}),
    ...originalOf(dialled && formatDialled(dialled)),
    body_state: isTunnel || announcesBody(raw.headers) ? 'absent' : 'none',
    problem,
  };
}

function problemProtocol(raw: RawRequest): RequestFacts['protocol'] {
  const mayTunnel = raw.mode === 'explicit' || raw.mode === 'transparent';
  if (mayTunnel && raw.method === 'CONNECT') return 'connect';
  const read = protocolOf(raw);
  return read.ok ? read.value : 'http';
}

function connectionVisibility({ transparent }: RawRequest): RequestFacts['visibility'] {
  return transparent?.carries === 'tls' ? 'sni' : 'authority';
}

function isDisagreement(problem: RequestProblem): boolean {
  return problem === 'TLS_NAME_MISMATCH' || problem === 'ORIGINAL_PORT_MISMATCH';
}

function namesOf({ authority, scheme, tunnel, transparent }: RawRequest): Partial<RequestFacts> {
  const asked = parseAuthority(authority);
  const named = parseHost((tunnel ?? transparent)?.sni ?? '');
  return {
    ...(asked.ok ? { authority: asked.value.host, host_kind: asked.value.host_kind } : {}),
    ...(asked.ok ? { port: asked.value.port ?? (scheme === 'http' ? 80 : 443) } : {}),
    ...(named.ok ? { sni: named.value.host } : {}),
  };
}

/**
 * The request as judged, for replay: without the query, with the query names that policy mentions.
 * Nothing when the facts hold a problem, lack a member, or contradict themselves.
 */
export function requestFromFacts(facts: RequestFacts): EgressRequest | undefined {
  const { scheme, authority: host, host_kind, port, path } = facts;
  if (facts.problem !== undefined || !scheme || host === undefined || !host_kind || port === undefined) {
    return undefined;
  }
  const path_ambiguous = facts.path_ambiguous === true;
  const path_normal = path === undefined ? undefined : normalisePath(path);
  if (path !== undefined && (path_normal !== path) !== path_ambiguous) return undefined;
  if (!agreesWithMode(facts) || !agreesWithBody(facts)) return undefined;
  return {
    mode: facts.mode,
    visibility: facts.visibility,
    protocol: facts.protocol,
    ...(facts.method === undefined ? {} : { method: facts.method }),
    scheme,
    host,
    host_kind,
    port,
    ...(facts.sni === undefined ? {} : { sni: facts.sni }),
    ...originalOf(facts.original_destination),
    ...(path === undefined || path_normal === undefined ? {} : { path, path_normal }),
    path_ambiguous,
    query_names: facts.query_names ?? [],
    override_headers: facts.override_headers ?? [],
    credential_forwarded: facts.credential_forwarded === true,
    has_body: isAnnounced(facts),
    ...(facts.body === undefined ? {} : { body: facts.body }),
  };
}

/** Of a body that was looked at only what was found counts; that it was announced plays no part any more. */
function isAnnounced({ body_state, body, protocol }: RequestFacts): boolean {
  if (body !== undefined) return body.state === 'streamed' || body.bytes > 0;
  return body_state === 'absent' && !isOpenEnded({ protocol });
}

function recordablePath(request: EgressRequest): string | undefined {
  const { path } = request;
  if (path === undefined || request.credential_forwarded || path.length > PATH_BYTES_MAX) return undefined;
  return path;
}
