import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TunnelMode } from '../../../src/core/request/egress_request.ts';
import type { ResumeInput } from '../../../src/server/ports.ts';
import { encodeTicket, openTicket, type TunnelTicket } from '../../../src/server/tunnel_ticket.ts';
import { ALLOWED, mac, ok, PRINCIPAL, policy, recorded, snapshot, UNMATCHED } from './fakes.ts';
import { bytesOfHeader, checkRequest, pairs } from './official.ts';
import { CALLER, run } from './one_check.ts';

const NOW_MS = 1_700_000_000_000;
const CONNECT = checkRequest({
  headers: [
    bytesOfHeader(':method', 'CONNECT'),
    bytesOfHeader(':authority', 'API.example:443'),
    bytesOfHeader('x-request-id', 'r1'),
    bytesOfHeader('proxy-authorization', 'Basic Ym90OmNna194'),
  ],
});
const TICKET: TunnelTicket = {
  receipt_id: '018bcfe5-6800-7000-8000-000000000001',
  tenant_id: 'default',
  agent_id: 'bot',
  binding: { kind: 'api_key', key_id: 'k1' },
  credential_transport: 'loopback',
  authority: 'api.example:443',
  ...CALLER,
  exp_ms: NOW_MS + 1,
};
const ticketText = (change: Partial<TunnelTicket> = {}) => encodeTicket({ ...TICKET, ...change }, mac);

interface Inner {
  readonly authority?: string;
  readonly sni?: string;
  readonly method?: string;
  readonly requestId?: string;
  readonly extra?: readonly [string, string][];
}

function inner({
  authority = 'api.example',
  sni = 'api.example',
  method = 'GET',
  requestId = 'i1',
  extra = [],
}: Inner = {}) {
  const headers = [
    bytesOfHeader(':authority', authority),
    bytesOfHeader(':path', '/v1/items'),
    bytesOfHeader(':method', method),
    bytesOfHeader(':scheme', 'https'),
    bytesOfHeader('x-request-id', requestId),
    ...extra.map(([name, value]) => bytesOfHeader(name, value)),
  ];
  return checkRequest({ mode: 'intercepted', transport: 'tls', sni, headers });
}

const allowing = (tunnel?: TunnelMode) => policy(tunnel === undefined ? ALLOWED : { ...ALLOWED, tunnel });
const fieldsOf = (response: { dynamic_metadata?: { fields: Record<string, { string_value?: string }> } }) =>
  Object.fromEntries(
    Object.entries(response.dynamic_metadata?.fields ?? {}).map(([key, value]) => [key, value.string_value]),
  );

test('an allowed CONNECT says how its tunnel opens, and only an intercepted one gets a ticket', async () => {
  for (const mode of ['intercept', 'passthrough', 'raw'] as const) {
    const { response, proposal } = await run(snapshot(allowing(mode)), CONNECT);
    const headers = new Map(pairs(response.ok_response?.headers));
    assert.equal(headers.get('x-cg-tunnel-mode'), mode);
    const { host, port, tunnel } = fieldsOf(response);
    assert.deepEqual({ host, port }, { host: 'api.example', port: '443' });
    assert.equal(tunnel !== undefined, mode === 'intercept');
    assert.equal(proposal.draft.request.tls, mode);
  }
});

test('the ticket names the receipt, the owner and the canonical authority', async () => {
  const { response, proposal } = await run(snapshot(allowing('intercept')), CONNECT);
  const text = fieldsOf(response)['tunnel'] ?? '';
  const opened = openTicket(text, mac, { ...CALLER, now_ms: NOW_MS });
  assert.deepEqual(opened, {
    ok: true,
    value: { ...TICKET, receipt_id: proposal.draft.receipt_id, exp_ms: NOW_MS + 3_600_000 },
  });
});

test('a ticket does not outlive the token that opened the tunnel', async () => {
  const ends = async (expires_ms: number) => {
    const fact = { ok: true, principal: PRINCIPAL, expires_ms } as const;
    const { response } = await run(snapshot(allowing('intercept'), fact), CONNECT);
    const text = fieldsOf(response)['tunnel'] ?? '';
    const opened = openTicket(text, mac, { ...CALLER, now_ms: NOW_MS });
    return opened.ok ? opened.value.exp_ms : opened.problem;
  };
  assert.equal(await ends(NOW_MS + 60_000.5), NOW_MS + 60_000);
  assert.equal(await ends(Number.MAX_VALUE), NOW_MS + 3_600_000);
});

test('a denied CONNECT, a denied limit and a plain request open nothing', async () => {
  const denied = await run(snapshot(policy(UNMATCHED)), CONNECT);
  const limited = await run(snapshot(allowing('intercept')), CONNECT, ({ recorder }) => {
    recorder.answer = (proposal) => ok({ ...recorded(proposal), verdict: 'deny', reason: 'LIMIT_RPS' });
  });
  const plain = await run(snapshot(allowing()));
  for (const { response } of [denied, limited, plain]) {
    assert.deepEqual(
      Object.keys(fieldsOf(response)).filter((key) => !['rid', 'stamp'].includes(key)),
      [],
    );
    const headers = [...pairs(response.ok_response?.headers), ...pairs(response.denied_response?.headers)];
    assert.ok(!headers.some(([name]) => name === 'x-cg-tunnel-mode'), 'no route is chosen');
  }
});

test('a request inside is judged as its tunnel’s owner, and its record names the CONNECT', async () => {
  let seen: ResumeInput | undefined;
  const current = snapshot(
    allowing(),
    () => assert.fail('never asked'),
    (input) => {
      seen = input;
      return { ok: true, principal: PRINCIPAL };
    },
  );
  const extra: [string, string][] = [
    ['x-clawgress-key', 'cgk_x'],
    ['authorization', 'Bearer theirs'],
  ];
  const { proposal, response } = await run(current, inner({ extra }), undefined, {
    ...CALLER,
    ticket: ticketText(),
  });
  assert.equal(seen?.owner.agent_id, 'bot');
  assert.equal(seen?.now_ms, NOW_MS);
  assert.equal(proposal.draft.parent_decision, TICKET.receipt_id);
  const { mode, visibility, protocol, scheme, authority, port, sni, path, tls } = proposal.draft.request;
  assert.deepEqual(
    { mode, visibility, protocol, scheme, authority, port, sni, path, tls },
    {
      mode: 'intercepted',
      visibility: 'full',
      protocol: 'http',
      scheme: 'https',
      authority: 'api.example',
      port: 443,
      sni: 'api.example',
      path: '/v1/items',
      tls: undefined,
    },
  );
  assert.equal(fieldsOf(response)['stamp'] !== undefined, true);
  assert.deepEqual(response.ok_response?.headers_to_remove, ['proxy-authorization', 'x-clawgress-key']);
});

test('without a valid ticket a request inside is nobody’s, whatever it carries', async () => {
  const tickets: (string | undefined)[] = [
    undefined,
    '',
    'x',
    ticketText().replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ticketText({ epoch: 'e2' }),
    ticketText({ node: 'envoy-2' }),
  ];
  const current = snapshot(allowing(), undefined, () => assert.fail('never asked'));
  for (const ticket of tickets) {
    const caller = ticket === undefined ? CALLER : { ...CALLER, ticket };
    const extra: [string, string][] = [['proxy-authorization', 'Basic Ym90OmNna194']];
    const { response, proposal } = await run(current, inner({ extra }), undefined, caller);
    assert.equal(response.denied_response?.status?.code, 401, ticket);
    assert.equal(proposal.draft.verdict, 'deny');
    assert.equal(proposal.draft.reason, 'IDENTITY_MISSING');
    assert.equal(proposal.draft.identity, undefined);
    assert.equal(proposal.draft.parent_decision, undefined);
  }
});

test('a tunnel whose time is over opens nothing more, and its receipts still say whose it was', async () => {
  const caller = { ...CALLER, ticket: ticketText({ exp_ms: NOW_MS }) };
  const { response, proposal } = await run(snapshot(allowing()), inner(), undefined, caller);
  const { verdict, reason, identity, parent_decision } = proposal.draft;
  assert.equal(response.denied_response?.status?.code, 401);
  assert.deepEqual({ verdict, reason }, { verdict: 'deny', reason: 'IDENTITY_EXPIRED' });
  assert.equal(identity?.agent_id, PRINCIPAL.agent_id);
  assert.equal(parent_decision, TICKET.receipt_id);
  const gone = snapshot(allowing(), undefined, () => ({ ok: false, problem: 'IDENTITY_UNKNOWN' }));
  const later = await run(gone, inner(), undefined, caller);
  assert.equal(later.proposal.draft.reason, 'IDENTITY_EXPIRED');
  assert.equal(later.proposal.draft.identity, undefined);
});

test('what went unchecked when the tunnel opened is said of each request inside', async () => {
  const degraded = ['identity_freshness'] as const;
  const fact = { ok: true, principal: PRINCIPAL, degraded } as const;
  const opened = await run(snapshot(allowing('intercept'), fact), CONNECT);
  const ticket = fieldsOf(opened.response)['tunnel'] ?? '';
  let seen: ResumeInput | undefined;
  const current = snapshot(allowing(), undefined, (input) => {
    seen = input;
    return fact;
  });
  const { proposal } = await run(current, inner(), undefined, { ...CALLER, ticket });
  assert.deepEqual(seen?.owner.degraded, degraded);
  assert.equal(seen?.address, '127.0.0.1');
  assert.deepEqual(proposal.draft.degraded, degraded);
});

test('a ticket outside of a tunnel means nothing', async () => {
  const current = snapshot(allowing(), { ok: false, problem: 'IDENTITY_MISSING' });
  const { response, proposal } = await run(current, checkRequest(), undefined, {
    ...CALLER,
    ticket: ticketText(),
  });
  assert.equal(response.denied_response?.status?.code, 407);
  assert.equal(proposal.draft.parent_decision, undefined);
});

test('an owner who is refused by now stays named, and is told so as by an origin', async () => {
  const known_agent = { ...PRINCIPAL, status: 'disabled' as const };
  const current = snapshot(allowing(), undefined, () => ({
    ok: false,
    problem: 'IDENTITY_DISABLED',
    known_agent,
  }));
  const { response, proposal } = await run(current, inner(), undefined, { ...CALLER, ticket: ticketText() });
  assert.equal(response.denied_response?.status?.code, 401);
  assert.equal(proposal.draft.reason, 'IDENTITY_DISABLED');
  assert.equal(proposal.draft.identity?.status, 'disabled');
  assert.equal(proposal.draft.parent_decision, TICKET.receipt_id);
});

test('names that disagree are denied, recorded, and explained', async () => {
  const cases: Inner[] = [
    { authority: 'other.example' },
    { sni: 'other.example' },
    { sni: '' },
    { authority: 'api.example:8443' },
    { extra: [['host', 'other.example']] },
  ];
  for (const one of cases) {
    const { response, body, proposal } = await run(snapshot(allowing()), inner(one), undefined, {
      ...CALLER,
      ticket: ticketText(),
    });
    assert.equal(response.denied_response?.status?.code, 421, JSON.stringify(one));
    assert.equal(body.code, 'TLS_NAME_MISMATCH');
    assert.ok(body.next_steps.length > 0, 'says what to do');
    assert.equal(proposal.draft.request.problem, 'TLS_NAME_MISMATCH');
    assert.equal(proposal.draft.parent_decision, TICKET.receipt_id);
  }
});

test('no tunnel opens inside a tunnel', async () => {
  const { response } = await run(snapshot(allowing('raw')), inner({ method: 'CONNECT' }), undefined, {
    ...CALLER,
    ticket: ticketText(),
  });
  assert.equal(response.denied_response?.status?.code, 403);
});

test('requests differ by tunnel and by handshake, and repeated ones do not', async () => {
  const mark = async (ticket: string, one: Inner = {}) => {
    const { proposal } = await run(snapshot(allowing()), inner(one), undefined, { ...CALLER, ticket });
    return { key: proposal.request_key, digest: proposal.request_digest };
  };
  const first = await mark(ticketText());
  assert.deepEqual(await mark(ticketText({ exp_ms: NOW_MS + 9 })), first);
  assert.notEqual((await mark(ticketText(), { requestId: 'i2' })).key, first.key);
  const elsewhere = await mark(ticketText({ receipt_id: TICKET.receipt_id.replace(/1$/, '2') }));
  assert.notEqual(elsewhere.digest, first.digest);
  assert.notEqual((await mark(ticketText(), { sni: 'API.example' })).digest, first.digest);
});

test('a repeated CONNECT is not taken for the first one when another kind of tunnel would open', async () => {
  const digestOf = async (mode: TunnelMode) =>
    (await run(snapshot(allowing(mode)), CONNECT)).proposal.request_digest;
  assert.equal(await digestOf('intercept'), await digestOf('intercept'));
  assert.notEqual(await digestOf('intercept'), await digestOf('raw'));
});
