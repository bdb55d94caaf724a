import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeTicket,
  openTicket,
  TICKET_LENGTH_MAX,
  type TunnelTicket,
} from '../../../src/server/tunnel_ticket.ts';
import { mac } from './fakes.ts';

const NOW_MS = 1_700_000_000_000;
const TICKET: TunnelTicket = {
  receipt_id: '018bcfe5-6800-7000-8000-000000000001',
  tenant_id: 'default',
  agent_id: 'bot',
  binding: { kind: 'api_key', key_id: '0123456789abcdef' },
  credential_transport: 'loopback',
  authority: 'api.example:443',
  node: 'envoy-1',
  epoch: '000001-0a0b0c0d',
  exp_ms: NOW_MS + 1,
};
const HERE = { node: TICKET.node, epoch: TICKET.epoch, now_ms: NOW_MS };
const problemOf = (text: string, showing = HERE) => {
  const opened = openTicket(text, mac, showing);
  return opened.ok ? 'ok' : opened.problem;
};
/** The same, without our own code. */
const signed = (content: string) => {
  const body = Buffer.from(content).toString('base64url');
  return `${body}.${createHmac('sha256', 'of this host').update(`clawgress/tunnel-ticket/v1\0${body}`).digest('hex')}`;
};

const PLAIN = { noNullPrototype: true } as const;
const id = fc.stringMatching(/^[a-z0-9._-]{1,64}$/);
const name = fc.string({ minLength: 1, maxLength: 256, unit: 'grapheme-ascii' });
const ticket: fc.Arbitrary<TunnelTicket> = fc.record(
  {
    receipt_id: fc.constant(TICKET.receipt_id),
    tenant_id: id,
    agent_id: id,
    binding: fc.oneof(
      fc.record({ kind: fc.constant('api_key' as const), key_id: id }, PLAIN),
      fc.record({ kind: fc.constant('jwt' as const), issuer: name, subject: name, jwk_id: name }, PLAIN),
    ),
    credential_transport: fc.constantFrom('loopback', 'tls', 'plaintext'),
    run: fc.record({ label: id, asserted_by: fc.constantFrom('header', 'basic_user', 'jwt') }, PLAIN),
    authority: fc.constantFrom('api.example:443', '[2001:db8::1]:8443'),
    node: id,
    epoch: id,
    exp_ms: fc.integer({ min: NOW_MS + 1, max: Number.MAX_SAFE_INTEGER }),
  },
  {
    ...PLAIN,
    requiredKeys: [
      'receipt_id',
      'tenant_id',
      'agent_id',
      'binding',
      'credential_transport',
      'authority',
      'node',
      'epoch',
      'exp_ms',
    ],
  },
) as fc.Arbitrary<TunnelTicket>;

test('what is sealed is what is read, in header-safe text of bounded length', () => {
  fc.assert(
    fc.property(ticket, (one) => {
      const text = encodeTicket(one, mac);
      assert.match(text, /^[A-Za-z0-9_.-]+$/);
      assert.ok(text.length <= TICKET_LENGTH_MAX, 'bounded');
      const opened = openTicket(text, mac, { node: one.node, epoch: one.epoch, now_ms: NOW_MS });
      assert.deepEqual(opened, { ok: true, value: one });
    }),
  );
});

test('the longest names still fit', () => {
  const text = '\u{C4}'.repeat(256);
  const one: TunnelTicket = {
    ...TICKET,
    tenant_id: 'a'.repeat(64),
    agent_id: 'a'.repeat(64),
    binding: { kind: 'jwt', issuer: text, subject: text, jwk_id: text },
    run: { label: 'a'.repeat(64), asserted_by: 'basic_user' },
  };
  assert.deepEqual(openTicket(encodeTicket(one, mac), mac, HERE), { ok: true, value: one });
});

test('no ticket survives a change of any character', () => {
  const text = encodeTicket(TICKET, mac);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(...'abz09AZ-_.='), (at, letter) => {
      const changed = text.slice(0, at) + letter + text.slice(at + 1);
      if (changed !== text) assert.notEqual(problemOf(changed), 'ok');
    }),
  );
});

test('the MAC is what makes it a ticket', () => {
  const text = encodeTicket(TICKET, mac);
  const body = text.slice(0, text.indexOf('.'));
  const other = encodeTicket({ ...TICKET, agent_id: 'admin' }, (label, of) => mac(`${label}x`, of));
  assert.equal(problemOf(other), 'TICKET_FORGED');
  assert.equal(problemOf(`${body}.${'0'.repeat(64)}`), 'TICKET_FORGED');
  assert.equal(problemOf(`${body}.${mac('clawgress/request-key/v1', body)}`), 'TICKET_FORGED');
  assert.equal(problemOf(signed(JSON.stringify({}))), 'TICKET_MALFORMED');
});

test('it belongs to one life of one Envoy, for a while', () => {
  const text = encodeTicket(TICKET, mac);
  assert.equal(problemOf(text), 'ok');
  assert.equal(problemOf(text, { ...HERE, node: 'envoy-2' }), 'TICKET_FOREIGN');
  assert.equal(problemOf(text, { ...HERE, epoch: '000002-0a0b0c0d' }), 'TICKET_FOREIGN');
  assert.equal(problemOf(text, { ...HERE, now_ms: TICKET.exp_ms }), 'TICKET_EXPIRED');
});

test('hostile text is refused without an exception', () => {
  const canonical = Buffer.from(encodeTicket(TICKET, mac).split('.')[0] ?? '', 'base64url').toString();
  const members = JSON.parse(canonical) as Record<string, unknown>;
  const hostile = [
    '',
    '.',
    'a',
    'a.b',
    `.${'0'.repeat(64)}`,
    'a'.repeat(TICKET_LENGTH_MAX + 1),
    `${'a'.repeat(100_000)}.${'0'.repeat(64)}`,
    signed('null'),
    signed('[]'),
    signed('{'),
    signed(canonical.replace('{', '{ ')),
    signed(`${canonical}\n`),
    signed(JSON.stringify({ ...members, extra: 1 })),
    signed(JSON.stringify({ ...members, exp_ms: '9' })),
    signed(JSON.stringify({ ...members, binding: { kind: 'none' } })),
    signed(JSON.stringify({ ...members, __proto__: null, agent_id: 'A B' })),
  ];
  for (const text of hostile) assert.notEqual(problemOf(text), 'ok', text.slice(0, 80));
  fc.assert(fc.property(fc.string(), (text) => assert.notEqual(problemOf(text), 'ok')));
});

test('what no receipt could hold is no ticket either', () => {
  assert.throws(() => encodeTicket({ ...TICKET, agent_id: 'No Id' }, mac), /invariant/);
  assert.throws(() => encodeTicket({ ...TICKET, authority: 'a'.repeat(300) }, mac), /invariant/);
});
