import type { TestAgent, TestRequest } from '../../gen/policy_document.ts';
import type { Principal } from '../identity/principal.ts';
import type { EgressRequest, RawRequest, RequestProblem } from '../request/egress_request.ts';
import { normalise } from '../request/normalise.ts';
import type { Result } from '../result.ts';

/** A request somebody asks about (in-document tests, `policy explain`), read exactly as one off the wire would be. */
export function sampleRequest(sample: Omit<TestRequest, 'agent'>): Result<EgressRequest, RequestProblem> {
  const raw = sample.connect === undefined ? rawOfUrl(sample) : rawOfTunnel(sample.connect);
  const normal = normalise(raw, { ports: [] });
  return normal.ok ? { ok: true, value: normal.value.request } : normal;
}

function rawOfTunnel(authority: string): RawRequest {
  return { mode: 'explicit', method: 'CONNECT', authority, path: '', scheme: '', headers: [] };
}

function rawOfUrl({ method = 'GET', url = '', headers = [] }: TestRequest): RawRequest {
  const [, scheme = '', authority = '', rest = ''] = /^(https?):\/\/([^/?#]+)([^#]*)$/.exec(url) ?? [];
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const sent = { method, headers: headers.map((name) => ({ name, value: '1' })) };
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
    auth_type: 'api_key',
    binding: { kind: 'api_key', key_id: 'sample' },
    credential_transport: 'loopback',
  };
}
