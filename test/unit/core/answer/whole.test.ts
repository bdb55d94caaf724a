import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COPY_BYTES_MAX } from '../../../../src/core/answer/whole_answer.ts';
import type { ResponseDemands } from '../../../../src/core/contract/demands.ts';
import { MODELS } from './models.ts';
import { bytesOf, cutsOf, jobOf, run, sha, singles, textOf } from './scripts.ts';

const job = (demands: Partial<ResponseDemands> = {}) =>
  jobOf({ type: 'application/json', demands: { inspect: 'json', ...demands } });

test('nothing goes on before all of it was judged, then every byte does', () => {
  const text = ' {"a": [1, 2.50, "x"]}\n';
  const got = run(job({ schemas: ['sha256:flat'] }), singles(bytesOf(text)));
  const digest = sha(text);
  assert.deepEqual([got.way, got.end, textOf(got.forward)], ['whole', 'complete', text]);
  assert.deepEqual(got.facts, [
    {
      part: 'response',
      state: 'complete',
      index: 0,
      format: 'json',
      bytes_in: 23,
      bytes_out: 23,
      digest_in: digest,
      digest_out: digest,
    },
  ]);
  const half = run(job(), ['{"a":1'], { abort: 'upstream' });
  assert.deepEqual(
    [half.forward.length, half.facts[0]?.state, half.facts[0]?.bytes_out],
    [0, 'upstream_abort', 0],
  );
});

const BAD: readonly (readonly [string, Partial<ResponseDemands>, object])[] = [
  ['', {}, { code: 'EMPTY', pointer: '', offset: 0 }],
  ['{"a":1', {}, { code: 'TRUNCATED', pointer: '/a', offset: 6 }],
  ['data: {}\n\n', {}, { code: 'UNEXPECTED_BYTE', pointer: '', offset: 0 }],
  ['{"a":1}{}', {}, { code: 'TRAILING_DATA', pointer: '', offset: 7 }],
  ['{"a":1,"a":1}', {}, { code: 'DUPLICATE_KEY', pointer: '/a', offset: 7 }],
  ['\ufeff{}', {}, { code: 'BOM', pointer: '', offset: 0 }],
  ['{"a":9007199254740993}', {}, { code: 'NUMBER_UNSAFE_INTEGER', pointer: '/a', offset: 5 }],
  ['{"bad":1}', { schemas: ['sha256:flat'] }, { code: 'ANSWER_SCHEMA', pointer: '/bad' }],
  ['{}', { schemas: ['sha256:flat', 'sha256:no'] }, { code: 'ANSWER_SCHEMA', pointer: '' }],
  [
    '{"bad":1,"c":2}',
    { schemas: ['sha256:flat'], on_violation: 'strip', strip: ['/c'] },
    { code: 'ANSWER_SCHEMA', pointer: '/bad' },
  ],
  ['{"a":"12345"}', { max_bytes: 12 }, { code: 'ANSWER_TOO_LARGE' }],
];

for (const [text, demands, problem] of BAD)
  test(`blocked, or only told: ${text} (${JSON.stringify(demands)})`, () => {
    for (const pieces of [[text], singles(bytesOf(`${text}`)).length === 0 ? [''] : singles(bytesOf(text))]) {
      const blocked = run(job(demands), pieces);
      assert.deepEqual([blocked.end, blocked.forward.length, blocked.facts.length], ['blocked', 0, 1]);
      assert.deepEqual(
        [blocked.facts[0]?.state, blocked.facts[0]?.problem, blocked.facts[0]?.bytes_out],
        ['blocked', problem, 0],
      );
      const told = run(job({ ...demands, on_violation: 'alert' }), pieces);
      assert.deepEqual(
        [told.way, told.end, textOf(told.forward), told.facts[0]?.state],
        ['stream', 'complete', text, 'complete'],
      );
      if (demands.strip === undefined) assert.deepEqual(told.facts[0]?.problem, problem);
      assert.equal(told.facts[0]?.digest_out, sha(text));
    }
  });

test('an alert holds nothing back, not even the first byte', () => {
  fc.assert(
    fc.property(cutsOf(bytesOf('{"a":[1,2,3],"b":"x"}')), fc.boolean(), (pieces, isAborted) => {
      const got = run(job({ on_violation: 'alert' }), pieces, isAborted ? { abort: 'client' } : {});
      assert.equal(textOf(got.forward), '{"a":[1,2,3],"b":"x"}');
    }),
  );
});

test('of what passes at once no more is kept than may be judged, whatever the rule takes', () => {
  const demands = { on_violation: 'alert', inspect: 'auto', max_bytes: 1_073_741_824 } as const;
  const piece = new Uint8Array(COPY_BYTES_MAX / 4).fill(0x20);
  const fits = run(job(demands), [piece, piece, piece, bytesOf('{}')]);
  assert.deepEqual([fits.end, fits.facts[0]?.problem], ['complete', undefined]);
  const beyond = run(job(demands), [piece, piece, piece, piece, bytesOf('{}')]);
  assert.deepEqual([beyond.end, beyond.facts[0]?.problem], ['complete', { code: 'ANSWER_TOO_LARGE' }]);
  assert.equal(beyond.forward.length, 4 * piece.length + 2);
});

test('listed members are taken out, and what is left must honour the schema', () => {
  const text = '{ "bad" : 1 , "a" : {"card": "4111", "n": 2} }';
  const got = run(job({ on_violation: 'strip', strip: ['/a/card', '/bad'], schemas: ['sha256:flat'] }), [
    text,
  ]);
  const left = '{   "a" : { "n": 2} }';
  assert.deepEqual([got.end, textOf(got.forward)], ['complete', left]);
  const [facts] = got.facts;
  assert.deepEqual(
    [facts?.state, facts?.problem?.code, facts?.bytes_in, facts?.bytes_out],
    ['stripped', 'ANSWER_FIELD_LISTED', text.length, left.length],
  );
  assert.deepEqual([facts?.digest_in, facts?.digest_out], [sha(text), sha(left)]);
});

test('listed members are taken out without a schema and whatever else is asked; an alert only tells', () => {
  const text = '{"card":1,"b":2}';
  for (const on_violation of ['block', 'strip'] as const)
    assert.equal(textOf(run(job({ on_violation, strip: ['/card'] }), [text]).forward), '{"b":2}');
  const told = run(job({ on_violation: 'alert', strip: ['/card'] }), [text]);
  assert.deepEqual(
    [textOf(told.forward), told.facts[0]?.state, told.facts[0]?.problem],
    [text, 'complete', { code: 'ANSWER_FIELD_LISTED', pointer: '/card' }],
  );
  const clean = run(job({ on_violation: 'strip', strip: ['/card'] }), ['{"b":2}']);
  assert.deepEqual([clean.facts[0]?.state, clean.facts[0]?.problem], ['complete', undefined]);
});

test('usage is read of what came, not of what is left', () => {
  const { chat } = MODELS;
  assert.ok(chat, 'no such dialect');
  const demands = {
    inspect: 'json',
    on_violation: 'strip',
    strip: ['/usage', '/choices'],
    usage: true,
  } as const;
  const got = run(jobOf({ type: 'application/json', ai: chat.ai, demands }), [chat.whole([{ text: 'a' }])]);
  assert.deepEqual(
    [got.facts[0]?.usage?.input, got.facts[0]?.cost_micro_usd, got.facts[0]?.model],
    [100, 350, 'gpt-4o-2024-08-06'],
  );
  assert.ok(!textOf(got.forward).includes('usage'), 'usage was to be taken out');
});

test('names that no record can hold are cut, or left out', () => {
  const { chat } = MODELS;
  assert.ok(chat, 'no such dialect');
  const value = JSON.parse(
    chat.whole([
      { name: 'a b', args: '{}' },
      { name: 'x'.repeat(65), args: '' },
      { name: 'ok', args: '' },
    ]),
  );
  const factsOf = (model: string) =>
    run(jobOf({ type: 'application/json', ai: chat.ai, demands: {} }), [JSON.stringify({ ...value, model })])
      .facts[0];
  assert.deepEqual(factsOf('a\u0007')?.tool_calls, ['?', '?', 'ok']);
  assert.equal(factsOf('a\u0007')?.model, undefined);
  assert.equal(factsOf('\u{1f600}'.repeat(100))?.model, '\u{1f600}'.repeat(64));
  const deep = `{"${'p'.repeat(100)}":{"${'q'.repeat(100)}":{"r":01}}}`;
  assert.equal(run(job(), [deep]).facts[0]?.problem?.pointer, `/${'p'.repeat(100)}`);
});
