import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CREDENTIAL_LENGTH_MAX, presentedCredential } from '../../../src/authn/credentials.ts';
import { basic } from './fixtures.ts';

const KEY = 'cgk_example';
const JWT = 'eyJh.eyJp.c2ln';
type Pairs = readonly (readonly [string, string])[];

const read = (mode: 'explicit' | 'base_url', pairs: Pairs) => {
  const result = presentedCredential(
    mode,
    pairs.map(([name, value]) => ({ name, value })),
  );
  return result.ok ? result.value : result.problem;
};
const proxy = (value: string, ...more: Pairs) => read('explicit', [['proxy-authorization', value], ...more]);
const base = (value: string, ...more: Pairs) => read('base_url', [['x-clawgress-key', value], ...more]);

test('explicit proxy: Basic and Bearer', () => {
  assert.deepEqual(proxy(basic('robot', KEY)), {
    kind: 'api_key',
    secret: KEY,
    claimed_agent: 'robot',
    runs: [],
  });
  assert.deepEqual(proxy(`Bearer ${KEY}`), { kind: 'api_key', secret: KEY, runs: [] });
  assert.deepEqual(proxy(`bEARER  ${JWT}`), { kind: 'jwt', secret: JWT, runs: [] });
  assert.deepEqual(proxy(basic('robot', JWT)), {
    kind: 'jwt',
    secret: JWT,
    claimed_agent: 'robot',
    runs: [],
  });
});

test('base URL: the key header', () => {
  assert.deepEqual(base(KEY), { kind: 'api_key', secret: KEY, runs: [] });
  assert.deepEqual(base(JWT), { kind: 'jwt', secret: JWT, runs: [] });
});

test('run labels from the header and from the Basic user', () => {
  const user = basic('robot;run=night', KEY);
  assert.deepEqual(proxy(user), {
    kind: 'api_key',
    secret: KEY,
    claimed_agent: 'robot',
    runs: [{ label: 'night', asserted_by: 'basic_user' }],
  });
  const both = proxy(user, ['x-clawgress-run-id', 'day'], ['x-clawgress-run-id', 'dusk']);
  assert.deepEqual(typeof both === 'string' ? both : both.runs.map((run) => run.label), [
    'day',
    'dusk',
    'night',
  ]);
});

test('nothing in the place of the mode is no credential', () => {
  assert.equal(read('explicit', []), 'IDENTITY_MISSING');
  assert.equal(read('explicit', [['x-clawgress-key', KEY]]), 'IDENTITY_MISSING');
  assert.equal(read('explicit', [['authorization', `Bearer ${KEY}`]]), 'IDENTITY_MISSING');
  assert.equal(read('base_url', [['proxy-authorization', `Bearer ${KEY}`]]), 'IDENTITY_MISSING');
});

test('two credentials: only the same one twice, in the two places', () => {
  assert.equal(typeof proxy(`Bearer ${KEY}`, ['x-clawgress-key', KEY]), 'object');
  assert.equal(typeof base(KEY, ['proxy-authorization', basic('robot', KEY)]), 'object');
  const named = base(KEY, ['proxy-authorization', basic('robot', KEY)]);
  assert.equal(typeof named === 'string' ? named : named.claimed_agent, 'robot');
  for (const other of ['cgk_other', JWT, '', 'junk']) {
    assert.equal(proxy(`Bearer ${KEY}`, ['x-clawgress-key', other]), 'IDENTITY_CONFLICT');
    assert.equal(base(KEY, ['proxy-authorization', `Bearer ${other}`]), 'IDENTITY_CONFLICT');
  }
  assert.equal(proxy(`Bearer ${KEY}`, ['proxy-authorization', `Bearer ${KEY}`]), 'IDENTITY_CONFLICT');
  assert.equal(base(KEY, ['x-clawgress-key', KEY]), 'IDENTITY_CONFLICT');
});

test('what cannot be read is malformed', () => {
  const raw = (text: string) => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`;
  const values = [
    '',
    'Basic',
    'Bearer',
    KEY,
    `Digest ${KEY}`,
    `Bearer ${KEY} x`,
    `Bearer: ${KEY}`,
    'Bearer opaque',
    'Bearer a.b',
    'Bearer a.b.c.d',
    'Bearer a.b.=',
    'Basic !!!',
    `Basic ${Buffer.from(`robot:${KEY}`).toString('base64').replace(/=*$/, '')}=x`,
    raw('robot'),
    raw(`:${KEY}`),
    raw(`Robot:${KEY}`),
    raw(`robot;other=1:${KEY}`),
    raw('robot:password'),
    raw(`rob\xe9t:${KEY}`),
    raw('robot:'),
  ];
  for (const value of values) assert.equal(proxy(value), 'IDENTITY_MALFORMED', value);
  for (const value of ['', 'junk', ` ${KEY}`, `Bearer ${KEY}`])
    assert.equal(base(value), 'IDENTITY_MALFORMED', value);
});

test('credentials are bounded', () => {
  const long = `cgk_${'a'.repeat(CREDENTIAL_LENGTH_MAX - 4)}`;
  assert.equal(typeof base(long), 'object');
  assert.equal(base(`${long}a`), 'IDENTITY_MALFORMED');
  assert.equal(proxy(`Bearer ${long}`), 'IDENTITY_MALFORMED');
});

/** Mostly ASCII with its controls, sometimes anything, lone surrogates included. */
const anyUnit = fc
  .oneof({ arbitrary: fc.integer({ min: 0, max: 0x7f }), weight: 4 }, fc.integer({ min: 0, max: 0xffff }))
  .map((code) => String.fromCharCode(code));

test('no header makes it throw', () => {
  const value = fc.oneof(
    fc.string({ unit: anyUnit }),
    fc.base64String().map((text) => `Basic ${text}`),
  );
  fc.assert(
    fc.property(value, (text) => {
      proxy(text);
      base(text);
    }),
    { numRuns: 2_000 },
  );
});
