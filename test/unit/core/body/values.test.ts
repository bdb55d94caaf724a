import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkJson } from '../../../../src/core/body/check_json.ts';
import { JSON_LIMITS, type JsonLimits } from '../../../../src/core/body/json_limits.ts';
import { JsonReader } from '../../../../src/core/body/json_reader.ts';
import { selectionOf, type Wanted } from '../../../../src/core/body/selection.ts';
import { ValueBuilder } from '../../../../src/core/body/value_builder.ts';
import { type Selected, ValueSelector } from '../../../../src/core/body/value_selector.ts';
import { jsonTexts } from './arbitrary_json.ts';

const WIDE: JsonLimits = { ...JSON_LIMITS, numbers: 'any', forbiddenKeys: [] };
const ROOM = 1_000_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(text));

function select(text: Uint8Array, wanted: readonly Wanted[], cut: number, room = ROOM) {
  const selection = selectionOf(wanted);
  assert.ok(selection.ok, 'the selection is good');
  const selected: Selected[] = [];
  const selector = new ValueSelector(selection.value, room, (one) => {
    selected.push(one);
    return undefined;
  });
  const reader = new JsonReader(WIDE, selector);
  reader.feed(text.subarray(0, cut));
  reader.feed(text.subarray(cut));
  const problem = reader.end();
  return { selected, found: [...selector.found], problem };
}

/** The value at a pointer, looked up in the whole. */
function at(value: unknown, pointer: string): unknown {
  let here = value;
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replace(/~1/g, '/').replace(/~0/g, '~');
    if (Array.isArray(here) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
    here =
      typeof here === 'object' && here !== null && Object.hasOwn(here, name)
        ? Reflect.get(here, name)
        : undefined;
  }
  return here;
}

test('a built value is what JSON.parse gives, cut at every place', () => {
  fc.assert(
    fc.property(jsonTexts, (text) => {
      const isRefused = checkJson(text, WIDE) !== undefined;
      for (let cut = 0; cut <= text.length && !isRefused; cut += 1) {
        const builder = new ValueBuilder(ROOM);
        const reader = new JsonReader(WIDE, builder);
        reader.feed(text.subarray(0, cut));
        reader.feed(text.subarray(cut));
        assert.equal(reader.end(), undefined);
        assert.deepEqual(builder.value, parse(text));
      }
    }),
  );
});

test('a built value is bounded, before a long string is read', () => {
  const builder = new ValueBuilder(200);
  const reader = new JsonReader(JSON_LIMITS, builder);
  assert.equal(reader.feed(bytes('{"a":"')), undefined);
  // 200, less three times 32 (the object, the key, the value) and the byte of the key: 103 bytes of text.
  assert.equal(reader.feed(bytes('x'.repeat(103))), undefined);
  assert.deepEqual(reader.feed(bytes('y')), { code: 'VALUE_TOO_BIG', offset: 109, pointer: '/a' });
  const many = `[${'[],'.repeat(10)}0]`;
  assert.equal(checkJson(bytes(many), JSON_LIMITS, new ValueBuilder(200))?.code, 'VALUE_TOO_BIG');
});

test('a member named __proto__ becomes a member, where limits allow it', () => {
  const builder = new ValueBuilder(ROOM);
  assert.equal(checkJson(bytes('{"__proto__":{"x":1}}'), WIDE, builder), undefined);
  assert.deepEqual(Object.keys(Object(builder.value)), ['__proto__']);
  assert.equal(Object.getPrototypeOf(builder.value), Object.prototype);
});

const pointers = fc
  .array(fc.constantFrom('a', 'b', '0', '1', '2', 'a~1b', 'm~0n', '12', ''), { maxLength: 3 })
  .map((tokens) => tokens.map((token) => `/${token}`).join(''));

test('a selected value is the one at its pointer, with its place, wherever the text is cut', () => {
  fc.assert(
    fc.property(jsonTexts, pointers, fc.boolean(), fc.nat(), (text, pointer, each, place) => {
      if (checkJson(text, WIDE) !== undefined) return;
      const { selected, found, problem } = select(text, [{ pointer, each }], place % (text.length + 1));
      const there = at(parse(text), pointer);
      assert.deepEqual(found, there === undefined ? [] : [pointer]);
      const isWrong = each && there !== undefined && !Array.isArray(there);
      assert.equal(problem?.code, isWrong ? 'NOT_AN_ARRAY' : undefined);
      if (isWrong) return;
      const expected = there === undefined ? [] : each ? (there as unknown[]) : [there];
      assert.deepEqual(
        selected.map(({ value }) => value),
        expected,
      );
      for (const [index, one] of selected.entries()) {
        assert.deepEqual(parse(text.subarray(one.offset, one.end)), one.value);
        assert.equal(one.index, each ? index : undefined);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('several values are selected in one pass', () => {
  const text = bytes('{"model":"m","n":[1,{"a":"x"},[2]],"deep":{"list":[true],"amount":12.5},"rest":"…"}');
  const wanted = [
    { pointer: '/model', each: false },
    { pointer: '/n', each: true },
    { pointer: '/deep/amount', each: false },
    { pointer: '/none', each: true },
  ];
  const { selected, found } = select(text, wanted, 9);
  assert.deepEqual(
    selected.map(({ wanted: { pointer }, index, value }) => [pointer, index, value]),
    [
      ['/model', undefined, 'm'],
      ['/n', 0, 1],
      ['/n', 1, { a: 'x' }],
      ['/n', 2, [2]],
      ['/deep/amount', undefined, 12.5],
    ],
  );
  assert.deepEqual(found, ['/model', '/n', '/deep/amount']);
});

test('each element has the whole room, and one beyond it ends the reading', () => {
  const element = JSON.stringify('e'.repeat(60));
  const fits = bytes(`[${Array.from({ length: 5_000 }, () => element).join()}]`);
  assert.equal(select(fits, [{ pointer: '', each: true }], 7, 100).selected.length, 5_000);
  const beyond = bytes(`[${element},${JSON.stringify('e'.repeat(69))},1]`);
  const { selected, problem } = select(beyond, [{ pointer: '', each: true }], 7, 100);
  assert.equal(selected.length, 1);
  assert.deepEqual(problem, { code: 'VALUE_TOO_BIG', offset: 133, pointer: '/1' });
});

test('who receives a value can refuse it', () => {
  const selection = selectionOf([{ pointer: '/a', each: true }]);
  assert.ok(selection.ok, 'the selection is good');
  const selector = new ValueSelector(selection.value, ROOM, ({ value }) =>
    value === 3 ? 'VALUE_REFUSED' : undefined,
  );
  const problem = checkJson(bytes('{"a":[1,3,2]}'), JSON_LIMITS, selector);
  assert.deepEqual(problem, { code: 'VALUE_REFUSED', offset: 8, pointer: '/a/1' });
});

test('selections that are no pointers, lie inside each other or are too many are refused', () => {
  const code = (...wanted: string[]) => {
    const result = selectionOf(wanted.map((pointer) => ({ pointer, each: false })));
    return result.ok ? 'ok' : result.problem.code;
  };
  assert.equal(code('/a', '/b/c', '/b/d'), 'ok');
  for (const bad of ['a', '/a~2', '/~', 'a/b']) assert.equal(code(bad), 'POINTER_INVALID', bad);
  assert.equal(code('/a', '/a/b'), 'POINTERS_OVERLAP');
  assert.equal(code('/a/b', '/a'), 'POINTERS_OVERLAP');
  assert.equal(code('/a', '/a'), 'POINTERS_OVERLAP');
  assert.equal(code('', '/a'), 'POINTERS_OVERLAP');
  assert.equal(code(...Array.from({ length: 257 }, (_, i) => `/${i}`)), 'TOO_MANY_POINTERS');
});
