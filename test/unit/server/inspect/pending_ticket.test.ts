import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import {
  openPending,
  PENDING_LENGTH_MAX,
  sealPending,
  unsealPending,
} from '../../../../src/server/inspect/pending_ticket.ts';
import { mac } from '../fakes.ts';
import { NOW_MS, TICKET } from './pending.ts';

const HERE = { node: 'envoy-1', epoch: 'e1', now_ms: NOW_MS };
const sealed = (ticket = TICKET) => sealPending(ticket, mac) ?? assert.fail('too long');
const problemOf = (text: string, showing = HERE, by = mac) => {
  const opened = openPending(text, by, showing);
  return opened.ok ? 'ok' : opened.problem;
};

test('what is sealed is what is read', () => {
  assert.deepEqual(openPending(sealed(), mac, HERE), { ok: true, value: TICKET });
});

test('nothing of it can be read, and no two are alike', () => {
  const [one, other] = [sealed(), sealed()];
  assert.notEqual(one, other);
  const bytes = Buffer.from(one, 'base64url').toString('latin1');
  // Long ones: three letters stand in random bytes now and then.
  for (const word of ['secret-in-a-query', 'api.example', 'gateway_id', 'BODY_NOT_COMPLETED'])
    assert.equal(bytes.includes(word), false, `${word} shows`);
  const differ = [...one].filter((letter, at) => letter !== other[at]).length;
  assert.ok(differ > one.length / 2, 'another salt makes another text');
});

test('it belongs to one life of one Envoy, for a while', () => {
  const text = sealed();
  assert.equal(problemOf(text, { ...HERE, node: 'envoy-2' }), 'PENDING_FOREIGN');
  assert.equal(problemOf(text, { ...HERE, epoch: 'e2' }), 'PENDING_FOREIGN');
  assert.equal(problemOf(text, { ...HERE, now_ms: NOW_MS + 1 }), 'PENDING_EXPIRED');
  assert.equal(
    problemOf(text, HERE, (label, salt) => mac(`${label}.`, salt)),
    'PENDING_FORGED',
  );
});

test('no ticket survives a change of any character', () => {
  const text = sealed();
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.stringMatching(/^[A-Za-z0-9_-]$/), (at, letter) => {
      fc.pre(text[at] !== letter);
      assert.notEqual(problemOf(text.slice(0, at) + letter + text.slice(at + 1)), 'ok');
    }),
  );
});

test('the tag is what makes it a ticket', () => {
  const bytes = Buffer.from(sealed(), 'base64url');
  for (let at = bytes.length - 16; at < bytes.length; at++) {
    const other = Buffer.from(bytes);
    other[at] = (other[at] ?? 0) ^ 1;
    assert.equal(problemOf(other.toString('base64url')), 'PENDING_FORGED');
  }
});

test('hostile text is refused without an exception', () => {
  for (const text of [
    '',
    '-',
    'a',
    'A'.repeat(64),
    'A'.repeat(PENDING_LENGTH_MAX),
    'A'.repeat(100_000),
    `${sealed()}=`,
  ])
    assert.notEqual(problemOf(text), 'ok');
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => assert.notEqual(problemOf(text), 'ok')));
});

test('what would be longer than a line of the log can hold is not sealed', () => {
  const random = randomBytes(24_000).toString('base64url');
  const long = { ...TICKET, request: { ...TICKET.request, query: random } };
  assert.ok(sealPending(long, mac) === undefined, 'sealed');
});

test('a bomb does not unpack, even when it is ours', () => {
  const label = 'clawgress/pending-ticket/v1';
  const salt = Buffer.alloc(24, 7);
  const key = Buffer.from(mac(label, salt.toString('base64url')), 'hex');
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12));
  cipher.setAAD(Buffer.from(label));
  const packed = deflateRawSync(Buffer.alloc(5_000_000, 32));
  const text = Buffer.concat([salt, cipher.update(packed), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
  assert.ok(text.length < PENDING_LENGTH_MAX, 'it is short');
  assert.equal(unsealPending(text, mac).ok, false);
});
