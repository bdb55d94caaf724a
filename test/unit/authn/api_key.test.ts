import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createApiKey, hashApiKey, isApiKeyShape, keyIdOf, sameDigest } from '../../../src/authn/api_key.ts';

const ALPHABET = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];

test('keys are distinct, well-formed and hold 256 bits', () => {
  const keys = Array.from({ length: 200 }, createApiKey);
  assert.equal(new Set(keys).size, 200);
  for (const key of keys) {
    assert.match(key, /^cgk_[0-9A-Za-z]{49}$/);
    assert.ok(isApiKeyShape(key));
  }
  // 43 base-62 digits reach beyond 2^256; a generator that lost bits would never use the leading digits.
  const leading = new Set(keys.map((key) => key[4]));
  assert.ok(leading.size > 10);
});

test('the checksum sees every single-character typo', () => {
  const key = createApiKey();
  fc.assert(
    fc.property(fc.integer({ min: 4, max: key.length - 1 }), fc.constantFrom(...ALPHABET), (at, char) => {
      const typo = key.slice(0, at) + char + key.slice(at + 1);
      assert.equal(isApiKeyShape(typo), typo === key);
    }),
    { numRuns: 1_000 },
  );
});

test('other shapes are refused', () => {
  const key = createApiKey();
  for (const text of [
    '',
    'cgk_',
    key.slice(1),
    key.slice(0, -1),
    `${key}a`,
    ` ${key}`,
    `${key}\n`,
    key.toUpperCase(),
  ]) {
    assert.equal(isApiKeyShape(text), false, text);
  }
});

test('hash and id', () => {
  const digest = createHash('sha256').update('cgk_x').digest('hex');
  assert.equal(hashApiKey('cgk_x'), digest);
  assert.equal(keyIdOf(digest), digest.slice(0, 16));
  assert.equal(sameDigest(digest, digest), true);
  assert.equal(sameDigest(digest, hashApiKey('cgk_y')), false);
  assert.equal(sameDigest(digest, digest.slice(2)), false);
});
