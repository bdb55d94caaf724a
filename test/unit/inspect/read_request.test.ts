import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EDIT_KINDS } from '../../../src/core/body/repair_edit.ts';
import { POINTER_RECORDED_MAX } from '../../../src/core/contract/body_facts.ts';
import { readRequest } from '../../../src/inspect/read_request.ts';
import { bytesOf, CHAT, deskOf, hashOf, type JobParts, jobOf, textOf } from './inspect_world.ts';

const REFUND = {
  type: 'object',
  properties: { amount: { type: 'number', multipleOf: 0.01, maximum: 100 } },
  required: ['amount'],
  additionalProperties: false,
};
const A = hashOf('a');

const facts = (body: string, parts?: JobParts, texts = {}) =>
  readRequest(jobOf(body, parts), deskOf(texts)).facts;

test('a body that honours its schema, and one that does not', () => {
  const demands = { schemas: [A] };
  assert.deepEqual(facts('{"amount": 19.99}', { demands }, { a: REFUND }), {
    state: 'complete',
    bytes: 17,
    format: 'json',
    schemas: [{ schema_hash: A, is_valid: true }],
  });
  const broken = facts('{"amount": 19.999}', { demands }, { a: REFUND });
  assert.deepEqual(broken.schemas, [
    { schema_hash: A, is_valid: false, pointer: '/amount', keyword: 'multipleOf' },
  ]);
});

test('a schema that is not at hand has no fact', () => {
  assert.equal(facts('{}', { demands: { schemas: [A] } }).schemas, undefined);
});

test('strict JSON is not all JSON', () => {
  assert.deepEqual(facts('{"amount": 1, "amount": 2}').problem, {
    code: 'DUPLICATE_KEY',
    pointer: '/amount',
    offset: 14,
  });
  assert.equal(facts('{"__proto__": 1}').problem?.code, 'FORBIDDEN_KEY');
  assert.equal(facts('{"a": 1} {"a": 2}').problem?.code, 'TRAILING_DATA');
  assert.equal(facts('{"a": ').problem?.code, 'TRUNCATED');
});

test('a pointer is cut where a record could not hold it', () => {
  const long = 'n'.repeat(POINTER_RECORDED_MAX - 1);
  const problem = facts(`{"${long}": {"${long}": [01]}}`).problem;
  assert.equal(problem?.pointer, `/${long}`);
  assert.equal(facts('{"a\\u0001b": [01]}').problem?.pointer, '');
});

/** The table of docs/spec/inspection.md: type, what is asked, what comes of it. */
const TYPES: readonly [type: string, format: 'json' | 'json_lines' | 'any', outcome: string][] = [
  ['application/json', 'json', 'json'],
  ['Application/JSON; charset=utf-8', 'json', 'json'],
  ['application/json; charset="UTF-8"', 'json', 'json'],
  ['application/problem+json', 'json', 'json'],
  ['application/json; charset=utf-16', 'json', 'CHARSET_REFUSED'],
  ['application/json; charset=utf-16', 'any', 'CHARSET_REFUSED'],
  ['application/json; charset=utf-8; charset=utf-7', 'json', 'CHARSET_REFUSED'],
  ['application/json; charset=utf-8, text/plain', 'json', 'CONTENT_TYPE_MISMATCH'],
  ['application/json, text/plain', 'any', 'CONTENT_TYPE_MISMATCH'],
  ['application/json;charset="utf', 'json', 'CONTENT_TYPE_MISMATCH'],
  ['text/plain', 'json', 'CONTENT_TYPE_MISMATCH'],
  ['text/plain', 'any', 'json'],
  ['multipart/form-data; boundary=x', 'json', 'CONTENT_TYPE_MISMATCH'],
  ['multipart/form-data; boundary=x', 'any', 'json'],
  ['', 'json', 'CONTENT_TYPE_MISMATCH'],
  ['', 'any', 'json'],
  ['application/x-ndjson', 'json_lines', 'json_lines'],
  ['application/x-ndjson', 'json', 'CONTENT_TYPE_MISMATCH'],
  ['application/json', 'json_lines', 'CONTENT_TYPE_MISMATCH'],
];

for (const [type, format, outcome] of TYPES) {
  test(`content-type ${type === '' ? 'missing' : type} where ${format} is asked: ${outcome}`, () => {
    const found = facts('{"a": 1}', { type, demands: { format } });
    assert.equal(found.problem?.code ?? found.format, outcome);
  });
}

test('two content-types are none, and any encoding is refused, whatever is asked', () => {
  const type = { name: 'content-type', value: 'application/json' };
  for (const format of ['json', 'any'] as const) {
    const twice = facts('{}', { headers: [type, type], demands: { format } });
    assert.equal(twice.problem?.code, 'CONTENT_TYPE_MISMATCH');
    for (const value of ['gzip', 'identity, gzip', 'br', '']) {
      const encoded = facts('{}', {
        headers: [type, { name: 'content-encoding', value }],
        demands: { format },
      });
      assert.equal(encoded.problem?.code, 'ENCODING_REFUSED', value);
    }
  }
  const identity = [type, { name: 'content-encoding', value: 'Identity' }];
  assert.equal(facts('{}', { headers: identity }).problem, undefined);
});

test('no body is no JSON, and honours nothing', () => {
  assert.deepEqual(facts('', { demands: { schemas: [A] } }, { a: true }), {
    state: 'complete',
    bytes: 0,
    format: 'none',
    schemas: [{ schema_hash: A, is_valid: false }],
  });
});

test('a body beyond the limit is refused, or its beginning alone is read', () => {
  const body = `{"a": "${'x'.repeat(100)}"}`;
  const max_bytes = 50;
  for (const on_oversize of ['deny', 'stream'] as const)
    assert.deepEqual(facts(body, { demands: { max_bytes, on_oversize } }).problem, {
      code: 'BODY_TOO_LARGE',
      offset: 50,
    });
  const demands = { max_bytes, on_oversize: 'scan_prefix', schemas: [A] } as const;
  assert.deepEqual(facts(body, { demands }, { a: true }), { state: 'streamed', bytes: 0, format: 'json' });
  const bad = facts(`{"a": 01, "b": "${'x'.repeat(100)}"}`, { demands });
  assert.equal(bad.problem?.code, 'NUMBER_SYNTAX');
});

test('repair changes how a text is written, and what goes on is what was judged', () => {
  const demands = { schemas: [A], repair: EDIT_KINDS };
  const body = "```json\n{'amount': 5,}\n```";
  const { facts: found, replacement } = readRequest(jobOf(body, { demands }), deskOf({ a: REFUND }));
  assert.equal(textOf(replacement), '{"amount": 5}\n');
  assert.equal(found.bytes, body.length);
  assert.equal(found.repair?.bytes, replacement?.length);
  assert.deepEqual(found.schemas, [{ schema_hash: A, is_valid: true }]);
  const kinds = found.repair?.edits.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['code_fence', 'single_quotes', 'single_quotes', 'trailing_comma', 'code_fence']);
});

test('a repaired text that breaks its schema is told as such', () => {
  const demands = { schemas: [A], repair: EDIT_KINDS };
  const found = facts("{'amount': 500,}", { demands }, { a: REFUND });
  assert.deepEqual(found.schemas, [
    { schema_hash: A, is_valid: false, pointer: '/amount', keyword: 'maximum' },
  ]);
});

test('repair makes only the edits that are allowed, and none where nobody asked', () => {
  assert.equal(
    facts("{'a': 1,}", { demands: { repair: ['trailing_comma'] } }).problem?.code,
    'UNEXPECTED_BYTE',
  );
  assert.equal(facts('{"a": 1,}').problem?.code, 'UNEXPECTED_BYTE');
  assert.equal(facts('{"a": 1,}', { demands: { repair: ['trailing_comma'] } }).problem, undefined);
});

test('a value that needs too much memory is refused, repaired or not', () => {
  const body = `[${'[],'.repeat(3_000_000)}[]]`;
  const job = jobOf(body, { demands: { max_bytes: 16_777_216, repair: EDIT_KINDS } });
  const code = readRequest(job, deskOf()).facts.problem?.code;
  assert.ok(code === 'TOO_MANY_ELEMENTS' || code === 'REPAIR_TOO_BIG', `refused as ${code}`);
});

const ask = (body: string, schemas = {}, demands = {}) =>
  readRequest(
    jobOf(body, { request: CHAT, demands: { ask_usage: true, ai: true, ...demands } }),
    deskOf(schemas),
  );
const CALL = '"model":"gpt-4o","messages":[{"role":"user","content":"}"}],"max_tokens":5,"stream":true';

test('usage is asked for by one member, wherever it belongs', () => {
  const cases: readonly [before: string, after: string][] = [
    [`{${CALL}}`, `{${CALL},"stream_options":{"include_usage":true}}`],
    [`{${CALL} }\n`, `{${CALL} ,"stream_options":{"include_usage":true}}\n`],
    [`{"stream_options":{ },${CALL}}`, `{"stream_options":{ "include_usage":true},${CALL}}`],
    [`{"stream_options":null,${CALL}}`, `{"stream_options":{"include_usage":true},${CALL}}`],
    [
      `{"stream_options":{"x":[{"include_usage":0}]},${CALL}}`,
      `{"stream_options":{"x":[{"include_usage":0}],"include_usage":true},${CALL}}`,
    ],
    [
      `{"stream_options":{"include_usage":false},${CALL}}`,
      `{"stream_options":{"include_usage":true},${CALL}}`,
    ],
  ];
  for (const [before, after] of cases) {
    const { facts: found, replacement } = ask(before);
    assert.equal(textOf(replacement), after);
    assert.equal(found.repair?.edits.length, 1);
    const [edit] = found.repair?.edits ?? [];
    assert.equal(edit?.kind, 'usage_asked');
    assert.equal(before.length + (edit?.inserted ?? 0) - (edit?.removed ?? 0), after.length);
    assert.equal(before.slice(0, edit?.offset), after.slice(0, edit?.offset));
    assert.equal(found.bytes, before.length);
  }
});

test('usage is not asked for where it is told anyway, or where nobody allowed it', () => {
  const told = `{"stream_options":{"include_usage":true},${CALL}}`;
  assert.equal(ask(told).replacement, undefined);
  assert.equal(ask(`{${CALL.replace('true', 'false')}}`).replacement, undefined);
  assert.equal(ask(`{${CALL}}`, {}, { ask_usage: undefined }).replacement, undefined);
});

test('a question that would break the contract of the text is not asked', () => {
  const strict = { type: 'object', propertyNames: { enum: ['model', 'messages', 'max_tokens', 'stream'] } };
  const { facts: found, replacement } = ask(`{${CALL}}`, { a: strict }, { schemas: [A] });
  assert.equal(replacement, undefined);
  assert.deepEqual(found.schemas, [{ schema_hash: A, is_valid: true }]);
});

test('a repaired call asks at the right place of the text that came', () => {
  const body = `// hello\n{${CALL},}`;
  const { facts: found, replacement } = ask(body, {}, { repair: EDIT_KINDS });
  const text = textOf(replacement);
  assert.deepEqual(JSON.parse(text).stream_options, { include_usage: true });
  const last = found.repair?.edits.at(-1);
  assert.deepEqual([last?.kind, last?.offset], ['usage_asked', body.length - 1]);
});

test('what a call of a model is, and what it costs at most', () => {
  const { ai } = ask(`{${CALL}}`, {}, { ask_usage: undefined }).facts;
  assert.equal(ai?.kind, 'llm');
  assert.deepEqual(
    [ai?.provider, ai?.model, ai?.stream, ai?.max_output_tokens],
    ['openai', 'gpt-4o', true, 5],
  );
  const unbounded = ask('{"model":"gpt-4o","messages":[]}').facts.ai;
  assert.equal(unbounded?.price_unknown, 'OUTPUT_UNBOUNDED');
  assert.equal(unbounded?.output_rate, 10_000_000);
  assert.ok((unbounded?.input_cost_micro_usd ?? 0) > 0, 'the input has a price');
  assert.equal(ask('{"model":"nobody-knows","messages":[]}').facts.ai?.price_unknown, 'MODEL_UNLISTED');
});

test('names that no record holds make a call unknown', () => {
  const tools = (names: readonly string[]) =>
    JSON.stringify({
      model: 'gpt-4o',
      messages: [],
      tools: names.map((name) => ({ type: 'function', function: { name } })),
    });
  const reasons = [
    tools(['bad name']),
    tools(Array.from({ length: 129 }, (_, i) => `t${i}`)),
    JSON.stringify({ model: 'm'.repeat(129), messages: [] }),
    JSON.stringify({ model: 'a\u0007', messages: [] }),
  ].map((body) => ask(body).facts.ai?.unknown_reason);
  assert.deepEqual(reasons, ['FIELD_INVALID', 'TOO_MANY_TOOLS', 'FIELD_INVALID', 'FIELD_INVALID']);
  assert.deepEqual(ask(tools(['b', 'a', 'b'])).facts.ai?.tools, ['a', 'b']);
});

test('a lie about the type does not hide a call', () => {
  const lie = readRequest(
    jobOf(`{${CALL}}`, { type: 'text/plain', request: CHAT, demands: { format: 'any', ai: true } }),
    deskOf(),
  );
  assert.equal(lie.facts.ai?.kind, 'llm');
  const broken = readRequest(
    jobOf(`{${CALL}`, { type: 'text/plain', request: CHAT, demands: { format: 'any', ai: true } }),
    deskOf(),
  );
  assert.deepEqual([broken.facts.format, broken.facts.ai?.kind], ['other', 'unknown']);
});

test('records are judged one by one, each by each schema', () => {
  const type = 'application/x-ndjson';
  const demands = { format: 'json_lines', schemas: [A] } as const;
  const texts = { a: { type: 'object', required: ['id'] } };
  assert.equal(facts('{"id":1}\n\n{"id":2}', { type, demands }, texts).schemas?.[0]?.is_valid, true);
  assert.deepEqual(facts('{"id":1}\n{}\n', { type, demands }, texts).schemas, [
    { schema_hash: A, is_valid: false, pointer: '/1', keyword: 'required' },
  ]);
  assert.deepEqual(facts('{"id":1}\n{"id":01}\n', { type, demands }, texts).problem?.pointer, '/1/id');
});

test('elements of a whole body are judged like those of a streamed one', () => {
  const demands = { elements: [{ pointer: '/items', schema_hash: A }] };
  const texts = { a: { type: 'integer' } };
  assert.equal(facts('{"items": [1, 2]}', { demands }, texts).schemas?.[0]?.is_valid, true);
  assert.equal(facts('{"items": [1, "2"]}', { demands }, texts).schemas?.[0]?.pointer, '/items/1');
  assert.equal(facts('{"other": []}', { demands }, texts).schemas?.[0]?.is_valid, false);
});

test('members that bodies may name as they like mislead no schema', () => {
  const demands = { schemas: [A] };
  const is = (body: string, schema: object) => facts(body, { demands }, { a: schema }).schemas?.[0]?.is_valid;
  assert.equal(is('{}', { required: ['constructor'] }), false);
  assert.equal(is('{"valueOf": 1, "toString": 2}', { const: { a: 1 } }), false);
  assert.equal(is('{"x": {"constructor": 1}}', { properties: { x: { enum: [{ constructor: 1 }] } } }), true);
});

test('bytes that are no text are no JSON', () => {
  const bytes = new Uint8Array([0x22, 0xff, 0x22]);
  assert.equal(readRequest(jobOf(bytes), deskOf()).facts.problem?.code, 'NOT_UTF8');
  assert.equal(readRequest(jobOf(bytesOf('\ufeff{}')), deskOf()).facts.problem?.code, 'BOM');
});
