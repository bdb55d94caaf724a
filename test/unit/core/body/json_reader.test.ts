import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkJson } from '../../../../src/core/body/check_json.ts';
import { JSON_LIMITS, type JsonLimits } from '../../../../src/core/body/json_limits.ts';
import type { JsonProblem } from '../../../../src/core/body/json_problem.ts';
import { JsonReader } from '../../../../src/core/body/json_reader.ts';
import { brokenTexts, jsonTexts } from './arbitrary_json.ts';
import { naiveJson } from './naive_json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const check = (text: string, limits: Partial<JsonLimits> = {}) =>
  checkJson(bytes(text), { ...JSON_LIMITS, ...limits });

function inPieces(pieces: readonly Uint8Array[], limits: JsonLimits): JsonProblem | undefined {
  const reader = new JsonReader(limits);
  for (const piece of pieces) reader.feed(piece);
  return reader.end();
}

/** Cut at every place, and into single bytes. */
function everyCut(text: Uint8Array, limits: JsonLimits): readonly (JsonProblem | undefined)[] {
  const cuts = Array.from({ length: text.length + 1 }, (_, cut) =>
    inPieces([text.subarray(0, cut), text.subarray(cut)], limits),
  );
  return [
    ...cuts,
    inPieces(
      Array.from(text, (byte) => Uint8Array.of(byte)),
      limits,
    ),
  ];
}

const limits: fc.Arbitrary<JsonLimits> = fc.record({
  bytesMax: fc.constantFrom(1, 2, 20, 60, 1_000),
  depthMax: fc.integer({ min: 1, max: 5 }),
  keyBytesMax: fc.integer({ min: 1, max: 14 }),
  stringBytesMax: fc.constantFrom(1, 3, 6, 12, 100),
  numberBytesMax: fc.constantFrom(1, 2, 5, 18, 100),
  membersMax: fc.integer({ min: 1, max: 4 }),
  elementsMax: fc.integer({ min: 1, max: 4 }),
  namesBytesMax: fc.constantFrom(32, 70, 110, 1_000),
  numbers: fc.constantFrom('any' as const, 'double' as const, 'exact' as const),
  duplicateKeys: fc.constantFrom('refuse' as const, 'allow' as const),
  forbiddenKeys: fc.constantFrom([], ['__proto__'], ['constructor', 'b']),
});

const WIDE: JsonLimits = { ...JSON_LIMITS, numbers: 'any', duplicateKeys: 'allow', forbiddenKeys: [] };
const LONE = /\p{Surrogate}/u;

for (const [name, texts] of Object.entries({ jsonTexts, brokenTexts })) {
  test(`${name}: code, pointer and offset are those of a naive reader, cut at every place`, () => {
    fc.assert(
      fc.property(texts, fc.oneof(fc.constant(JSON_LIMITS), limits), (text, bounds) => {
        const expected = naiveJson(text, bounds);
        for (const found of everyCut(text, bounds)) assert.deepEqual(found, expected);
      }),
      { numRuns: 300 },
    );
  });

  test(`${name}: what the grammar alone accepts is what JSON.parse accepts of UTF-8`, () => {
    fc.assert(
      fc.property(texts, (text) => {
        const problem = checkJson(text, WIDE);
        if (problem?.code === 'LONE_SURROGATE' || problem?.code === 'NUMBER_OVERFLOW') return;
        assert.equal(problem === undefined, isParsed(text), JSON.stringify(problem));
      }),
      { numRuns: 1_000 },
    );
  });
}

function isParsed(text: Uint8Array): boolean {
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
    return !LONE.test(JSON.stringify(JSON.parse(decoded)));
  } catch {
    return false;
  }
}

test('a problem is told with the first byte that cannot be accepted', () => {
  const reader = new JsonReader(JSON_LIMITS);
  assert.equal(reader.feed(bytes('{"a": [1, 2, ')), undefined);
  assert.deepEqual(reader.feed(bytes('}')), { code: 'UNEXPECTED_BYTE', offset: 13, pointer: '/a/2' });
  assert.deepEqual(reader.feed(bytes('3]}')), { code: 'UNEXPECTED_BYTE', offset: 13, pointer: '/a/2' });
  assert.deepEqual(reader.end(), { code: 'UNEXPECTED_BYTE', offset: 13, pointer: '/a/2' });
});

test('each code has a text that gets it', () => {
  const texts: readonly (readonly [string, string, number, string, Partial<JsonLimits>?])[] = [
    [' \n', 'EMPTY', 2, ''],
    ['{"a":', 'TRUNCATED', 5, '/a'],
    ['[1 2]', 'UNEXPECTED_BYTE', 3, '/0'],
    ['{} {}', 'TRAILING_DATA', 3, ''],
    ['\ufeff{}', 'BOM', 0, ''],
    ['["a\tb"]', 'CONTROL_IN_STRING', 3, '/0'],
    ['["\\x"]', 'ESCAPE_INVALID', 3, '/0'],
    ['["a\\ud800"]', 'LONE_SURROGATE', 3, '/0'],
    ['[01]', 'NUMBER_SYNTAX', 2, '/0'],
    ['[1e999]', 'NUMBER_OVERFLOW', 1, '/0'],
    ['[1e-999]', 'NUMBER_UNDERFLOW', 1, '/0'],
    ['[9007199254740992]', 'NUMBER_UNSAFE_INTEGER', 1, '/0'],
    ['[0.123456789012345678]', 'NUMBER_INEXACT', 1, '/0'],
    ['{"a":1,"\\u0061":2}', 'DUPLICATE_KEY', 7, '/a'],
    ['{"x":{"__pr\\u006fto__":1}}', 'FORBIDDEN_KEY', 6, '/x/__proto__'],
    ['[1,2]', 'TOO_BIG', 4, '/1', { bytesMax: 4 }],
    ['[[[]]]', 'TOO_DEEP', 2, '/0/0', { depthMax: 2 }],
    ['{"abc":1}', 'KEY_TOO_LONG', 4, '', { keyBytesMax: 2 }],
    ['["abc"]', 'STRING_TOO_LONG', 4, '/0', { stringBytesMax: 2 }],
    ['[123]', 'NUMBER_TOO_LONG', 3, '/0', { numberBytesMax: 2 }],
    ['{"a":1,"b":2}', 'TOO_MANY_MEMBERS', 6, '', { membersMax: 1 }],
    ['[1,2]', 'TOO_MANY_ELEMENTS', 2, '/1', { elementsMax: 1 }],
    ['{"a":1,"b":2}', 'NAMES_TOO_BIG', 7, '/b', { namesBytesMax: 67 }],
  ];
  for (const [text, code, offset, pointer, bounds] of texts)
    assert.deepEqual(check(text, bounds), { code, offset, pointer }, text);
  assert.equal(checkJson(Uint8Array.of(0x22, 0xc3, 0x28, 0x22), JSON_LIMITS)?.code, 'NOT_UTF8');
});

test('every escape of half a character is refused, and named by its own place', () => {
  for (const half of [
    '\\udc00',
    '\\ud800',
    '\\ud800\\u0041',
    '\\uDBFF\\ud800',
    '\\ud800x',
    '\\ud800\\n',
    '\\ud800é',
  ])
    assert.deepEqual(check(`["ab${half}"]`), { code: 'LONE_SURROGATE', offset: 4, pointer: '/0' }, half);
  assert.equal(check('["\\ud83d\\ude00\\uDBFF\\uDFFF"]'), undefined);
});

test('forms that UTF-8 does not allow are refused at the byte that shows it', () => {
  const forms: readonly (readonly [readonly number[], number])[] = [
    [[0xc0, 0x80], 0],
    [[0xc1, 0xbf], 0],
    [[0xe0, 0x9f, 0x80], 1],
    [[0xed, 0xa0, 0x80], 1],
    [[0xf0, 0x8f, 0x80, 0x80], 1],
    [[0xf4, 0x90, 0x80, 0x80], 1],
    [[0xf5, 0x80, 0x80, 0x80], 0],
    [[0xe2, 0x82, 0x22], 2],
    [[0x80], 0],
  ];
  for (const [form, place] of forms) {
    const problem = checkJson(Uint8Array.of(0x22, ...form, 0x22), JSON_LIMITS);
    assert.deepEqual(problem, { code: 'NOT_UTF8', offset: 1 + place, pointer: '' }, String(form));
  }
});

test('a number that a double holds is accepted under every rule, up to the last digit', () => {
  for (const numbers of ['any', 'double', 'exact'] as const) {
    for (const text of [
      '9007199254740991',
      '-9007199254740991',
      '0.30000000000000004',
      '1e22',
      '5e-324',
      '-0',
      '1.0',
    ])
      assert.equal(check(text, { numbers }), undefined, `${text} under ${numbers}`);
  }
  assert.equal(check('0.10000000000000001'), undefined, 'written with 17 digits, as C does');
  assert.equal(check('0.10000000000000001', { numbers: 'exact' })?.code, 'NUMBER_INEXACT');
});

test('any double that the platform prints is exact', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const isLargeInteger = Number.isInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER;
      if (!isLargeInteger) assert.equal(check(String(value), { numbers: 'exact' }), undefined);
    }),
  );
});

test('duplicates are found among thousands of names, and memory for names is given back', () => {
  const names = Array.from({ length: 3_000 }, (_, i) => `"${i % 2 === 0 ? i : `n${i}`}":0`);
  assert.equal(check(`{${names.join()}}`), undefined);
  for (const again of ['"0":1', '"n2999":1', '"n1":1', '"2":1'])
    assert.equal(check(`{${names.join()},${again}}`)?.code, 'DUPLICATE_KEY', again);
  const many = Array.from({ length: 50 }, () => `{${names.slice(0, 100).join()}}`);
  assert.equal(check(`[${many.join()}]`, { namesBytesMax: 5_000 }), undefined);
});

test('a pointer is never longer than its bound and names an ancestor then', () => {
  const deep = `{"${'k'.repeat(600)}":{"${'m'.repeat(600)}":x`;
  assert.equal(check(deep)?.pointer, `/${'k'.repeat(600)}`);
});

test('a reader begins anew, with offsets that go on', () => {
  const reader = new JsonReader(JSON_LIMITS);
  assert.equal(reader.feed(bytes('{"a":[')), undefined);
  reader.restart(100);
  assert.deepEqual(reader.feed(bytes('{"a":1,"a"')), { code: 'DUPLICATE_KEY', offset: 107, pointer: '/a' });
  reader.restart(200);
  assert.equal(reader.feed(bytes('7')) ?? reader.end(), undefined);
});
