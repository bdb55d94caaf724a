import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCheck } from '../../../src/server/codec/check_request.ts';
import type { AuthInput } from '../../../src/server/ports.ts';
import { openTicket } from '../../../src/server/tunnel_ticket.ts';
import { ALLOWED, mac, PRINCIPAL, policy, snapshot, UNMATCHED } from './fakes.ts';
import { bytesOfHeader, type CheckFacts, checkRequest } from './official.ts';
import { CALLER, run, stampOf } from './one_check.ts';

type Pairs = readonly (readonly [string, string])[];

const GET: Pairs = [
  [':authority', 'api.example'],
  [':path', '/v1'],
  [':method', 'GET'],
  [':scheme', 'http'],
  ['x-request-id', 'r1'],
];
const PLACE = { address: '203.0.113.9', port: 80 };
const UID_LISTENER: CheckFacts = {
  mode: 'transparent',
  address: '10.92.0.7',
  sni: '',
  destination: PLACE,
  extensions: { source_identity: 'uid:2001' },
};

const bytesOf = (facts: CheckFacts, headers: Pairs) =>
  checkRequest({ ...facts, headers: headers.map(([name, value]) => bytesOfHeader(name, value)) });
const decode = (facts: CheckFacts, headers: Pairs = GET) => {
  const decoded = decodeCheck(bytesOf(facts, headers));
  return decoded.ok ? decoded.value : decoded.problem;
};

/** As the listener inside gets it: the CONNECT of our own listener, with the facts of the connection. */
const INSIDE: CheckFacts = { ...UID_LISTENER, transport: '', extensions: { inner: 'true' } };
const connect = (authority: string, carries: string, ...more: Pairs): Pairs => [
  [':authority', authority],
  [':method', 'CONNECT'],
  [':scheme', 'http'],
  ['x-request-id', 'r1'],
  ['x-cg-source-identity', 'uid:2001'],
  ['x-cg-transport', 'loopback'],
  ['x-cg-carries', carries],
  ...more,
];

test('a redirected request says who connected and where to', () => {
  const check = decode(UID_LISTENER);
  assert.ok(typeof check === 'object', 'decoded');
  const { raw, transport, identity, source } = check;
  assert.equal(raw.mode, 'transparent');
  assert.deepEqual(raw.transparent, { original: PLACE, carries: 'http' });
  assert.deepEqual(
    { transport, identity, source },
    { transport: 'loopback', identity: { kind: 'uid', uid: 2001 }, source: '10.92.0.7:40000' },
  );
});

test('an address is believed where the listener says so, and on a header listener nobody is known', () => {
  const identityBy = (source_identity: string) => {
    const check = decode({ ...UID_LISTENER, extensions: { source_identity } });
    return typeof check === 'object' ? (check.identity ?? 'none') : check;
  };
  assert.deepEqual(identityBy('address'), { kind: 'address', address: '10.92.0.7' });
  assert.equal(identityBy('none'), 'none');
  for (const wrong of ['', 'uid', 'uid:', 'uid:-1', 'uid:01', 'uid:4294967295', 'uid:99999999999', 'Address'])
    assert.equal(identityBy(wrong), 'CHECK_LISTENER', wrong);
});

test('headers of a client say nothing about the connection', () => {
  const forged: Pairs = [
    ...GET,
    ['x-cg-source-identity', 'uid:0'],
    ['x-cg-transport', 'tls'],
    ['x-cg-carries', 'tls'],
    ['inner', 'true'],
  ];
  const header: CheckFacts = { ...UID_LISTENER, extensions: { source_identity: 'none' } };
  const check = decode(header, forged);
  assert.ok(typeof check === 'object', 'decoded');
  assert.equal(check.identity, undefined);
  assert.equal(check.transport, 'loopback');
  assert.equal(check.raw.transparent?.carries, 'http');
  for (const mode of ['explicit', 'base_url', 'intercepted']) {
    const other = decode(
      { ...header, mode, extensions: { inner: 'true', source_identity: 'uid:0' } },
      forged,
    );
    assert.ok(typeof other === 'object', mode);
    assert.equal(other.identity, undefined, mode);
    assert.equal(other.raw.transparent, undefined, mode);
  }
});

test('the CONNECT of our own listener carries the facts of its connection', () => {
  const tls = decode(INSIDE, connect('api.example:80', 'tls'));
  assert.ok(typeof tls === 'object', 'decoded');
  assert.deepEqual(tls.raw.transparent, { original: PLACE, carries: 'tls', sni: 'api.example' });
  assert.deepEqual(tls.identity, { kind: 'uid', uid: 2001 });
  assert.equal(tls.sni, undefined, 'no TLS was terminated here');
  const nameless = decode(INSIDE, connect('-:80', 'tls'));
  assert.ok(typeof nameless === 'object', 'decoded');
  assert.deepEqual(nameless.raw.transparent, { original: PLACE, carries: 'tls' });
  const other = decode(INSIDE, connect('203.0.113.9:80', 'other'));
  assert.ok(typeof other === 'object', 'decoded');
  assert.deepEqual(other.raw.transparent, { original: PLACE, carries: 'other' });
});

test('facts that are missing, doubled or unknown are not our configuration', () => {
  const whole = connect('api.example:80', 'tls');
  for (const name of ['x-cg-source-identity', 'x-cg-transport', 'x-cg-carries']) {
    const without = whole.filter(([key]) => key !== name);
    assert.equal(decode(INSIDE, without), 'CHECK_LISTENER', `without ${name}`);
    const twice = [...whole, whole.find(([key]) => key === name) ?? ['', '']] as Pairs;
    assert.equal(decode(INSIDE, twice), 'CHECK_LISTENER', `two ${name}`);
    assert.equal(decode(INSIDE, [...without, [name, 'x']]), 'CHECK_LISTENER', `unknown ${name}`);
  }
  assert.equal(decode(INSIDE, connect('api.example:80', 'http')), 'CHECK_LISTENER');
  assert.equal(decode({ ...UID_LISTENER, destination: { address: '', port: 80 } }), 'CHECK_LISTENER');
  assert.equal(decode({ ...UID_LISTENER, transport: 'x' }), 'CHECK_LISTENER');
});

test('who asks is judged by what the listener vouches for, and 401 tells a stranger so', async () => {
  let seen: AuthInput | undefined;
  const current = snapshot(policy(ALLOWED), (input) => {
    seen = input;
    return { ok: false, problem: 'IDENTITY_MISSING' };
  });
  const { response, proposal } = await run(current, bytesOf(UID_LISTENER, GET));
  assert.deepEqual(seen?.source, { kind: 'uid', uid: 2001 });
  assert.equal(seen?.mode, 'transparent');
  assert.equal(response.denied_response?.status?.code, 401);
  assert.equal(proposal.draft.reason, 'IDENTITY_MISSING');
  assert.equal(proposal.draft.request.original_destination, '203.0.113.9:80');
});

test('an allowed connection with TLS opens like a CONNECT, and its ticket keeps the source', async () => {
  const principal = {
    ...PRINCIPAL,
    auth_type: 'source',
    binding: { kind: 'source', source: 'uid:2001' },
  } as const;
  const current = snapshot(policy({ ...ALLOWED, tunnel: 'intercept' }), { ok: true, principal });
  const { response, proposal } = await run(current, bytesOf(INSIDE, connect('api.example:80', 'tls')));
  assert.equal(proposal.draft.request.mode, 'transparent');
  assert.equal(proposal.draft.request.sni, 'api.example');
  const text = response.dynamic_metadata?.fields['tunnel']?.string_value ?? '';
  const opened = openTicket(text, mac, { ...CALLER, now_ms: 1_700_000_000_000 });
  assert.ok(opened.ok, 'a ticket');
  assert.deepEqual(opened.value.binding, principal.binding);
  assert.equal(opened.value.authority, 'api.example:80');
});

test('requests differ by where they were dialled', async () => {
  const digestOf = async (destination: typeof PLACE) =>
    (await run(snapshot(policy(ALLOWED)), bytesOf({ ...UID_LISTENER, destination }, GET))).proposal
      .request_digest;
  assert.equal(await digestOf(PLACE), await digestOf(PLACE));
  assert.notEqual(await digestOf(PLACE), await digestOf({ ...PLACE, address: '203.0.113.10' }));
});

test('a connection that nothing redirected, and one that names another place, go nowhere', async () => {
  const own = await run(
    snapshot(policy(ALLOWED)),
    bytesOf({ ...UID_LISTENER, destination: { address: '127.0.0.1', port: 8088 } }, GET),
  );
  assert.equal(own.proposal.draft.reason, 'DESTINATION_SELF');
  const elsewhere = await run(
    snapshot(policy(ALLOWED)),
    bytesOf({ ...UID_LISTENER, destination: { ...PLACE, port: 8080 } }, GET),
  );
  assert.equal(elsewhere.proposal.draft.reason, 'ORIGINAL_PORT_MISMATCH');
  assert.equal(stampOf(elsewhere.response), undefined);
  const denied = await run(snapshot(policy(UNMATCHED)), bytesOf(UID_LISTENER, GET));
  assert.equal(denied.response.denied_response?.status?.code, 403);
});
