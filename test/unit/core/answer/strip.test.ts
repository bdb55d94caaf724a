import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { strip } from '../../../../src/core/answer/strip.ts';
import { bytesOf, textOf } from './scripts.ts';

type Json = null | number | string | boolean | Json[] | { [key: string]: Json };

const NAMES = ['a', 'b', 'a/b', '~', 'ü'];
const value = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(1, 'x,"]', true, null, -2.5),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('json'), { maxKeys: 4 }),
  ),
})).json;
const token = fc.constantFrom(
  ...NAMES.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1')),
  '0',
  '1',
  '2',
  '00',
  '-',
);
const pointers = fc.array(
  fc.array(token, { minLength: 1, maxLength: 3 }).map((tokens) => `/${tokens.join('/')}`),
  { minLength: 1, maxLength: 4 },
);

/** White space of all kinds wherever it may stand. */
function spaced(json: Json, space: string): string {
  if (Array.isArray(json))
    return `[${space}${json.map((item) => spaced(item, space)).join(`${space},${space}`)}${space}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members = Object.entries(json).map(
    ([name, item]) => `${JSON.stringify(name)}${space}:${space}${spaced(item, space)}`,
  );
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
}

/** Takes values out, not bytes. */
function naive(json: Json, out: readonly string[], here = ''): Json {
  if (!Array.isArray(json) && (typeof json !== 'object' || json === null)) return json;
  const gone = (path: string) => out.includes(path);
  if (Array.isArray(json)) {
    const items: Json[] = [];
    json.forEach((item, i) => {
      if (!gone(`${here}/${i}`)) items.push(naive(item, out, `${here}/${i}`));
    });
    return items;
  }
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, item]) => {
      const path = `${here}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      return gone(path) ? [] : [[name, naive(item, out, path)]];
    }),
  );
}

const isSubsequence = (part: string, whole: string): boolean => {
  let at = 0;
  for (const character of whole) if (character === part[at]) at += 1;
  return at === part.length;
};

test('what is left says everything but the listed members, byte for byte', () => {
  fc.assert(
    fc.property(value, pointers, fc.constantFrom('', ' ', '\r\n\t'), (json, out, space) => {
      const text = ` ${spaced(json, space)}\n`;
      const expected = naive(json, out);
      const got = strip(bytesOf(text), out);
      const left = got === undefined ? text : textOf(got.bytes);
      assert.deepEqual(JSON.parse(left), expected);
      assert.equal(got === undefined, JSON.stringify(expected) === JSON.stringify(json));
      assert.ok(isSubsequence(left, text), 'bytes were moved or added');
      if (got === undefined) return;
      const spaces = (one: string) => one.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/[^ \t\r\n]/g, '').length;
      // Only white space inside of what was taken out is gone.
      assert.ok(out.includes(got.pointer) && spaces(left) <= spaces(text), 'another pointer');
    }),
    { numRuns: 400 },
  );
});

test('one comma goes with each, and white space stays', () => {
  const cases: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ['{"a": 1, "card": {"n": [1]}, "b": 2}', ['/card'], '{"a": 1,  "b": 2}'],
    ['{"a": 1, "card": 2 }', ['/card'], '{"a": 1  }'],
    ['{"card":1,"a":2}', ['/card'], '{"a":2}'],
    ['{"card":1}', ['/card'], '{}'],
    ['{"x":0,"a":1 , "b":2}', ['/a', '/b'], '{"x":0  }'],
    ['{"a":1,"b":2}', ['/b', '/a'], '{}'],
    ['[1,[2,3],4]', ['/1/0', '/2'], '[1,[3]]'],
    ['{"a":{"b":1,"c":2},"d":3}', ['/a', '/a/b'], '{"d":3}'],
    ['{"a\\u0062":1,"c":2}', ['/ab'], '{"c":2}'],
    ['{"a":1}', ['/b', '/a/c', ''], undefined],
  ];
  for (const [text, out, left] of cases) {
    const got = strip(bytesOf(text), out);
    assert.equal(got === undefined ? undefined : textOf(got.bytes), left, text);
  }
});
