import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeJcs,
  type JsonValue,
  parseCanonicalJson,
  parseStrictJson,
} from '../../../../src/core/canonical/jcs.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const problem = (text: string | Uint8Array) => {
  const result = parseStrictJson(typeof text === 'string' ? bytes(text) : text);
  return result.ok ? 'accepted' : result.problem.code;
};

test('RFC 8785 section 3.2.3: keys sort by UTF-16 code units', () => {
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  assert.deepEqual(
    [...encodeJcs(value).matchAll(/:"([^"]+)"/g)].map((match) => match[1]),
    [
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ],
  );
});

test('RFC 8785 section 3.2.2.2: escapes', () => {
  assert.equal(encodeJcs('\u20ac$\u000f\nA\'B"\\\\"/'), '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  assert.equal(encodeJcs('\b\t\n\f\r\u0000\u007f\u2028'), '"\\b\\t\\n\\f\\r\\u0000\u007f\u2028"');
});

test('members, arrays, literals', () => {
  assert.equal(
    encodeJcs({ b: [true, false, null, 0, -1], a: {}, c: [], d: { z: 1, y: 'x' } }),
    '{"a":{},"b":[true,false,null,0,-1],"c":[],"d":{"y":"x","z":1}}',
  );
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${(i * 7919) % 200}`, i]));
  assert.deepEqual(Object.keys(JSON.parse(encodeJcs(wide))), Object.keys(wide).sort());
});

test('values without a canonical integer form throw', () => {
  let deep: JsonValue = 1;
  for (let i = 0; i < 33; i += 1) deep = [deep];
  const bad: unknown[] = [
    0.5,
    -0,
    2 ** 53,
    Number.NaN,
    Infinity,
    '\ud800',
    'a\udc00b',
    deep,
    new Map(),
    new Date(0),
  ];
  for (const value of [...bad, new Uint8Array(1), { a: undefined }, { a: 1n }, JSON.parse('{"__proto__":1}')])
    assert.throws(() => encodeJcs({ value } as object), TypeError);
});

test('strict parser refuses what I-JSON of integers excludes', () => {
  const refused: [string | Uint8Array, string][] = [
    ['{"a":1,"a":2}', 'DUPLICATE_KEY'],
    ['{"a":1,"\\u0061":2}', 'DUPLICATE_KEY'],
    ['{"__proto__":{}}', 'FORBIDDEN_KEY'],
    ['{"\\u005f_proto__":{}}', 'FORBIDDEN_KEY'],
    ['1.0', 'NUMBER_NOT_INTEGER'],
    ['1e2', 'NUMBER_NOT_INTEGER'],
    ['-0', 'NUMBER_NOT_INTEGER'],
    ['9007199254740992', 'NUMBER_NOT_INTEGER'],
    ['"\\ud800"', 'LONE_SURROGATE'],
    ['"\\udc00\\ud800"', 'LONE_SURROGATE'],
    [new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 'UTF8_INVALID'],
    [new Uint8Array([0x22, 0xc0, 0x80, 0x22]), 'UTF8_INVALID'],
    [new Uint8Array([0xef, 0xbb, 0xbf, 0x31]), 'SYNTAX'],
    ['[1,]', 'SYNTAX'],
    ['{"a":1,}', 'SYNTAX'],
    ['{a:1}', 'SYNTAX'],
    ["'a'", 'SYNTAX'],
    ['01', 'SYNTAX'],
    ['+1', 'SYNTAX'],
    ['"a\nb"', 'SYNTAX'],
    ['"\\x41"', 'SYNTAX'],
    ['"a', 'SYNTAX'],
    ['', 'SYNTAX'],
    ['1 2', 'SYNTAX'],
    ['nul', 'SYNTAX'],
    ['\u00a01', 'SYNTAX'],
    ['NaN', 'SYNTAX'],
    ['['.repeat(33) + ']'.repeat(33), 'TOO_DEEP'],
    ['['.repeat(40_000), 'TOO_DEEP'],
  ];
  for (const [text, code] of refused) assert.equal(problem(text), code, String(text).slice(0, 40));
  assert.equal(problem('['.repeat(32) + ']'.repeat(32)), 'accepted');
  assert.equal(problem(' { "a" : [ 1 , "\\ud83d\\ude00" ] , "constructor" : null } '), 'accepted');
});

const tree = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .dictionary(
        fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
        tie('value'),
        { maxKeys: 5 },
      )
      .map((members) => ({ ...members })),
  ),
})).value;

/** The rule of RFC 8785 stated naively: sort by code units, then let the platform print. */
function naive(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(naive).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const units = (text: string) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const less = (a: string, b: string) => {
    const [x, y] = [units(a), units(b)];
    const at = x.findIndex((unit, i) => unit !== y[i]);
    return at < 0 ? x.length - y.length : (x[at] ?? 0) - (y[at] ?? -1);
  };
  const entries = Object.entries(value).sort(([a], [b]) => less(a, b));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${naive(item)}`).join(',')}}`;
}

test('encode agrees with the naive rule and both parsers read it back', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const text = encodeJcs(value as object);
      assert.equal(text, naive(value));
      const strict = parseStrictJson(bytes(text));
      const canonical = parseCanonicalJson(bytes(text));
      assert.ok(strict.ok && canonical.ok);
      assert.equal(encodeJcs(strict.value as object), text);
      assert.equal(encodeJcs(canonical.value as object), text);
    }),
  );
});

test('strict parser accepts nothing that the platform refuses', () => {
  const alphabet = fc.constantFrom(...'{}[]:,"\\u0aé -1.e\n\ud83dtruefalsn'.split(''));
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 12 }), (parts) => {
      const text = bytes(parts.join(''));
      const result = parseStrictJson(text);
      if (result.ok) assert.deepEqual(result.value, JSON.parse(new TextDecoder().decode(text)));
    }),
    { numRuns: 2000 },
  );
});

test('canonical parser refuses every other spelling and says why', () => {
  const cases: [string, string][] = [
    ['{"b":1,"a":2}', 'NOT_CANONICAL'],
    ['{"a": 1}', 'NOT_CANONICAL'],
    ['{"a":"\\u0041"}', 'NOT_CANONICAL'],
    ['{"a":1}\n', 'NOT_CANONICAL'],
    ['{"a":1,"a":1}', 'DUPLICATE_KEY'],
    ['{"a":1.0}', 'NUMBER_NOT_INTEGER'],
    ['{"a":1', 'SYNTAX'],
    ['['.repeat(20_000) + ']'.repeat(20_000), 'TOO_DEEP'],
  ];
  for (const [text, code] of cases) {
    const result = parseCanonicalJson(bytes(text));
    assert.equal(result.ok ? 'accepted' : result.problem.code, code, text.slice(0, 40));
  }
});
