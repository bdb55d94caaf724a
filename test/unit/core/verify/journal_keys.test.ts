import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustOf } from '../../../support/evidence_bundle.ts';
import { hexOf, testKey } from '../../../support/evidence_keys.ts';
import { EvidenceLog, keyRef, smallLog, trustEntry } from '../../../support/evidence_log.ts';

import { codes } from './journal_codes.ts';

test('only the root delegates, and only within the rules', () => {
  const started = () => {
    const log = new EvidenceLog();
    log.genesis();
    return log;
  };
  const other = testKey('epoch-2');
  const cases: [string, (log: EvidenceLog) => void, string[]][] = [
    ['no delegation', (log) => log.start(), ['KEY_UNKNOWN journal:2']],
    [
      'an epoch key delegates',
      (log) => {
        log.delegate();
        log.delegate(other, {}, log.epoch);
        log.start();
      },
      ['DELEGATION_INVALID journal:3', 'KEY_UNKNOWN journal:4'],
    ],
    [
      'a stranger delegates',
      (log) => void log.delegate(other, {}, testKey('x')),
      ['DELEGATION_INVALID journal:2'],
    ],
    [
      'the root signs a receipt',
      (log) => void log.add('lifecycle', { lifecycle: 'stop', clean: true }, log.root),
      ['DELEGATION_INVALID journal:2'],
    ],
    [
      'more than a day',
      (log) => void log.delegate(other, { not_after: log.now(1000 + 86_400_001) }),
      ['DELEGATION_INVALID journal:2'],
    ],
    [
      'already over',
      (log) => void log.delegate(other, { not_after: log.now(999) }),
      ['DELEGATION_INVALID journal:2'],
    ],
    ['backdated', (log) => void log.delegate(other, { first_seq: 1 }), ['DELEGATION_INVALID journal:2']],
    [
      'used too early',
      (log) => {
        log.delegate(other, { first_seq: 3 });
        log.start();
        log.start();
      },
      ['DELEGATION_INVALID journal:3'],
    ],
    [
      'used too late',
      (log) => {
        log.delegate();
        log.sleep(86_400_000);
        log.start();
      },
      ['KEY_EXPIRED journal:3'],
    ],
    [
      'the id of another key',
      (log) => void log.delegate(other, { key: { ...keyRef(other), key_id: log.root.keyId } }),
      ['DELEGATION_INVALID journal:2'],
    ],
    ['the log key', (log) => void log.delegate(log.logKey), ['DELEGATION_INVALID journal:2']],
    ['a manifest key', (log) => void log.delegate(log.manifestEd25519), ['DELEGATION_INVALID journal:2']],
    ['the root itself', (log) => void log.delegate(log.root), ['DELEGATION_INVALID journal:2']],
    ['a second genesis', (log) => void log.genesis(), ['DELEGATION_INVALID journal:2']],
  ];
  for (const [name, act, expected] of cases) {
    const log = started();
    act(log);
    assert.deepEqual(codes(log), expected, name);
  }
});

test('a delegated key of small order is never learnt', () => {
  const log = new EvidenceLog();
  log.genesis();
  const spki = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from('01'.padEnd(64, '0'), 'hex'),
  ]);
  log.delegate(log.epoch, {
    key: { key_id: hexOf(spki), algorithm: 'ed25519', spki_b64: spki.toString('base64') },
  });
  assert.deepEqual(codes(log), ['DELEGATION_INVALID journal:2']);
});

test('a new epoch key takes over, and the old one still counts until it ends', () => {
  const log = smallLog();
  const old = log.epoch;
  log.delegate(testKey('epoch-2'));
  log.decision();
  log.add('lifecycle', { lifecycle: 'heartbeat', decisions: 3, pending_outcomes: 0 }, old);
  assert.deepEqual(codes(log), []);
});

test('revoked and expired keys of the trust file', () => {
  const log = smallLog();
  const entries = JSON.parse(log.trustFile()).keys;
  const withEpoch = (extra: object) =>
    trustOf(log, JSON.stringify({ keys: [...entries, { ...trustEntry(log.epoch, 'receipt'), ...extra }] }));
  assert.deepEqual(codes(log, withEpoch({})), []);
  assert.match(
    codes(log, withEpoch({ revoked_at: '2027-01-01T00:00:00.000Z' })).join(),
    /^TIME_UNPROVEN journal:3/,
  );
  assert.match(
    codes(log, withEpoch({ valid_until: '2026-01-02T03:04:08.500Z' })).join(),
    /^KEY_EXPIRED journal:4/,
  );
  const revokedRoot = entries.map((key: object, i: number) =>
    i === 0 ? { ...key, revoked_at: '2027-01-01T00:00:00.000Z' } : key,
  );
  assert.match(
    codes(log, trustOf(log, JSON.stringify({ keys: revokedRoot }))).join(),
    /TIME_UNPROVEN journal:1/,
  );
});
