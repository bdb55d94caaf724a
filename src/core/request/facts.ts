import type { RequestFacts } from '../receipt/decision.ts';
import type { EgressRequest, RawRequest, RequestProblem, TunnelMode } from './egress_request.ts';
import { announcesBody } from './headers.ts';
import { parseAuthority, parseHost } from './host.ts';
import { PATH_BYTES_MAX } from './normalise.ts';
import { normalisePath } from './path.ts';

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
    ...(tunnel === undefined ? {} : { tls: tunnel }),
    ...(path === undefined ? {} : { path }),
    ...(request.path_ambiguous ? { path_ambiguous: true } : {}),
    ...(queryCommitment === undefined ? {} : { query_commitment: queryCommitment }),
    ...(names.length === 0 ? {} : { query_names: names }),
    ...(request.override_headers.length === 0 ? {} : { override_headers: request.override_headers }),
    ...(request.credential_forwarded ? { credential_forwarded: true } : {}),
    // Nobody looks into a tunnel, so nobody can say that it carries nothing.
    body_state: request.has_body || request.protocol === 'connect' ? 'absent' : 'none',
  };
}

/**
 * Facts of a request that has no canonical form. Nothing the client wrote is copied, but which names disagreed: each
 * only when it is a canonical one. That of the CONNECT stands in the receipt of the CONNECT.
 */
export function problemFacts(raw: RawRequest, problem: RequestProblem): RequestFacts {
  const isTunnel = raw.mode === 'explicit' && raw.method === 'CONNECT';
  return {
    mode: isTunnel ? 'connect' : raw.mode,
    visibility: isTunnel ? 'authority' : 'full',
    protocol: isTunnel ? 'connect' : 'http',
    ...(problem === 'TLS_NAME_MISMATCH' ? namesOf(raw) : {}),
    body_state: isTunnel || announcesBody(raw.headers) ? 'absent' : 'none',
    problem,
  };
}

function namesOf({ authority, tunnel }: RawRequest): Partial<RequestFacts> {
  const asked = parseAuthority(authority);
  const named = parseHost(tunnel?.sni ?? '');
  return {
    ...(asked.ok ? { authority: asked.value.host, host_kind: asked.value.host_kind } : {}),
    ...(asked.ok ? { port: asked.value.port ?? 443 } : {}),
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
  if (!agreesWithMode(facts)) return undefined;
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
    ...(path === undefined || path_normal === undefined ? {} : { path, path_normal }),
    path_ambiguous,
    query_names: facts.query_names ?? [],
    override_headers: facts.override_headers ?? [],
    credential_forwarded: facts.credential_forwarded === true,
    has_body: facts.body_state === 'absent' && facts.protocol !== 'connect',
  };
}

/** Whether names and tunnel are such as this way in gives them. */
function agreesWithMode({ mode, protocol, scheme, host_kind, authority, sni, tls }: RequestFacts): boolean {
  if (tls !== undefined && protocol !== 'connect') return false;
  if (mode !== 'intercepted') return sni === undefined;
  const named = host_kind === 'name' ? authority : undefined;
  return protocol === 'http' && scheme === 'https' && sni === named;
}

function recordablePath(request: EgressRequest): string | undefined {
  const { path } = request;
  if (path === undefined || request.credential_forwarded || path.length > PATH_BYTES_MAX) return undefined;
  return path;
}
