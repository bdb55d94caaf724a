import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeRelayTicket,
  openRelayTicket,
  type RelayTicket,
} from '../../../../src/core/relay/relay_ticket.ts';

const NOW_MS = 1_700_000_000_000;
const mac = (label: string, text: string) =>
  createHmac('sha256', 'of this host').update(`${label}\0${text}`).digest('hex');
const TICKET: RelayTicket = {
  receipt_id: '018bcfe5-6800-7000-8000-000000000001',
  owner: 'default/bot',
  scheme: 'https',
  max_bytes: 1_048_576,
  max_seconds: 60,
  max_message_bytes: 4_096,
  frames: 'block',
  exp_ms: NOW_MS + 1,
};
/** The same, without our own code. */
const signed = (content: string, label = 'clawgress/relay-ticket/v1') => {
  const body = Buffer.from(content).toString('base64url');
  return `${body}.${createHmac('sha256', 'of this host').update(`${label}\0${body}`).digest('hex')}`;
};
const sorted = (value: object) => JSON.stringify(value, Object.keys(value).sort());
const problemOf = (text: string, now_ms = NOW_MS) => {
  const opened = openRelayTicket(text, mac, now_ms);
  return opened.ok ? 'ok' : opened.problem;
};

const bound = fc.option(fc.integer({ min: 1, max: 2 ** 40 }), { nil: undefined });
const ticket = fc
  .record({
    scheme: fc.constantFrom('http' as const, 'https' as const),
    max_bytes: bound,
    max_seconds: bound,
    max_message_bytes: bound,
    frames: fc.constantFrom('observe' as const, 'block' as const, undefined),
  })
  .map((drawn) => {
    const set = Object.entries(drawn).filter(([, value]) => value !== undefined);
    const { receipt_id, owner, exp_ms } = TICKET;
    return { ...Object.fromEntries(set), receipt_id, owner, exp_ms } as RelayTicket;
  });

test('what a relay ticket says is what the relay reads, and it is plain canonical JSON with an HMAC', () => {
  fc.assert(
    fc.property(ticket, (one) => {
      const text = encodeRelayTicket(one, mac);
      assert.equal(text, signed(sorted(one)));
      assert.deepEqual(openRelayTicket(text, mac, NOW_MS), { ok: true, value: one });
    }),
  );
});

test('a relay ticket that nobody of this host sealed is none', () => {
  const text = encodeRelayTicket(TICKET, mac);
  const [body = '', tag = ''] = text.split('.');
  const changed = Buffer.from(sorted({ ...TICKET, max_bytes: 2 ** 40 })).toString('base64url');
  assert.equal(problemOf(`${changed}.${tag}`), 'FORGED');
  assert.equal(problemOf(`${body}.${'0'.repeat(64)}`), 'FORGED');
  // What opens a tunnel opens no relay, whatever it says.
  assert.equal(problemOf(signed(sorted(TICKET), 'clawgress/tunnel-ticket/v1')), 'FORGED');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.length - 1 }), fc.constantFrom('A', '0', '.'), (at, other) => {
      fc.pre(text[at] !== other);
      assert.notEqual(problemOf(text.slice(0, at) + other + text.slice(at + 1)), 'ok');
    }),
  );
});

test('sealed, but no relay ticket: refused', () => {
  const without = ({ owner: _owner, ...rest }: RelayTicket) => rest;
  const bad = [
    ...['', 'null', '[]', '{', ` ${sorted(TICKET)}`],
    ...[sorted(without(TICKET)), sorted({ ...TICKET, extra: 1 }), sorted({ ...TICKET, max_seconds: 0 })],
    ...[sorted({ ...TICKET, max_bytes: 0 }), sorted({ ...TICKET, max_bytes: 1.5 })],
    ...[sorted({ ...TICKET, frames: 'none' }), sorted({ ...TICKET, scheme: 'tcp' })],
  ];
  for (const content of bad) assert.equal(problemOf(signed(content)), 'MALFORMED', content);
  assert.equal(problemOf('x'.repeat(9_000)), 'MALFORMED');
});

test('a relay ticket is good until its time is over, and not one millisecond longer', () => {
  const text = encodeRelayTicket(TICKET, mac);
  assert.equal(problemOf(text, TICKET.exp_ms - 1), 'ok');
  assert.equal(problemOf(text, TICKET.exp_ms), 'EXPIRED');
});
