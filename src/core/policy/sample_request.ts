import type { TestAgent, TestRequest } from '../../gen/policy_document.ts';
import type { Principal } from '../identity/principal.ts';
import type { EgressRequest, RawRequest, RequestProblem } from '../request/egress_request.ts';
import { parseAuthority } from '../request/host.ts';
import { normalise } from '../request/normalise.ts';
import { ok, type Result } from '../result.ts';
import { NO_SCHEMAS, type SampleSchemas, sampleBody } from './sample_body.ts';

/** A request somebody asks about (in-document tests, `policy explain`), read exactly as one off the wire would be. */
export function sampleRequest(
  sample: Omit<TestRequest, 'agent'>,
  schemas: SampleSchemas = NO_SCHEMAS,
): Result<EgressRequest, RequestProblem> {
  const { connect, transparent } = sample;
  const raw = connect === undefined ? rawOfUrl(sample) : rawOfTunnel(connect);
  const normal = normalise(transparent === undefined ? raw : dialled(raw, sample, transparent), {
    ports: [],
  });
  if (!normal.ok) return normal;
  const { request } = normal.value;
  return ok(sample.body === undefined ? request : { ...request, body: sampleBody(sample.body, schemas) });
}

function rawOfTunnel(authority: string): RawRequest {
  return { mode: 'explicit', method: 'CONNECT', authority, path: '', scheme: '', headers: [] };
}

interface UrlParts {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

function partsOf(url: string): UrlParts {
  const [, scheme = '', authority = '', rest = ''] = /^(https?):\/\/([^/?#]+)([^#]*)$/.exec(url) ?? [];
  return { scheme, authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}

function rawOfUrl({ method, url = '', headers = [], protocol }: TestRequest): RawRequest {
  const { scheme, authority, path } = partsOf(url);
  const named = headers.map((name) => ({ name, value: '1' }));
  const sent = {
    method: method ?? (protocol === 'grpc' ? 'POST' : 'GET'),
    headers: [...named, ...(protocol === undefined ? [] : STREAM_HEADERS[protocol])],
  };
  if (scheme === 'http') return { ...sent, mode: 'explicit', authority, path, scheme };
  // The gateway sees requests to https origins through the base URL; the prefix form names any host and port.
  return {
    ...sent,
    mode: 'base_url',
    authority: 'gateway.invalid',
    path: `/_to/${authority}${path}`,
    scheme: 'http',
  };
}

const STREAM_HEADERS: Readonly<Record<NonNullable<TestRequest['protocol']>, RawRequest['headers']>> = {
  websocket: [
    { name: 'connection', value: 'upgrade' },
    { name: 'upgrade', value: 'websocket' },
    { name: 'sec-websocket-version', value: '13' },
    { name: 'sec-websocket-key', value: 'AAAAAAAAAAAAAAAAAAAAAA==' },
  ],
  grpc: [{ name: 'content-type', value: 'application/grpc' }],
};

/** The same, brought by the kernel: a name in `connect` is that of a TLS handshake, an address carries other bytes. */
function dialled(raw: RawRequest, { url, connect = '' }: TestRequest, transparent: string): RawRequest {
  const to = parseAuthority(transparent);
  const original = to.ok ? { address: to.value.host, port: to.value.port ?? 0 } : { address: '', port: 0 };
  if (url !== undefined) {
    const parts = partsOf(url);
    return {
      ...raw,
      ...parts,
      mode: 'transparent',
      transparent: { original, carries: 'http', ...sniOf(parts) },
    };
  }
  const asked = parseAuthority(connect);
  const facts =
    asked.ok && asked.value.host_kind !== 'name'
      ? ({ original, carries: 'other' } as const)
      : ({ original, carries: 'tls', sni: connect.replace(/:[0-9]*$/, '') } as const);
  return { ...raw, mode: 'transparent', transparent: facts };
}

function sniOf({ scheme, authority }: UrlParts): { sni?: string } {
  const asked = parseAuthority(authority);
  return scheme === 'https' && asked.ok && asked.value.host_kind === 'name' ? { sni: asked.value.host } : {};
}

const UNSET = 'unset';

/** The principal of a sample: ids that it leaves out are `unset`, the tenant is `default`. */
export function samplePrincipal(agent: TestAgent = {}): Principal {
  return {
    tenant_id: agent.tenant_id ?? 'default',
    agent_id: agent.agent_id ?? UNSET,
    team_id: agent.team_id ?? UNSET,
    project_id: agent.project_id ?? UNSET,
    environment: agent.environment ?? UNSET,
    status: 'active',
    auth_type: agent.auth_type ?? 'api_key',
    binding: { kind: 'api_key', key_id: 'sample' },
    credential_transport: 'loopback',
  };
}
