import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openAnswer } from '../../../../src/core/answer/open_answer.ts';
import { MODELS, type Model, type Said } from './models.ts';
import { bytesOf, cutsOf, jobOf, PARTS, run, singles, textOf } from './scripts.ts';

const SAID = fc.array(
  fc.oneof(
    fc.record({ text: fc.string({ maxLength: 12 }) }),
    fc.constantFrom<Said>(
      { name: 'get_time', args: '{"zone":"allowed-args"}' },
      { name: 'get_news', args: '{}' },
    ),
  ),
  { maxLength: 6 },
);
const DENIED: Said = { name: 'wipe_disk', args: '{"path":"secret-args"}' };
const END = fc.constantFrom('\n', '\r\n', '\r');
const RULES = [{ deny: ['wipe_disk', 'other'] }, { allow: ['get_time', 'get_news'] }];

const jobFor = (model: Model, tool_calls: object, more: object = {}) =>
  jobOf({ type: model.type, ai: model.ai, demands: { tool_calls, notarize: true, usage: true, ...more } });

for (const [name, model] of Object.entries(MODELS)) {
  test(`${name}: nothing of a forbidden call is ever released, however the stream is cut`, () => {
    const script = fc.record({ before: SAID, after: SAID, end: END, rule: fc.constantFrom(...RULES) });
    fc.assert(
      fc.property(
        script.chain(({ before, after, end, rule }) => {
          const bytes = bytesOf(model.stream([...before, DENIED, ...after], end));
          return fc.record({
            pieces: cutsOf(bytes),
            rule: fc.constant(rule),
            abort: fc.constantFrom(undefined, 'client' as const),
          });
        }),
        ({ pieces, rule, abort }) => {
          const got = run(jobFor(model, rule), pieces, abort === undefined ? {} : { abort });
          const text = textOf(got.forward);
          assert.ok(!/wipe_disk|secret-args|secret/.test(text), `released: ${text}`);
          const last = got.facts.at(-1);
          assert.equal(last?.state, 'policy_cut');
          assert.equal(last?.problem?.code, 'TOOL_CALL_DENIED');
          assert.ok(
            text.includes('rid-1') && text.includes('TOOL_CALL_DENIED'),
            'the cut names receipt and reason',
          );
          assert.deepEqual(last?.tool_calls?.at(-1), 'wipe_disk');
          assert.equal(got.end, 'cut');
        },
      ),
      { numRuns: 40 },
    );
  });

  test(`${name}: what is allowed goes on byte for byte, with the same facts for any pieces`, () => {
    fc.assert(
      fc.property(
        fc.record({ said: SAID, end: END, rule: fc.constantFrom(...RULES) }).chain(({ said, end, rule }) => {
          const bytes = bytesOf(model.stream(said, end));
          return fc.record({ bytes: fc.constant(bytes), pieces: cutsOf(bytes), rule: fc.constant(rule) });
        }),
        ({ bytes, pieces, rule }) => {
          const got = run(jobFor(model, rule), pieces);
          assert.deepEqual(Buffer.from(got.forward), Buffer.from(bytes));
          assert.equal(got.end, 'complete');
          assert.deepEqual(got.facts, run(jobFor(model, rule), [bytes]).facts);
          assert.deepEqual(got.facts.at(-1)?.usage?.output, 10);
        },
      ),
      { numRuns: 40 },
    );
  });

  test(`${name}: a call is held until it is whole, and text is not held`, () => {
    const calls = [{ text: 'first' }, { name: 'get_time', args: '{"zone":"allowed-args"}' }];
    const bytes = bytesOf(model.stream(calls, '\n'));
    const answer = openAnswer(jobFor(model, { allow: ['get_time'] }), PARTS);
    let seen = '';
    const got = Array.from(bytes, (byte) => {
      seen += textOf(answer.feed(Uint8Array.of(byte), false, 0).forward);
      return seen;
    });
    const withName = got.findIndex((text) => text.includes('get_time'));
    const first = got[withName] ?? '';
    // With its name, all of its arguments come.
    assert.match(
      first.replaceAll('\\"', '"').replace(/"\s*}[\s\S]*?(?:arguments|partial_json|delta)":\s*"/g, ''),
      /args/,
    );
    assert.ok(
      got.some((text) => text.includes('first') && !text.includes('get_time')),
      'text waits for the call behind it',
    );
  });

  test(`${name}: the same in an answer as a whole`, () => {
    const type = 'application/json';
    for (const rule of RULES) {
      const said = [{ text: 'a' }, { name: 'get_time', args: '{}' }];
      const bad = run(jobOf({ type, ai: model.ai, demands: { tool_calls: rule, usage: true } }), [
        model.whole([...said, DENIED]),
      ]);
      assert.deepEqual([bad.way, bad.end, bad.forward.length], ['whole', 'blocked', 0]);
      assert.equal(bad.facts.at(-1)?.problem?.code, 'TOOL_CALL_DENIED');
      const whole = model.whole(said);
      const good = run(
        jobOf({ type, ai: model.ai, demands: { tool_calls: rule, usage: true } }),
        singles(bytesOf(whole)),
      );
      assert.deepEqual([good.end, textOf(good.forward)], ['complete', whole]);
      assert.equal(good.facts.at(-1)?.usage?.output, 10);
    }
  });

  test(`${name}: an alert lets everything pass at once and says what was wrong`, () => {
    const bytes = bytesOf(model.stream([DENIED], '\n'));
    const job = jobFor(model, { deny: ['wipe_disk'] }, { on_violation: 'alert' });
    const got = run(job, singles(bytes));
    assert.deepEqual(Buffer.from(got.forward), Buffer.from(bytes));
    assert.deepEqual(
      [got.end, got.facts.at(-1)?.state, got.facts.at(-1)?.problem?.code],
      ['complete', 'complete', 'TOOL_CALL_DENIED'],
    );
    const half = bytes.subarray(0, bytes.length - 9);
    assert.deepEqual(run(job, [half], { abort: 'client' }).forward.length, half.length);
  });
}

const { chat, anthropic, responses, gemini } = MODELS as Record<string, Model>;
const call = (more: object) => JSON.stringify({ choices: [{ index: 0, delta: more }] });
const sse = (...events: string[]) => events.map((event) => `data: ${event}\n\n`).join('');
const tool = (name: string, more: object = {}) => ({
  tool_calls: [{ index: 0, id: 'a', function: { name, arguments: '{}' }, ...more }],
});

/** Each is read in another way by somebody. */
const TRICKS: readonly (readonly [string, Model | undefined, string])[] = [
  ['an event that is no JSON', chat, sse('{"choices":')],
  ['a duplicate key', chat, sse('{"choices":[],"choices":[]}')],
  ['two names', chat, sse(call(tool('get_time')), call(tool('get_news')))],
  ['a fragment of no call', chat, sse(call({ tool_calls: [{ function: { arguments: 'x' } }] }))],
  [
    'an index that is text',
    chat,
    sse(
      call(tool('get_time')),
      call({ tool_calls: [{ index: '0', function: { name: 'get_x' } }] }),
      '[DONE]',
    ),
  ],
  ['calls that are no list', chat, sse(call({ tool_calls: { '0': { index: 0, function: { name: 'x' } } } }))],
  ['another spelling', chat, sse(call({ Tool_Calls: [{ index: 0, function: { name: 'x' } }] }))],
  [
    'a message in a chunk',
    chat,
    sse('{"choices":[{"index":0,"delta":{},"message":{"tool_calls":[{"function":{"name":"x"}}]}}]}'),
  ],
  [
    'a name that is no text',
    chat,
    sse(call({ tool_calls: [{ index: 0, function: { name: ['x'] } }] }), '[DONE]'),
  ],
  ['both kinds of one call', chat, sse(call(tool('get_time', { custom: { name: 'get_news' } })))],
  ['an event behind the end', chat, sse('[DONE]', call(tool('get_time')))],
  ['a call that never ends', chat, sse(call(tool('get_time')))],
  ['bytes that are no UTF-8', chat, 'data: {"choices":[],"a":"\ufffd"}\n\n'],
  [
    'a line that is no field',
    chat,
    '{"choices":[{"message":{"tool_calls":[{"function":{"name":"x"}}]}}]}\n\n',
  ],
  [
    'a last line that is no field',
    chat,
    '{"choices":[{"message":{"tool_calls":[{"function":{"name":"x"}}]}}]}',
  ],
  ['an odd line end in a comment', chat, `: a\u2028data: ${call(tool('x'))}\u2028\n\n`],
  ['an odd line end in a type', chat, `event: a\vdata: ${call(tool('x'))}\v\ndata: {"choices":[]}\n\n`],
  ['a last event without its empty line', chat, `data: ${call(tool('x'))}`],
  [
    'a type that differs',
    anthropic,
    'event: ping\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text"}}\n\n',
  ],
  [
    'a message that begins with calls',
    anthropic,
    'event: message_start\ndata: {"type":"message_start","message":{"content":[{"type":"tool_use","name":"x"}]}}\n\n',
  ],
  [
    'a kind of call that is new',
    anthropic,
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"new_tool_use","name":"x"}}\n\n',
  ],
  [
    'a response that begins with calls',
    responses,
    sse('{"type":"response.created","response":{"output":[{"type":"function_call","name":"x"}]}}'),
  ],
  [
    'an item of a new kind',
    responses,
    sse('{"type":"response.output_item.added","output_index":0,"item":{"type":"robot_call","name":"x"}}'),
  ],
  [
    'a call in parts',
    gemini,
    sse('{"candidates":[{"content":{"parts":[{"functionCall":{"name":"get_time","willContinue":true}}]}}]}'),
  ],
  [
    'the other spelling',
    gemini,
    sse('{"candidates":[{"content":{"parts":[{"function_call":{"name":"x"}}]}}]}'),
  ],
  [
    'parts that are no list',
    gemini,
    sse('{"candidates":[{"content":{"parts":{"functionCall":{"name":"x"}}}}]}'),
  ],
];

for (const [about, model, text] of TRICKS)
  test(`cut, because it cannot be told for certain: ${about}`, () => {
    assert.ok(model, 'no such dialect');
    const raw = Buffer.from(text).toString('latin1').replaceAll('\u00ef\u00bf\u00bd', '\u00ff');
    const bytes = Buffer.from(about.includes('UTF-8') ? raw : Buffer.from(text).toString('latin1'), 'latin1');
    for (const pieces of [[bytes], singles(bytes)]) {
      const got = run(jobFor(model, { deny: ['wipe_disk'] }), pieces);
      assert.equal(got.end, 'cut');
      assert.equal(got.facts.at(-1)?.problem?.code, 'TOOL_CALL_UNREADABLE');
      assert.ok(!/"x"|get_news|"arguments":"x/.test(textOf(got.forward)), `released: ${textOf(got.forward)}`);
    }
  });

test('what waits for a call is bounded', () => {
  const begin = sse(
    call({ tool_calls: [{ index: 0, id: 'a', function: { name: 'get_time', arguments: '' } }] }),
  );
  const ping = Buffer.from(': ping\n'.repeat(150_000));
  const pieces = [Buffer.from(begin), ...Array.from({ length: 10 }, () => ping)];
  assert.ok(chat, 'no such dialect');
  const got = run(jobFor(chat, { allow: ['get_time'] }, { max_bytes: 100_000_000 }), pieces);
  assert.equal(got.facts.at(-1)?.problem?.code, 'HELD_TOO_LARGE');
  assert.equal(got.facts.at(-1)?.bytes_in, 8_388_609);
  assert.ok(!textOf(got.forward).includes('get_time'), 'the call was released');
});

test('denied names are compared without case, allowed ones with it', () => {
  assert.ok(chat, 'no such dialect');
  const said = chat.stream([{ name: 'Wipe_Disk', args: '{}' }], '\n');
  for (const rule of [{ deny: ['wipe_disk'] }, { allow: ['wipe_disk'] }])
    assert.equal(run(jobFor(chat, rule), [said]).facts.at(-1)?.problem?.code, 'TOOL_CALL_DENIED');
});

test('what waits for a call to be whole goes nowhere when the stream is cut', () => {
  assert.ok(chat, 'no such dialect');
  const bytes = bytesOf(
    chat.stream([{ text: 'first' }, { name: 'get_time', args: '{}' }, { text: 'behind' }, DENIED], '\n'),
  );
  for (const pieces of [[bytes], singles(bytes)]) {
    const text = textOf(run(jobFor(chat, { deny: ['wipe_disk'] }), pieces).forward);
    assert.ok(text.includes('first') && !/get_time|behind/.test(text), text);
    assert.match(text, /\n\nevent: error\ndata: .*\n\n$/);
  }
});

test('a stream of Gemini in the form of one document is judged as one', () => {
  assert.ok(gemini, 'no such dialect');
  const wholeOf = (said: readonly Said[]) => `[${gemini.whole([{ text: 'a' }])},${gemini.whole(said)}]`;
  const job = jobOf({
    type: 'application/json',
    ai: gemini.ai,
    demands: { tool_calls: { allow: ['get_time'] } },
  });
  const [good, bad] = [wholeOf([{ name: 'get_time', args: '' }]), wholeOf([DENIED])];
  assert.equal(textOf(run(job, [good]).forward), good);
  assert.equal(run(job, [bad]).facts.at(-1)?.problem?.code, 'TOOL_CALL_DENIED');
  const spelled = bad.replace('functionCall', 'function_call');
  assert.equal(run(job, [spelled]).facts.at(-1)?.problem?.code, 'TOOL_CALL_UNREADABLE');
});

test('what has a name and is of no kind of call is none that can be told', () => {
  const { anthropic, responses } = MODELS;
  const named = { name: 'wipe_disk', arguments: '{}' };
  const blocks = ['', 'text', 'tool-use', 'tool'].map((type) => ({ type, ...named }));
  const items = ['', 'message', 'tool_request', 'tool'].map((type) => ({ type, ...named }));
  const events = [
    ...blocks.map(
      (content_block) => [anthropic, { type: 'content_block_start', index: 0, content_block }] as const,
    ),
    ...items.map(
      (item) => [responses, { type: 'response.output_item.added', output_index: 0, item }] as const,
    ),
  ];
  for (const [model, event] of events) {
    assert.ok(model !== undefined, 'a model');
    const got = run(jobFor(model, { deny: ['wipe_disk'] }), [bytesOf(`data: ${JSON.stringify(event)}\n\n`)]);
    assert.ok(!textOf(got.forward).includes('wipe_disk'), JSON.stringify(event));
    assert.equal(got.facts.at(-1)?.problem?.code, 'TOOL_CALL_UNREADABLE', JSON.stringify(event));
  }
});
