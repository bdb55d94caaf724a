import { fail, ok, type Result } from '../result.ts';
import type { EgressRequest, RawRequest, RequestProblem, TransparentFacts } from './egress_request.ts';
import { overrideHeaders } from './headers.ts';
import { type Authority, formatAuthority, parseAuthority, parseEndpoint, parseHost } from './host.ts';
import { isOwnName } from './own_name.ts';
import type { Target } from './target.ts';

/** Where a transparent connection was made to, in canonical form. */
export type Dialled = Required<Authority>;

/** No scheme leaves its port out of an address that stands alone. */
const NO_DEFAULT_PORT = 0;

/** `ip:port`, IPv6 in brackets: how receipts write what was dialled. */
export function formatDialled(dialled: Dialled): string {
  return formatAuthority(dialled, dialled.port, NO_DEFAULT_PORT);
}

/**
 * Undefined where the shell could not say it. One of our own ports was dialled by somebody whom nothing redirected:
 * then the address is this machine's, whatever it is.
 */
export function dialledOf(
  facts: TransparentFacts | undefined,
  ports: readonly number[],
): Result<Dialled, RequestProblem> {
  const dialled = facts === undefined ? undefined : parseEndpoint(facts.original);
  if (dialled === undefined) return fail('AUTHORITY_INVALID');
  return ports.includes(dialled.port) ? fail('DESTINATION_SELF') : ok(dialled);
}

/** A whole connection: TLS by the name that its handshake gives, anything else by the address that was dialled. */
export function transparentTunnel(
  raw: RawRequest,
  ports: readonly number[],
): Result<EgressRequest, RequestProblem> {
  const dialled = dialledOf(raw.transparent, ports);
  if (!dialled.ok) return dialled;
  if (raw.transparent?.carries === 'http') return fail('METHOD_INVALID');
  if (raw.path !== '') return fail('PATH_INVALID');
  const isTls = raw.transparent?.carries === 'tls';
  const host = isTls ? serverName(raw.transparent) : ok(dialled.value);
  if (!host.ok) return host;
  // What is judged is what our listener will have dialled.
  const asked = parseAuthority(raw.authority);
  const { host: name, host_kind } = host.value;
  if (isOwnName(name)) return fail('DESTINATION_SELF');
  const isAgreed = asked.ok && asked.value.host === name && asked.value.port === dialled.value.port;
  if (!isAgreed) return fail(isTls ? 'TLS_NAME_MISMATCH' : 'AUTHORITY_INVALID');
  return ok({
    mode: 'transparent',
    visibility: isTls ? 'sni' : 'authority',
    protocol: 'connect',
    scheme: 'tcp',
    host: name,
    host_kind,
    port: dialled.value.port,
    ...(isTls ? { sni: name } : {}),
    original_destination: formatDialled(dialled.value),
    path_ambiguous: false,
    query_names: [],
    override_headers: overrideHeaders(raw.headers),
    credential_forwarded: false,
    has_body: false,
  });
}

/** RFC 6066: a literal address is not permitted in server_name. */
function serverName(facts: TransparentFacts): Result<Pick<Authority, 'host' | 'host_kind'>, RequestProblem> {
  if (facts.sni === undefined || facts.sni === '') return fail('TLS_NAME_MISSING');
  const named = parseHost(facts.sni);
  return named.ok && named.value.host_kind !== 'name' ? fail('AUTHORITY_INVALID') : named;
}

/** A request on a transparent connection: it has to ask for the place that was dialled, by its name or as it is. */
export function transparentTarget(
  raw: RawRequest,
  asked: Authority,
  ports: readonly number[],
): Result<Target, RequestProblem> {
  const dialled = dialledOf(raw.transparent, ports);
  if (!dialled.ok) return dialled;
  if (raw.transparent?.carries !== 'http') return fail('METHOD_INVALID');
  const isTls = raw.scheme === 'https';
  const isName = asked.host_kind === 'name';
  if (isTls && !isNamed(asked, raw.transparent)) return fail('TLS_NAME_MISMATCH');
  if (!isTls && raw.transparent.sni !== undefined) return fail('AUTHORITY_INVALID');
  const { port = isTls ? 443 : 80 } = asked;
  const isElsewhere = port !== dialled.value.port || (!isName && asked.host !== dialled.value.host);
  if (isElsewhere) return fail('ORIGINAL_PORT_MISMATCH');
  return ok({
    authority: asked,
    port,
    path: raw.path,
    rewritten: false,
    ...(isTls && isName ? { sni: asked.host } : {}),
    original_destination: formatDialled(dialled.value),
  });
}

function isNamed(asked: Authority, { sni }: TransparentFacts): boolean {
  if (asked.host_kind !== 'name') return sni === undefined;
  const named = parseHost(sni ?? '');
  return named.ok && named.value.host === asked.host;
}
