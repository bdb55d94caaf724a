import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BODY_BYTES_MAX,
  encodeLine,
  LINE_BYTES_MAX,
  parseLine,
  preAuthEncoding,
  RECEIPT_PAYLOAD_TYPE,
} from '../../../../src/core/canonical/dsse.ts';

const KEY_ID = 'ab'.repeat(32);
const SIGNATURE = new Uint8Array(64).fill(9);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('PAE: the example of the DSSE specification', () => {
  const pae = preAuthEncoding('http://example.com/HelloWorld', new TextEncoder().encode('hello world'));
  assert.equal(text(pae), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  assert.equal(text(preAuthEncoding('\u00e9', new Uint8Array(0))), 'DSSEv1 2 \u00e9 0 ');
});

test('the line is the template, byte for byte', () => {
  const line = encodeLine(new TextEncoder().encode('{"a":1}'), KEY_ID, SIGNATURE);
  assert.equal(
    text(line),
    `{"payloadType":"${RECEIPT_PAYLOAD_TYPE}","payload":"eyJhIjoxfQ==","signatures":[{"keyid":"${KEY_ID}","sig":"${Buffer.from(SIGNATURE).toString('base64')}"}]}`,
  );
});

test('lines round-trip and the largest body fits', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      (body, signature) => {
        assert.deepEqual(parseLine(encodeLine(body, KEY_ID, signature)), {
          ok: true,
          value: { body, keyId: KEY_ID, signature },
        });
      },
    ),
  );
  const largest = encodeLine(new Uint8Array(BODY_BYTES_MAX), KEY_ID, SIGNATURE);
  assert.ok(largest.length <= LINE_BYTES_MAX);
  assert.equal(parseLine(largest).ok, true);
  assert.throws(() => encodeLine(new Uint8Array(BODY_BYTES_MAX + 1), KEY_ID, SIGNATURE), RangeError);
});

test('every changed, inserted or removed byte either is refused or changes what is signed', () => {
  const body = new TextEncoder().encode('{"seq":12}');
  const line = encodeLine(body, KEY_ID, SIGNATURE);
  for (let at = 0; at < line.length; at += 1) {
    for (const byte of [0x20, 0x41, 0x3d, 0x0a, 0x22]) {
      const changed = line.slice();
      if (changed[at] === byte) continue;
      changed[at] = byte;
      const inserted = new Uint8Array([...line.slice(0, at), byte, ...line.slice(at)]);
      for (const variant of [changed, inserted, line.filter((_, i) => i !== at)])
        assertDistinct(variant, line);
    }
  }
});

function assertDistinct(variant: Uint8Array, line: Uint8Array): void {
  const result = parseLine(variant);
  if (!result.ok) return;
  assert.deepEqual(encodeLine(result.value.body, result.value.keyId, result.value.signature), variant);
  if (Buffer.compare(variant, line) !== 0) assert.notDeepEqual(result, parseLine(line));
}

test('refusals are typed', () => {
  const line = text(encodeLine(new TextEncoder().encode('{"a":1}'), KEY_ID, SIGNATURE));
  const code = (changed: string) => {
    const result = parseLine(new TextEncoder().encode(changed));
    return result.ok ? 'accepted' : result.problem;
  };
  assert.equal(code(''), 'LINE_TEMPLATE');
  assert.equal(code(`${line}\n`), 'LINE_TEMPLATE');
  assert.equal(code(line.replace(',"payload"', ', "payload"')), 'LINE_TEMPLATE');
  assert.equal(code(line.replace('ab', 'AB')), 'KEY_ID');
  assert.equal(code(line.replace('fQ==', 'fR==')), 'BODY_BASE64');
  assert.equal(code(line.replace('CQ=="}]}', 'CR=="}]}')), 'SIGNATURE_BASE64');
  assert.equal(code(line.padEnd(LINE_BYTES_MAX + 1)), 'LINE_TOO_LONG');
});
