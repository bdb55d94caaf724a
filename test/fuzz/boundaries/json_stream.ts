import assert from 'node:assert/strict';
import { checkJson } from '../../../src/core/body/check_json.ts';
import { JSON_LIMITS, type JsonLimits } from '../../../src/core/body/json_limits.ts';
import { JsonReader } from '../../../src/core/body/json_reader.ts';
import { ValueBuilder } from '../../../src/core/body/value_builder.ts';
import { naiveJson } from '../../unit/core/body/naive_json.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

/** Small, so that mutation gets beyond them. */
const TIGHT: JsonLimits = {
  ...JSON_LIMITS,
  bytesMax: 120,
  depthMax: 4,
  keyBytesMax: 12,
  stringBytesMax: 24,
  numberBytesMax: 12,
  membersMax: 4,
  elementsMax: 6,
  namesBytesMax: 300,
  numbers: 'exact',
};

const CORPUS = [
  '{"a":1,"b":[true,false,null],"c":{"d":"e"}}',
  ' [ -0.5e+3 , 12 , 1e-7, 0.30000000000000004 ] ',
  '"\\u00e9\\ud83d\\ude00\\n\\"\\\\ 日本 😀"',
  '[9007199254740991,9007199254740993,1e400]',
  '{"\\u0061":1,"a":2}',
  '{"__proto__":{"constructor":1}}',
  '[[[[[]]]]]',
  '\ufeff{}',
  '["\\ud800","\\udc00\\ud800"]',
  '{"x":"',
  '7',
];

/** Judge: a naive reader of whole texts, and JSON.parse for the value; the text comes whole, halved and in single bytes. */
export function jsonStream(): Boundary {
  return {
    name: 'json_stream',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      assert.deepEqual(checkJson(input, TIGHT), naiveJson(input, TIGHT));
      const expected = naiveJson(input, JSON_LIMITS);
      const builder = new ValueBuilder(Number.MAX_SAFE_INTEGER);
      const half = input.length >> 1;
      const halves = new JsonReader(JSON_LIMITS, builder);
      halves.feed(input.subarray(0, half));
      halves.feed(input.subarray(half));
      assert.deepEqual(halves.end(), expected);
      const single = new JsonReader(JSON_LIMITS);
      for (const byte of input) single.feed(Uint8Array.of(byte));
      assert.deepEqual(single.end(), expected);
      if (expected === undefined)
        assert.deepEqual(builder.value, JSON.parse(new TextDecoder().decode(input)));
      return expected === undefined;
    },
  };
}
