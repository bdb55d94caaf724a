import { fail, ok, type Result } from '../result.ts';
import type {
  EgressRequest,
  NormalisedRequest,
  RawRequest,
  RequestProblem,
  TunnelNames,
} from './egress_request.ts';
import { announcesBody, forwardsCredential, headersFit, overrideHeaders } from './headers.ts';
import { type Authority, formatAuthority, isOwnMachine, parseAuthority, parseHost } from './host.ts';
import { isOwnName } from './own_name.ts';
import { normalisePath } from './path.ts';
import { protocolOf } from './protocol.ts';
import { queryNames } from './query.ts';
import type { Target } from './target.ts';
import { transparentTarget, transparentTunnel } from './transparent.ts';

/** Path and query together, in bytes. */
export const PATH_BYTES_MAX = 8_192;
const REWRITE_PREFIX = '/_to/';

// RFC 9110 token without lower-case letters: methods are case-sensitive, and `get` is a filter bypass, not a method.
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Z]{1,32}$/;
const TARGET = /^\/[\x21-\x22\x24-\x7e]*$/;

/**
 * Puts a request into the one form that is judged, or says why it has none. Pure; time is linear in the input.
 * @param self ports of the gateway's own listeners, against requests that would come straight back.
 */
export function normalise(
  raw: RawRequest,
  self: { readonly ports: readonly number[] },
): Result<NormalisedRequest, RequestProblem> {
  if (!headersFit(raw.headers) || raw.path.length > PATH_BYTES_MAX) return fail('REQUEST_TOO_LARGE');
  if (!METHOD.test(raw.method)) return fail('METHOD_INVALID');
  if (raw.method === 'CONNECT') return tunnel(raw, self.ports);
  const target = TARGETS[raw.mode](raw, self.ports);
  return target.ok ? exchange(raw, target.value) : target;
}

function tunnel(raw: RawRequest, ports: readonly number[]): Result<NormalisedRequest, RequestProblem> {
  if (raw.mode === 'transparent') {
    const connection = transparentTunnel(raw, ports);
    return connection.ok ? ok({ request: connection.value }) : connection;
  }
  if (raw.mode !== 'explicit') return fail('METHOD_INVALID');
  const authority = destination(raw.authority, ports);
  if (!authority.ok) return authority;
  const { host, host_kind, port } = authority.value;
  if (port === undefined) return fail('AUTHORITY_INVALID');
  // Extended CONNECT (RFC 8441) brings a path: not a tunnel that anyone judged.
  if (raw.path !== '') return fail('PATH_INVALID');
  const request: EgressRequest = {
    mode: 'connect',
    visibility: 'authority',
    protocol: 'connect',
    scheme: 'tcp',
    host,
    host_kind,
    port,
    path_ambiguous: false,
    query_names: [],
    override_headers: overrideHeaders(raw.headers),
    credential_forwarded: forwardsCredential(raw.headers, raw.authority, raw.path),
    has_body: false,
  };
  return ok({ request });
}

function explicitTarget(raw: RawRequest, ports: readonly number[]): Result<Target, RequestProblem> {
  const authority = destination(raw.authority, ports);
  if (!authority.ok) return authority;
  // This listener forwards in plaintext; an `https:` target must come as CONNECT.
  if (raw.scheme !== 'http' || contradictsHost(raw)) return fail('AUTHORITY_INVALID');
  const { port = 80 } = authority.value;
  return ok({ authority: authority.value, port, path: raw.path, rewritten: false });
}

function baseUrlTarget(raw: RawRequest, ports: readonly number[]): Result<Target, RequestProblem> {
  if (raw.path.startsWith(REWRITE_PREFIX)) return prefixTarget(raw.path.slice(REWRITE_PREFIX.length), ports);
  const authority = destination(raw.authority, ports);
  if (!authority.ok) return authority;
  const { port } = authority.value;
  // The client talks to this listener by whatever name it has, so one of our ports in Host names us.
  if (port !== undefined && ports.includes(port)) return fail('DESTINATION_SELF');
  if (contradictsHost(raw)) return fail('AUTHORITY_INVALID');
  return ok({ authority: authority.value, port: port ?? 443, path: raw.path, rewritten: false });
}

/** Inside an intercepted tunnel: handshake, request and CONNECT have to name the same place. */
function intercepted(raw: RawRequest, ports: readonly number[]): Result<Target, RequestProblem> {
  const authority = destination(raw.authority, ports);
  if (!authority.ok) return authority;
  // An absolute-form `http:` target inside TLS.
  if (raw.scheme !== 'https') return fail('AUTHORITY_INVALID');
  const { port = 443 } = authority.value;
  const isAgreed = namesAgree({ ...authority.value, port }, raw.tunnel) && !contradictsHost(raw);
  if (!isAgreed) return fail('TLS_NAME_MISMATCH');
  const sni = authority.value.host_kind === 'name' ? { sni: authority.value.host } : {};
  return ok({ authority: authority.value, port, path: raw.path, rewritten: false, ...sni });
}

function namesAgree(asked: Authority, tunnel: TunnelNames | undefined): boolean {
  const opened = parseAuthority(tunnel?.authority ?? '');
  if (!opened.ok || opened.value.host !== asked.host || opened.value.port !== asked.port) return false;
  // RFC 6066: a literal address is not permitted in server_name.
  if (asked.host_kind !== 'name') return tunnel?.sni === undefined;
  const named = parseHost(tunnel?.sni ?? '');
  return named.ok && named.value.host === asked.host;
}

/** On a connection that the kernel brought here; ended TLS has the scheme `https`. */
function transparent(raw: RawRequest, ports: readonly number[]): Result<Target, RequestProblem> {
  const authority = destination(raw.authority, ports);
  if (!authority.ok) return authority;
  if (!isWeb(raw.scheme) || contradictsHost(raw)) return fail('AUTHORITY_INVALID');
  return transparentTarget(raw, authority.value, ports);
}

function isWeb(scheme: string): scheme is 'http' | 'https' {
  return scheme === 'http' || scheme === 'https';
}

const TARGETS: Record<
  RawRequest['mode'],
  (raw: RawRequest, ports: readonly number[]) => Result<Target, RequestProblem>
> = { explicit: explicitTarget, base_url: baseUrlTarget, intercepted, transparent };

/** `rest` is `<host[:port]>/…` or `<host[:port]>[?…]`. */
function prefixTarget(rest: string, ports: readonly number[]): Result<Target, RequestProblem> {
  const end = rest.search(/[/?]/);
  const authority = destination(end < 0 ? rest : rest.slice(0, end), ports);
  if (!authority.ok) return authority;
  const tail = end < 0 ? '' : rest.slice(end);
  const path = tail.startsWith('/') ? tail : `/${tail}`;
  return ok({ authority: authority.value, port: authority.value.port ?? 443, path, rewritten: true });
}

function destination(text: string, ports: readonly number[]): Result<Authority, RequestProblem> {
  const authority = parseAuthority(text);
  if (!authority.ok) return authority;
  const { host, port } = authority.value;
  const isOurPort = port !== undefined && ports.includes(port);
  const isSelf = isOwnName(host) || (isOurPort && isOwnMachine(authority.value));
  return isSelf ? fail('DESTINATION_SELF') : authority;
}

/** A `host` header next to `:authority` that says something else: the upstream might believe either. */
export function contradictsHost(raw: RawRequest): boolean {
  return raw.headers.some((header) => header.name === 'host' && header.value !== raw.authority);
}

function exchange(raw: RawRequest, target: Target): Result<NormalisedRequest, RequestProblem> {
  if (!TARGET.test(target.path)) return fail('PATH_INVALID');
  const mark = target.path.indexOf('?');
  const path = mark < 0 ? target.path : target.path.slice(0, mark);
  const query = mark < 0 ? undefined : target.path.slice(mark + 1);
  const names = queryNames(query ?? '');
  if (!names.ok) return names;
  const protocol = protocolOf(raw);
  if (!protocol.ok) return protocol;
  const path_normal = normalisePath(path);
  const { host, host_kind } = target.authority;
  const request: EgressRequest = {
    mode: raw.mode,
    visibility: 'full',
    protocol: protocol.value,
    method: raw.method,
    scheme: schemeOf(raw),
    host,
    host_kind,
    port: target.port,
    ...(target.sni === undefined ? {} : { sni: target.sni }),
    ...(target.original_destination === undefined
      ? {}
      : { original_destination: target.original_destination }),
    path,
    path_normal,
    path_ambiguous: path_normal !== path,
    ...(query === undefined ? {} : { query }),
    query_names: names.value,
    override_headers: overrideHeaders(raw.headers),
    credential_forwarded: forwardsCredential(raw.headers, raw.authority, raw.path),
    // A call sends at least one message, and HTTP/2 announces none.
    has_body: protocol.value === 'grpc' || announcesBody(raw.headers),
  };
  if (!target.rewritten) return ok({ request });
  const authority = formatAuthority(target.authority, target.port, 443);
  return ok({ request, rewrite: { authority, path: target.path } });
}

/** The base URL listener and tunnels always end in TLS, the explicit one never does. */
function schemeOf({ mode, scheme }: RawRequest): 'http' | 'https' {
  if (mode === 'transparent') return scheme === 'http' ? 'http' : 'https';
  return mode === 'explicit' ? 'http' : 'https';
}
