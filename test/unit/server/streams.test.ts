import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRelayTicket } from '../../../src/core/relay/relay_ticket.ts';
import type { StreamCaps } from '../../../src/core/verdict/stream_caps.ts';
import { ALLOWED, fail, mac, PRINCIPAL, policy, snapshot, UNMATCHED } from './fakes.ts';
import { bytesOfHeader, checkRequest, pairs } from './official.ts';
import { run } from './one_check.ts';

const NOW_MS = 1_700_000_000_000;
type Pairs = readonly (readonly [string, string])[];

const request = (method: string, more: Pairs) =>
  checkRequest({
    headers: [
      [':authority', 'api.example'],
      [':path', '/v1.Chat/Talk'],
      [':method', method],
      [':scheme', 'http'],
      ['x-request-id', 'r1'],
      ['proxy-authorization', 'Basic Ym90OmNna194'],
      ...more,
    ].map(([name = '', value = '']) => bytesOfHeader(name, value)),
  });
const WEBSOCKET = request('GET', [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
]);
const GRPC = request('POST', [
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
]);
const PLAIN = request('GET', []);
const CAPS: StreamCaps = { max_bytes: 1_000, max_seconds: 60, max_message_bytes: 100, frames: 'block' };

async function way(bytes: Uint8Array, stream?: StreamCaps) {
  const outcome = stream === undefined ? ALLOWED : { ...ALLOWED, stream };
  const { response, proposal } = await run(snapshot(policy(outcome)), bytes);
  const route = new Map(pairs(response.ok_response?.headers)).get('x-cg-route');
  const text = response.dynamic_metadata?.fields['relay']?.string_value;
  const ticket = text === undefined ? undefined : openRelayTicket(text, mac, NOW_MS);
  return { route, ticket, proposal };
}

test('an allowed WebSocket takes the route of upgrades, and a plain request or an uncapped call takes none', async () => {
  const websocket = await way(WEBSOCKET);
  assert.deepEqual([websocket.route, websocket.ticket], ['websocket', undefined]);
  for (const bytes of [GRPC, PLAIN]) {
    const { route, ticket } = await way(bytes);
    assert.deepEqual([route, ticket], [undefined, undefined]);
  }
});

test('what the rules ask of a stream sends it through the relay, with a ticket that says so', async () => {
  for (const [bytes, route] of [
    [WEBSOCKET, 'relay_websocket'],
    [GRPC, 'relay_http'],
  ] as const) {
    const answer = await way(bytes, CAPS);
    assert.equal(answer.route, route);
    assert.deepEqual(answer.ticket, {
      ok: true,
      value: {
        receipt_id: answer.proposal.draft.receipt_id,
        owner: 'default/bot',
        ...{ scheme: 'http', ...CAPS },
        exp_ms: NOW_MS + 60_000,
      },
    });
    assert.deepEqual(answer.proposal.draft.stream, CAPS);
  }
  assert.deepEqual((await way(PLAIN, CAPS)).route, undefined);
});

test('a repeated stream is not taken for the first one when other caps would hold', async () => {
  const digest = async (stream?: StreamCaps) => (await way(WEBSOCKET, stream)).proposal.request_digest;
  assert.equal(await digest(CAPS), await digest(CAPS));
  assert.notEqual(await digest(CAPS), await digest({ ...CAPS, max_bytes: 2_000 }));
  assert.notEqual(await digest(CAPS), await digest());
});

test('a denied gRPC call is told so by its status, in the words of its receipt', async () => {
  const { response, proposal } = await run(snapshot(policy(UNMATCHED)), GRPC);
  const denied = response.denied_response;
  const headers = new Map(pairs(denied?.headers));
  assert.equal(denied?.status?.code, 403);
  assert.equal(headers.get('content-type'), undefined);
  assert.equal(headers.get('grpc-status'), '7');
  assert.match(
    denied?.body ?? '',
    new RegExp(`^POLICY_NO_MATCH: [ -~]+; receipt ${proposal.draft.receipt_id}$`),
  );
  assert.equal(headers.get('x-clawgress-receipt'), proposal.draft.receipt_id);
});

test('each kind of denial has its gRPC status', async () => {
  const statusOf = async (current: ReturnType<typeof snapshot>, prepare?: Parameters<typeof run>[2]) => {
    const { response } = await run(current, GRPC, prepare);
    return new Map(pairs(response.denied_response?.headers)).get('grpc-status');
  };
  const nobody = snapshot(policy(ALLOWED), { ok: false, problem: 'IDENTITY_MISSING' });
  assert.equal(await statusOf(nobody), '16');
  const limited = { ...policy(ALLOWED), evaluate: policy({ ...UNMATCHED }).evaluate };
  assert.equal(await statusOf(snapshot(limited, { ok: true, principal: PRINCIPAL })), '7');
  assert.equal(
    await statusOf(snapshot(policy(ALLOWED)), ({ recorder }) => {
      recorder.answer = () => fail('RECORDER_BUSY');
    }),
    '14',
  );
  assert.equal(
    await statusOf(snapshot(policy(ALLOWED)), ({ recorder }) => {
      recorder.answer = () => fail({ verdict: 'deny', reason: 'LIMIT_RPS', rule_id: 'l' } as never);
    }),
    '8',
  );
});

test('a spelling that Envoy does not take for gRPC gets an ordinary answer', async () => {
  for (const spelled of ['application/grpc;x', 'Application/gRPC', 'application/grpc-web']) {
    const { response, body } = await run(
      snapshot(policy(UNMATCHED)),
      request('POST', [['content-type', spelled]]),
    );
    const headers = new Map(pairs(response.denied_response?.headers));
    assert.equal(headers.get('content-type'), 'application/problem+json', spelled);
    assert.equal(body.code, 'POLICY_NO_MATCH', spelled);
  }
});
