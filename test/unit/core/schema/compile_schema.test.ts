import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BuiltValue } from '../../../../src/core/body/value_builder.ts';
import { checkSchema } from '../../../../src/core/schema/check_schema.ts';
import { compileSchema } from '../../../../src/core/schema/compile_schema.ts';
import type { Draft } from '../../../../src/core/schema/keywords.ts';
import { isMultiple } from '../../../../src/core/schema/multiple_of.ts';
import { allDiffer, equalText } from '../../../../src/core/schema/same_value.ts';

function checkOf(schema: object | boolean, draft: Draft = '2020-12') {
  const compiled = compileSchema(draft, JSON.stringify(schema));
  if (!compiled.ok) throw new Error(compiled.problem.message);
  return compiled.value.check;
}

const REFUSED: readonly [why: string, schema: unknown, pointer: string, message: RegExp, draft?: Draft][] = [
  [
    'a keyword that nobody knows',
    { properties: { a: { requierd: ['x'] } } },
    '/properties/a/requierd',
    /no such keyword/,
  ],
  ['a keyword of another draft', { prefixItems: [] }, '/prefixItems', /no such keyword/, 'draft-07'],
  ['a keyword of an extension', { $async: true }, '/$async', /no such keyword/],
  ['nullable', { type: 'string', nullable: true }, '/nullable', /no such keyword/],
  ['a format that nobody checks', { format: 'iban' }, '', /unknown format/],
  ['contents', { contentMediaType: 'application/json' }, '/contentMediaType', /not looked at/],
  ['a pattern of exponential form', { pattern: '(a)\\1' }, '/pattern', /refers back/],
  [
    'a name pattern that looks ahead',
    { patternProperties: { '^(?=a)': true } },
    '/patternProperties/^(?=a)',
    /ahead/,
  ],
  ['a reference that leaves', { $ref: 'https://example.com/x' }, '', /can't resolve/],
  ['a reference to nothing', { $ref: '#/$defs/x' }, '', /can't resolve/],
  ['a reference to itself', { $ref: '#' }, '', /without end/],
  [
    'what draft-07 passes over',
    { $ref: '#/definitions/a', minLength: 1, definitions: { a: {} } },
    '',
    /passes over/,
    'draft-07',
  ],
  ['then without if', '{"then": {"type": "string"}}', '/then', /without if/],
  ['another draft', { $schema: 'http://json-schema.org/draft-04/schema#' }, '/$schema', /another draft/],
  ['a type that is none', { type: 'text' }, '/type', /no schema of draft/],
  ['a list', [], '', /object, true or false/],
  ['a member twice', '{"type": "string", "type": "number"}', '/type', /DUPLICATE_KEY/],
  ['no JSON', '{"type": ', '/type', /TRUNCATED/],
];

for (const [why, schema, pointer, message, draft = '2020-12'] of REFUSED) {
  test(`refused when a policy is loaded: ${why}`, () => {
    const checked = checkSchema(draft, typeof schema === 'string' ? schema : JSON.stringify(schema));
    assert.equal(checked.ok, false);
    if (checked.ok) return;
    assert.match(checked.problem.message, message);
    assert.equal(checked.problem.pointer, pointer);
  });
}

test('names of keywords are names elsewhere', () => {
  const schema = {
    properties: { requierd: {}, unevaluatedItems: {} },
    const: { nullable: 1 },
    default: { $async: 1 },
    enum: [{ format: 'x' }],
  };
  assert.equal(checkSchema('2020-12', JSON.stringify(schema)).ok, true);
});

test('the first mistake is told by pointer and keyword', () => {
  const cases: readonly [schema: object, value: BuiltValue, pointer: string, keyword: string][] = [
    [{ properties: { 'a/b': { type: 'string' } } }, { 'a/b': 1 }, '/a~1b', 'type'],
    [{ anyOf: [{ type: 'string' }, { type: 'boolean' }] }, 1, '', 'anyOf'],
    [JSON.parse('{"if": {"type": "object"}, "then": {"required": ["a"]}}'), {}, '', 'required'],
    [{ propertyNames: { pattern: '^a' } }, { b: 1 }, '', 'pattern'],
    [{ items: { enum: [1, 2] } }, [1, 3], '/1', 'enum'],
    [{ uniqueItems: true }, [1, 1], '', 'uniqueItems'],
  ];
  for (const [schema, value, pointer, keyword] of cases)
    assert.deepEqual(checkOf(schema)(value), { pointer, keyword }, JSON.stringify(schema));
});

test('a fault while checking is a mistake, never a pass', () => {
  let deep: BuiltValue = 0;
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  assert.deepEqual(checkOf({ items: { $ref: '#' } })(deep), { pointer: '', keyword: 'fault' });
});

test('multiples are those of decimal digits', () => {
  assert.equal(checkOf({ multipleOf: 0.01 })(19.99), undefined);
  assert.equal(checkOf({ multipleOf: 0.01 })(19.999)?.keyword, 'multipleOf');
  fc.assert(
    fc.property(
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.nat(4),
      (a, b, places) => {
        const [value, divisor] = [a, b].map((one) => Number(`${one}e-${places}`));
        assert.equal(isMultiple(value ?? 0, divisor ?? 1), a % b === 0);
      },
    ),
  );
  assert.equal(isMultiple(1e308, 1e-308), true);
  assert.equal(isMultiple(1e-7, 1), false);
});

test('items are told apart in one pass, however many they are', () => {
  const items = Array.from({ length: 200_000 }, (_, i) => ({ a: [i, { b: String(i) }] }));
  let reads = 0;
  const counted = new Proxy(items, {
    get: (target, name, receiver) => {
      reads += 1;
      return Reflect.get(target, name, receiver);
    },
  });
  assert.equal(allDiffer(counted), true);
  assert.ok(reads < 3 * items.length, `${reads} reads for ${items.length} items`);
  assert.equal(allDiffer([...items, { a: [5, { b: '5' }] }]), false);
});

test('two values have one text exactly when they are equal', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [left, right] = [a, b].map((one) => JSON.parse(JSON.stringify(one)) as BuiltValue);
      let isEqual = true;
      try {
        assert.deepStrictEqual(left, right);
      } catch {
        isEqual = false;
      }
      assert.equal(equalText(left ?? null) === equalText(right ?? null), isEqual);
    }),
  );
  assert.equal(equalText({ a: 1, b: -0 }), equalText({ b: 0, a: 1.0 }));
});

/** Two kinds of a node that have the same children: whoever tries one after the other looks at them twice, at every level. */
const TWICE = {
  $defs: {
    node: {
      anyOf: [
        { type: 'array', items: { $ref: '#/$defs/node' } },
        { type: 'array', items: { $ref: '#/$defs/node' }, maxItems: 1 },
        { type: 'integer' },
      ],
    },
  },
  $ref: '#/$defs/node',
};

function nested(levels: number, inner: BuiltValue): BuiltValue {
  return Array.from({ length: levels }).reduce<BuiltValue>((value) => [value], inner);
}

test('a schema that looks at everything twice, level by level, comes to its end', () => {
  const check = checkOf(TWICE);
  assert.equal(check(nested(8, 7)), undefined);
  assert.equal(check(nested(8, 'x'))?.keyword, 'anyOf');
  assert.deepEqual(check(nested(17, 'x')), { pointer: '', keyword: 'fault' });
  assert.equal(check(nested(8, 'x'))?.keyword, 'anyOf', 'the next one is counted from the start');
  assert.deepEqual(check(nested(12, [...Array.from({ length: 10_000 }, () => 1), 'x'])), {
    pointer: '',
    keyword: 'fault',
  });
});

test('references that double without any value are refused when they are compiled', () => {
  const names = Array.from({ length: 40 }, (_, i) => `d${i}`);
  const $defs = Object.fromEntries(
    names.map((name, i) => [name, { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] }]),
  );
  const schema = { $defs: { ...$defs, d40: { type: 'integer' } }, properties: { a: { $ref: '#/$defs/d0' } } };
  const check = checkOf(schema);
  assert.deepEqual(check({ a: 1 }), { pointer: '', keyword: 'fault' });
  const refused = compileSchema('2020-12', JSON.stringify({ $defs: schema.$defs, $ref: '#/$defs/d0' }));
  assert.ok(!refused.ok && /too often/.test(refused.problem.message), 'the schema is taken');
});

test('a large value is looked at as often as it is large', () => {
  const check = checkOf({
    type: 'array',
    items: {
      anyOf: [
        { type: 'null' },
        { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } } },
      ],
    },
  });
  assert.equal(check(Array.from({ length: 100_000 }, (_, a) => ({ a, b: 'x' }))), undefined);
});

test('a pattern that each character takes through all of its states comes to its end', () => {
  const check = checkOf({ type: 'array', items: { pattern: 'a[ab]{400}c' } });
  let seed = 1;
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % 2 === 0 ? 'a' : 'b';
  };
  const found = `a${'b'.repeat(400)}c`;
  const slow = `${Array.from({ length: 60_000 }, next).join('')}${found}`;
  assert.equal(check([slow]), undefined, 'a text of sixty thousand');
  assert.deepEqual(check(Array.from({ length: 10 }, () => slow)), { pointer: '', keyword: 'fault' });
  assert.equal(check([found]), undefined, 'the next one is counted from the start');
});
