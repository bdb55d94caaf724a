import type { PendingTicket } from '../../../../src/server/inspect/pending_ticket.ts';

export const NOW_MS = 1_700_000_000_000;
const HASH = `sha256:${'0'.repeat(64)}`;

/** A request with a body to a place that wants JSON. */
export const TICKET: PendingTicket = {
  draft: {
    receipt_id: '018bcfe5-6800-7000-8000-000000000001',
    request_id: 'req-1',
    envoy_node: 'envoy-1',
    envoy_epoch: 'e1',
    gateway_id: 'gw-1',
    source: '10.0.0.9:40000',
    policy_id: 'p',
    policy_hash: 'sha256:p1',
    registry_hash: HASH,
    request: { mode: 'explicit', visibility: 'full', protocol: 'http', body_state: 'absent' },
    verdict: 'deny',
    reason: 'BODY_NOT_COMPLETED',
    enforcement_mode: 'enforce',
    decision_latency_us: 10,
    replayable: true,
  },
  request_digest: 'ab'.repeat(32),
  exp_ms: NOW_MS + 1,
  mode: 'explicit',
  request: {
    mode: 'explicit',
    visibility: 'full',
    protocol: 'http',
    method: 'POST',
    scheme: 'http',
    host: 'api.example',
    host_kind: 'name',
    port: 80,
    path: '/v1/refunds',
    path_normal: '/v1/refunds',
    path_ambiguous: false,
    query: 'token=secret-in-a-query',
    query_names: ['token'],
    override_headers: [],
    credential_forwarded: false,
    has_body: true,
  },
  owner: {
    tenant_id: 'default',
    agent_id: 'bot',
    binding: { kind: 'api_key', key_id: 'k1' },
    credential_transport: 'loopback',
  },
  demands: { format: 'json', schemas: [], max_bytes: 1_000, on_oversize: 'deny' },
};
