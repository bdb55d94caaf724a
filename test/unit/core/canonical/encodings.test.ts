import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeBase64Strict,
  decodeBase64UrlStrict,
  encodeBase64,
  encodeBase64Url,
} from '../../../../src/core/canonical/base64.ts';
import { commit, commitmentSalt } from '../../../../src/core/canonical/commitment.ts';
import { fromHexStrict, toHex } from '../../../../src/core/canonical/hex.ts';
import { sha256 } from '../../../../src/core/canonical/sha256.ts';
import { utf8DecodeStrict } from '../../../../src/core/canonical/utf8.ts';

test('base64 and hex agree with the platform', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const judge = Buffer.from(bytes);
      assert.equal(encodeBase64(bytes), judge.toString('base64'));
      assert.equal(encodeBase64Url(bytes), judge.toString('base64url'));
      assert.equal(toHex(bytes), judge.toString('hex'));
      assert.deepEqual(decodeBase64Strict(judge.toString('base64')), { ok: true, value: bytes });
      assert.deepEqual(decodeBase64UrlStrict(judge.toString('base64url')), { ok: true, value: bytes });
      assert.deepEqual(fromHexStrict(judge.toString('hex')), { ok: true, value: bytes });
    }),
  );
});

test('one value has one spelling', () => {
  for (const text of [
    'QQ',
    'QQ=',
    'QR==',
    'QUE',
    'QUF=',
    'QQ==\n',
    ' QQ==',
    'Q===',
    '====',
    'QQ==QQ==',
    'QU-_',
    'QQ=A',
    'Qé==',
  ])
    assert.equal(decodeBase64Strict(text).ok, false, text);
  for (const text of ['QQ==', 'QR', 'Q', 'QUF', 'QU+/', 'QUFé'])
    assert.equal(decodeBase64UrlStrict(text).ok, false, text);
  for (const text of ['0', '0G', 'AB', 'zz', ' 00']) assert.equal(fromHexStrict(text).ok, false, text);
});

test('any text that decodes is the text that encodes', () => {
  const letters = fc.constantFrom(...'ABab01+/-_= '.split(''));
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 9 }), (parts) => {
      const text = parts.join('');
      const standard = decodeBase64Strict(text);
      if (standard.ok) assert.equal(encodeBase64(standard.value), text);
      const url = decodeBase64UrlStrict(text);
      if (url.ok) assert.equal(encodeBase64Url(url.value), text);
    }),
    { numRuns: 3000 },
  );
});

test('UTF-8: overlong, surrogate and truncated forms are refused, a BOM stays visible', () => {
  for (const bytes of [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xff], [0xf4, 0x90, 0x80, 0x80]])
    assert.equal(utf8DecodeStrict(new Uint8Array(bytes)).ok, false);
  assert.deepEqual(utf8DecodeStrict(new Uint8Array([0xef, 0xbb, 0xbf])), { ok: true, value: '\ufeff' });
});

test('commitment: layout checked against a hand-built message', () => {
  const hmac = (key: Uint8Array, message: Uint8Array) =>
    new Uint8Array(createHmac('sha256', key).update(message).digest());
  const key = new Uint8Array(32).fill(7);
  const salt = commitmentSalt(hmac, key, 'r-1', 'request/query');
  assert.deepEqual(salt, new Uint8Array(createHmac('sha256', key).update('r-1request/query').digest()));
  const message = Buffer.concat([
    Buffer.from('clawgress/commit/v1\0'),
    salt,
    Buffer.from([0, 17]),
    Buffer.from('r-1/request/query'),
    Buffer.from('a=b'),
  ]);
  assert.equal(
    toHex(commit(sha256, salt, 'r-1', 'request/query', Buffer.from('a=b'))),
    createHash('sha256').update(message).digest('hex'),
  );
  assert.throws(() => commit(sha256, salt.slice(1), 'r', 'p', new Uint8Array(0)), RangeError);
});
