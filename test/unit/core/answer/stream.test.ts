import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PRICES_DIGEST } from '../../../../src/core/ai/prices.ts';
import type { ResponseDemands } from '../../../../src/core/contract/demands.ts';
import { MODELS, type Model } from './models.ts';
import { naiveEnds, naiveMarks } from './naive_marks.ts';
import { bytesOf, cutsOf, jobOf, run, sha, singles, textOf } from './scripts.ts';

const SSE = 'text/event-stream';
const watched = (demands: Partial<ResponseDemands> = {}) =>
  jobOf({ type: SSE, demands: { notarize: true, ...demands } });
const held = (demands: Partial<ResponseDemands> = {}) => watched({ schemas: ['sha256:flat'], ...demands });

const LINE = fc.constantFrom(
  'data: {"a":1}',
  'data:{}',
  'data',
  'event: x',
  ': ping',
  'id: 1\0',
  'retry: 5',
  'other',
  '',
  '',
  '\ufeffdata: {}',
  'data: \0',
);
const STREAM = fc
  .array(fc.tuple(LINE, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 })
  .chain((lines) => {
    const bytes = bytesOf(lines.flat().join(''));
    return fc.record({ bytes: fc.constant(bytes), pieces: cutsOf(bytes) });
  });

test('any bytes pass as they came, with the same facts for any pieces', () => {
  fc.assert(
    fc.property(
      fc
        .uint8Array({ maxLength: 300 })
        .chain((bytes) => fc.record({ bytes: fc.constant(bytes), pieces: cutsOf(bytes) })),
      ({ bytes, pieces }) => {
        const got = run(watched(), pieces);
        assert.deepEqual(Buffer.from(got.forward), Buffer.from(bytes));
        assert.deepEqual(got.facts, run(watched(), [bytes]).facts);
        assert.deepEqual(got.facts, run(watched(), [...singles(bytes), bytesOf('')]).facts);
      },
    ),
  );
});

test('events end where a naive reader says, and are counted so', () => {
  fc.assert(
    fc.property(STREAM, ({ bytes, pieces }) => {
      const ends = naiveEnds(bytes);
      const got = run(watched(), pieces);
      assert.deepEqual(got.forward.length, bytes.length);
      const digest = sha(bytes);
      const counts = {
        bytes_in: bytes.length,
        bytes_out: bytes.length,
        digest_in: digest,
        digest_out: digest,
      };
      const events = ends.length === 0 ? {} : { events: ends.length };
      assert.deepEqual(got.facts, [
        { part: 'response', state: 'complete', index: 0, format: 'sse', ...counts, ...events },
      ]);
    }),
  );
});

test('what is held back and released is the same for any pieces', () => {
  fc.assert(
    fc.property(STREAM, ({ bytes, pieces }) => {
      const got = run(held(), pieces);
      const whole = run(held(), [bytes]);
      assert.deepEqual(
        [got.facts, got.end, textOf(got.forward)],
        [whole.facts, whole.end, textOf(whole.forward)],
      );
      if (got.end === 'complete') assert.deepEqual(Buffer.from(got.forward), Buffer.from(bytes));
    }),
    { numRuns: 300 },
  );
});

test('every 256 events a mark says what passed until then, however the stream is cut', () => {
  const bytes = bytesOf(
    Array.from({ length: 600 }, (_, i) => `id: ${i}\r\ndata: {"n":${i}}\r\n\r\n: ping\n`).join(''),
  );
  const marks = naiveMarks(bytes);
  assert.equal(marks.length, 2);
  for (const pieces of [[bytes], singles(bytes), [bytes.subarray(0, 9_999), bytes.subarray(9_999)]]) {
    assert.deepEqual(run(watched(), pieces).facts.slice(0, -1), marks);
    assert.deepEqual(
      run(held(), pieces).facts.slice(0, -1),
      marks.map((mark) => ({ ...mark })),
    );
  }
  assert.equal(
    run(watched({ notarize: undefined } as never), [bytes]).facts.length,
    1,
    'marks that nobody asked for',
  );
});

test('a mark stands behind the first event after five seconds, and marks are bounded', () => {
  const event = 'data: 1\n\n';
  const times = [0, 4_999, 5_000, 5_001, 9_999, 10_000];
  const got = run(watched(), [...times.map(() => event)], { clock: (i) => times[i] ?? 0 });
  assert.deepEqual(
    got.facts.map(({ state, events }) => `${state} ${events}`),
    ['mark 3', 'mark 6', 'complete 6'],
  );
  const many = run(watched({ max_bytes: 10_000_000 }), [event.repeat(256 * 1_100)]);
  assert.deepEqual(
    [many.facts.length, many.facts.at(-1)?.index, many.facts.at(-1)?.events],
    [1_025, 1_024, 281_600],
  );
});

test('an abort says who ended it, and what had come and gone until then', () => {
  for (const by of ['client', 'upstream'] as const) {
    const got = run(held(), ['data: {}\n\nda'], { abort: by });
    assert.deepEqual(got.facts.at(-1)?.state, `${by}_abort`);
    assert.deepEqual([got.facts.at(-1)?.bytes_in, got.facts.at(-1)?.bytes_out], [12, 10]);
    assert.deepEqual(
      [got.facts.at(-1)?.digest_in, got.facts.at(-1)?.digest_out],
      [sha('data: {}\n\nda'), sha('data: {}\n\n')],
    );
  }
});

test('an event that breaks its schema is cut off, and the notice stands between two events', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const good = `data: {"a":1}${end}${end}`;
    const bytes = bytesOf(`${good}data: {"bad":1,${end}data: "secret":1}${end}${end}data: {}${end}${end}`);
    for (const pieces of [[bytes], singles(bytes)]) {
      const got = run(held(), pieces);
      const text = textOf(got.forward);
      assert.ok(text.startsWith(good) && !text.includes('secret'), text);
      const notice = text.slice(good.length);
      assert.match(notice, end === '\r' ? /^\nevent: error\ndata: / : /^event: error\ndata: /);
      assert.ok(notice.endsWith('\n\n') && notice.includes('"receipt_id":"rid-1"'), notice);
      const last = got.facts.at(-1);
      assert.deepEqual(
        [last?.state, last?.problem],
        ['policy_cut', { code: 'ANSWER_SCHEMA', pointer: '/bad' }],
      );
      assert.deepEqual([last?.bytes_out, last?.digest_out], [got.forward.length, sha(got.forward)]);
      const upTo = bytes.subarray(0, last?.bytes_in);
      assert.equal(last?.digest_in, sha(upTo));
    }
  }
});

test('a stream of JSON-RPC is cut with an error for the request', () => {
  const job = jobOf({ type: SSE, ai: { kind: 'mcp' }, rpc_id: 7, demands: { schemas: ['sha256:flat'] } });
  const [, json = ''] =
    /^event: message\ndata: (.*)\n\n$/.exec(textOf(run(job, ['data: {"bad":1}\n\n']).forward)) ?? [];
  const { id, error } = JSON.parse(json);
  assert.deepEqual(
    [id, error.data],
    [7, { code: 'policy_cut', reason: 'ANSWER_SCHEMA', receipt_id: 'rid-1' }],
  );
});

test('lines of JSON are cut with a line that says error', () => {
  const job = jobOf({ type: 'application/x-ndjson', demands: { schemas: ['sha256:flat'] } });
  for (const pieces of [['{"a":1}\n{"bad":1}\n{}\n'], singles(bytesOf('{"a":1}\n{"bad":1}'))]) {
    const [first, second = '', third] = textOf(run(job, pieces).forward).split('\n');
    assert.deepEqual([first, third], ['{"a":1}', '']);
    assert.match(JSON.parse(second).error, /ANSWER_SCHEMA/);
  }
});

const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['JSON that is none', 'data: {"a":}\n\n', 'UNEXPECTED_BYTE'],
  ['a duplicate key', 'data: {"a":1,"a":2}\n\n', 'DUPLICATE_KEY'],
  ['a NUL', 'data: {"a":"\0"}\n\n', 'CONTROL_IN_STRING'],
  ['__proto__', 'data: {"__proto__":{}}\n\n', 'FORBIDDEN_KEY'],
  ['no final empty line', 'data: {"bad":1}', 'ANSWER_SCHEMA'],
  ['a BOM in front', '\ufeffdata: {"bad":1}\n\n', 'ANSWER_SCHEMA'],
  ['a line too many', `data: {}\n\n: ${'x'.repeat(1_100_000)}`, 'EVENT_TOO_BIG'],
];

for (const [about, text, code] of HOSTILE)
  test(`cut under a contract: ${about}`, () => {
    const got = run(held({ max_bytes: 10_000_000 }), [text]);
    assert.deepEqual([got.end, got.facts.at(-1)?.problem?.code], ['cut', code]);
    const alert = run(held({ max_bytes: 10_000_000, on_violation: 'alert' }), [text]);
    assert.deepEqual(
      [alert.end, textOf(alert.forward), alert.facts.at(-1)?.state],
      ['complete', text, 'complete'],
    );
    if (text.endsWith('\n\n') || code === 'EVENT_TOO_BIG')
      assert.equal(alert.facts.at(-1)?.problem?.code, code);
  });

test('a stream is cut behind its last byte that is allowed, between events with a notice, inside of one without', () => {
  const text = 'data: {}\n\ndata: {}\n\n';
  for (const [max_bytes, ends] of [
    [10, true],
    [15, false],
  ] as const)
    for (const pieces of [[text], singles(bytesOf(text))]) {
      const got = run(watched({ max_bytes }), pieces);
      assert.equal(textOf(got.forward).slice(0, max_bytes), text.slice(0, max_bytes));
      assert.equal(got.forward.length > max_bytes, ends);
      assert.deepEqual(
        [got.end, got.facts.at(-1)?.bytes_in, got.facts.at(-1)?.problem?.code],
        ['cut', max_bytes + 1, 'ANSWER_TOO_LARGE'],
      );
      const waiting = run(held({ max_bytes }), pieces);
      assert.ok(textOf(waiting.forward).startsWith('data: {}\n\nevent: error\n'), textOf(waiting.forward));
    }
});

for (const [name, model] of Object.entries(MODELS)) {
  const job = (demands: Partial<ResponseDemands> = {}) =>
    jobOf({ type: model.type, ai: model.ai, demands: { usage: true, ...demands } });
  const text = model.stream([{ text: 'hello' }, { name: 'get_time', args: '{}' }], '\n');

  test(`${name}: usage, model and calls of a stream are told`, () => {
    for (const pieces of [[text], singles(bytesOf(text))]) {
      const last = run(job(), pieces).facts.at(-1);
      assert.deepEqual([last?.usage?.input, last?.usage?.output, last?.tool_calls], [100, 10, ['get_time']]);
      assert.ok(last?.model?.startsWith(model.ai.model ?? '?'), last?.model);
    }
  });

  test(`${name}: a stream that breaks off before its end has no usage`, () => {
    const end =
      {
        chat: 'data: {"id":"c","model":"gpt-4o-2024-08-06","choices":[],"usage"',
        responses: 'event: response.completed',
        anthropic: 'event: message_stop',
        gemini: '"finishReason"',
        ollama: '"done":true',
      }[name] ?? '?';
    const half = text.slice(0, text.indexOf(end));
    assert.ok(half.length > 100, 'the end was not found');
    for (const abort of ['client', 'upstream'] as const)
      assert.equal(run(job(), [half], { abort }).facts.at(-1)?.usage, undefined);
    assert.equal(run(job(), [half]).facts.at(-1)?.usage, undefined);
    assert.equal(
      run(job({ on_violation: 'alert' }), [text], { abort: 'client' }).facts.at(-1)?.usage?.output,
      10,
    );
  });
}

test('what a stream has cost is what its last counts come to by the list of prices', () => {
  assert.equal(PRICES_DIGEST.length, 64);
  const costOf = (model: Model | undefined, more: object = {}) => {
    assert.ok(model, 'no such dialect');
    const ai = { ...model.ai, ...more };
    return run(jobOf({ type: model.type, ai, demands: { usage: true } }), [
      model.stream([{ text: 'a' }], '\n'),
    ]).facts.at(-1)?.cost_micro_usd;
  };
  const { chat, anthropic, ollama } = MODELS;
  // 100 in and 10 out: 2.50 and 10 USD, 3 and 15 USD for a million.
  assert.deepEqual([costOf(chat), costOf(anthropic)], [350, 450]);
  assert.equal(costOf(ollama), undefined);
  assert.equal(costOf(chat, { provider: 'azure_openai' }), undefined);
  assert.equal(costOf(chat, { cost_at_most_micro_usd: undefined, price_unknown: 'SURCHARGE' }), undefined);
  assert.equal(costOf(chat, { cost_at_most_micro_usd: undefined, price_unknown: 'OUTPUT_UNBOUNDED' }), 350);
});

test('runs of line ends change nothing, however they are cut', () => {
  const run_of = fc
    .array(fc.constantFrom('\n', '\r', '\r\n', 'data: {}', '{}', ' '), { maxLength: 40 })
    .map((parts) => bytesOf(parts.join('')));
  const lines = jobOf({
    type: 'application/x-ndjson',
    demands: { schemas: ['sha256:flat'], notarize: true },
  });
  for (const job of [held(), lines])
    fc.assert(
      fc.property(
        run_of.chain((bytes) => fc.record({ bytes: fc.constant(bytes), pieces: cutsOf(bytes) })),
        ({ bytes, pieces }) => {
          const whole = run(job, [bytes]);
          for (const got of [run(job, pieces), run(job, [...singles(bytes), bytesOf('')])])
            assert.deepEqual(
              [got.facts, got.end, textOf(got.forward)],
              [whole.facts, whole.end, textOf(whole.forward)],
            );
        },
      ),
      { numRuns: 300 },
    );
});
