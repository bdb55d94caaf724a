/** Promise: no type, mark, encoding or line hides a call from the rules about calls: it is found, or nobody calls it harmless. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { looksLikeJson } from '../../../src/inspect/hidden_json.ts';
import { readRequest } from '../../../src/inspect/read_request.ts';
import { bytesOf, deskOf, jobOf } from './inspect_world.ts';

const DROP = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"drop"}}';
const ai = (body: string | Uint8Array, type: string) =>
  readRequest(jobOf(body, { type, demands: { format: 'any', ai: true } }), deskOf()).facts.ai;
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

test('a text that only lax readers take is not harmless', () => {
  const bodies = [
    DROP.replace('"method"', '"method":"ping","method"'),
    `\ufeff${DROP}`,
    `${DROP.slice(0, -1)},}`,
    `${DROP}${DROP}`,
    `\0${DROP}`,
    `// call\n${DROP}`,
    `/* call */${DROP}`,
    ...[wide(DROP), wide(`\ufeff${DROP}`), wide(DROP).swap16(), wide(`\ufeff${DROP}`).swap16()],
  ];
  for (const type of ['', 'text/plain', 'application/x-www-form-urlencoded'])
    for (const body of bodies)
      assert.deepEqual(ai(body, type), { kind: 'unknown', unknown_reason: 'JSON_UNREADABLE' }, String(body));
});

test('a charset in which braces are other bytes hides nothing', () => {
  for (const charset of ['utf-7', 'utf-16', 'cp037', '"utf-32"'])
    assert.equal(ai('+AHs-x', `text/plain; charset=${charset}`)?.unknown_reason, 'JSON_UNREADABLE', charset);
  for (const charset of ['utf-8', 'UTF8', 'us-ascii', 'ISO-8859-1', 'windows-1252'])
    assert.equal(ai('hello', `text/plain; charset=${charset}`), undefined, charset);
});

test('a call in lines of JSON is found where it is alone, and told where it is not', () => {
  const call = { kind: 'mcp', method: 'tools/call', target: 'drop' };
  for (const type of ['application/x-ndjson', 'application/jsonl']) {
    assert.deepEqual(ai(`${DROP}\n`, type), call);
    assert.equal(ai(`{"a":1}\n${DROP}\n`, type)?.unknown_reason, 'BATCH');
    assert.equal(ai(`${DROP}\n{"a":1}\n`, type)?.unknown_reason, 'BATCH');
    assert.equal(ai('{"a":1}\n{"a":2}\n', type), undefined);
  }
  assert.deepEqual(ai(`\x1e${DROP}\n`, 'application/json-seq'), call);
});

test('other bodies are what they were', () => {
  for (const body of ['hello', 'a=1&b={', '--b\r\n\r\n{}\r\n--b--', '', '"text"', '/path'])
    assert.equal(ai(body, 'text/plain'), undefined, body);
});

test('all strict objects and lists look like JSON, in each encoding that readers guess', () => {
  const texts = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
  const space = fc.stringMatching(/^[ \t\r\n\0\ufeff]{0,5}$/);
  fc.assert(
    fc.property(texts, space, (value, white) => {
      const text = `${white}${JSON.stringify(value)}`;
      const wider = wide(text);
      const encodings = [bytesOf(text), wider, Buffer.from(wider).swap16()];
      for (const bytes of encodings) assert.equal(looksLikeJson(bytes), true, text);
    }),
  );
});
