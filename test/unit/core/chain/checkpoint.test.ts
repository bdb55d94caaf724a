import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import {
  checkpointBody,
  formatNote,
  noteKeyHash,
  parseNote,
  vkey,
} from '../../../../src/core/chain/checkpoint.ts';

const ROOT = new Uint8Array(32).fill(3);
const ORIGIN = 'clawgress.test/0123';
const KEY = new Uint8Array(32).fill(5);
const SIGNATURE = new Uint8Array(64).fill(6);

test('body: origin, size, root', () => {
  assert.equal(checkpointBody(ORIGIN, 42, ROOT), `${ORIGIN}\n42\n${Buffer.from(ROOT).toString('base64')}\n`);
  assert.throws(() => checkpointBody('two words', 1, ROOT), RangeError);
  assert.throws(() => checkpointBody('a\nb', 1, ROOT), RangeError);
  assert.throws(() => checkpointBody('a+b', 1, ROOT), RangeError);
});

test('the key of the signed-note documentation has its published key hash', () => {
  // PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW, from the Go sumdb/note package documentation.
  const typed = Buffer.from('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'base64');
  assert.equal(
    vkey('PeterNeumann', typed.subarray(1)),
    'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  );
});

test('key hash: an independent computation', () => {
  const judge = createHash('sha256').update(`${ORIGIN}\n`).update(Buffer.of(1)).update(KEY).digest();
  assert.deepEqual(noteKeyHash(ORIGIN, KEY), new Uint8Array(judge.subarray(0, 4)));
});

test('a note round-trips', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const body = checkpointBody(ORIGIN, 7, ROOT);
  const signature = sign(null, Buffer.from(body), privateKey);
  const note = parseNote(formatNote(body, ORIGIN, raw, signature));
  assert.ok(note.ok);
  assert.equal(note.value.body, body);
  assert.equal(note.value.origin, ORIGIN);
  assert.equal(note.value.size, 7);
  assert.deepEqual(note.value.root, ROOT);
  assert.deepEqual(note.value.signatures, [
    { name: ORIGIN, keyHash: noteKeyHash(ORIGIN, raw), signature: new Uint8Array(signature) },
  ]);
});

test('anything that is not the canonical note is refused', () => {
  const note = formatNote(checkpointBody(ORIGIN, 42, ROOT), ORIGIN, KEY, SIGNATURE);
  assert.equal(parseNote(note).ok, true);
  const bad = [
    '',
    note.slice(0, -1),
    `${note}\n`,
    note.replace('\n42\n', '\n042\n'),
    note.replace('\n42\n', '\n-1\n'),
    note.replace('\n42\n', '\n42 \n'),
    note.replace('\n42\n', '\n9007199254740993\n'),
    note.replace('\n\n', '\nextension\n\n'),
    note.replace('\n\n', '\r\n\r\n'),
    note.replace('\u2014', '-'),
    note.replace('\u2014 ', '\u2014'),
    note.replace('AwM=\n', 'AwN=\n'),
    note.replace('YGBgY=\n', 'YGBgZ=\n'),
    note.split('\n\n')[0] ?? '',
    note.replace(/\u2014.*\n/u, '\u2014 x AAAAAA==\n'),
    note + `\u2014 ${ORIGIN} AAAAAAAA\n`.repeat(17),
    ' '.repeat(20_000),
  ];
  for (const text of bad) assert.equal(parseNote(text).ok, false, JSON.stringify(text.slice(0, 120)));
});
