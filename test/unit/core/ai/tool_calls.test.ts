import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerStream } from '../../../../src/core/ai/answer_reader.ts';
import { ARGUMENTS_UNITS_MAX, TOOL_CALLS_MAX, ToolCalls } from '../../../../src/core/ai/tool_calls.ts';
import { parseJson } from './transcripts.ts';

/** Text cut into fragments at any place. */
const cutText = fc.tuple(fc.string(), fc.array(fc.nat(40), { maxLength: 6 })).map(([text, cuts]) => {
  const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
  return { text, fragments: places.slice(1).map((to, i) => text.slice(places[i], to)) };
});
const calls = fc.array(cutText, { minLength: 1, maxLength: 4 });

/** Fragments of several calls in any order that keeps each call's own. */
function interleaved(fragments: readonly (readonly string[])[], order: readonly number[]) {
  const rest = fragments.map((list) => [...list]);
  const picked: { index: number; fragment: string }[] = [];
  for (let i = 0; rest.some((list) => list.length > 0); i += 1) {
    const open = rest.flatMap((list, index) => (list.length > 0 ? [index] : []));
    const index = open[(order[i % order.length] ?? 0) % open.length] ?? 0;
    picked.push({ index, fragment: rest[index]?.shift() ?? '' });
  }
  return picked;
}

test('fragments make what was cut, interleaved in any way, in chunks of Chat Completions', () => {
  fc.assert(
    fc.property(calls, fc.array(fc.nat(9), { minLength: 1 }), (texts, order) => {
      const stream = new AnswerStream({ dialect: 'openai', endpoint: 'chat' }, parseJson);
      const send = (choice: object) =>
        stream.take({ data: JSON.stringify({ choices: [{ index: 0, ...choice }] }) });
      for (const index of texts.keys())
        send({ delta: { tool_calls: [{ index, id: `c${index}`, function: { name: 'f', arguments: '' } }] } });
      for (const { index, fragment } of interleaved(
        texts.map(({ fragments }) => fragments),
        order,
      ))
        send({ delta: { tool_calls: [{ index, function: { arguments: fragment } }] } });
      const whole = send({ delta: {}, finish_reason: 'tool_calls' });
      assert.deepEqual(
        whole.map((call) => call.arguments),
        texts.map(({ text }) => text),
      );
      assert.deepEqual(stream.facts.issues, []);
    }),
    { examples: [[[{ text: 'abcd', fragments: ['a', 'b', 'c', 'd'] }], [0]]] },
  );
});

test('fragments make what was cut in events of Messages and of Responses', () => {
  fc.assert(
    fc.property(cutText, ({ text, fragments }) => {
      const messages = new AnswerStream({ dialect: 'anthropic', endpoint: 'messages' }, parseJson);
      const say = (type: string, more: object) =>
        messages.take({ type, data: JSON.stringify({ type, index: 3, ...more }) });
      say('content_block_start', { content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } });
      for (const partial_json of fragments)
        say('content_block_delta', { delta: { type: 'input_json_delta', partial_json } });
      assert.deepEqual(
        say('content_block_stop', {}).map((call) => call.arguments),
        [text],
      );

      const responses = new AnswerStream({ dialect: 'openai', endpoint: 'responses' }, parseJson);
      const tell = (type: string, more: object) =>
        responses.take({
          type,
          data: JSON.stringify({ type: `response.${type}`, output_index: 1, ...more }),
        });
      tell('output_item.added', { item: { type: 'function_call', call_id: 'c', name: 'f', arguments: '' } });
      for (const delta of fragments) tell('function_call_arguments.delta', { delta });
      assert.deepEqual(
        tell('function_call_arguments.done', { arguments: text }).map((call) => call.arguments),
        [text],
      );
      tell('output_item.done', { item: { type: 'function_call', call_id: 'c', name: 'f', arguments: text } });
      assert.deepEqual(responses.facts.issues, []);
      tell('output_item.done', {
        item: { type: 'function_call', call_id: 'c', name: 'f', arguments: `${text}!` },
      });
      assert.deepEqual(responses.facts.issues, ['ARGUMENTS_DISAGREE']);
    }),
  );
});

test('what cannot be put together is told', () => {
  const issues = (act: (made: ToolCalls) => void) => {
    const made = new ToolCalls();
    made.begin('a', { id: '1', name: 'f' });
    act(made);
    return made.issues;
  };
  assert.deepEqual(
    issues((made) => made.append('a', '{}')),
    [],
  );
  assert.deepEqual(
    issues((made) => made.append('b', '{}')),
    ['FRAGMENT_ORPHAN'],
  );
  assert.deepEqual(
    issues((made) => made.end('b')),
    ['FRAGMENT_ORPHAN'],
  );
  assert.deepEqual(
    issues((made) => [made.end('a'), made.append('a', '1')]),
    ['FRAGMENT_ORPHAN'],
  );
  assert.deepEqual(
    issues((made) => made.begin('a', { id: '1', name: 'f' })),
    [],
  );
  assert.deepEqual(
    issues((made) => made.begin('a', { id: '2' })),
    ['CALL_CHANGED'],
  );
  assert.deepEqual(
    issues((made) => made.begin('a', { name: 'g' })),
    ['CALL_CHANGED'],
  );
  assert.deepEqual(
    issues((made) => [made.append('a', '{'), made.end('a', '{}')]),
    ['ARGUMENTS_DISAGREE'],
  );
});

test('calls and their arguments are bounded', () => {
  const many = new ToolCalls();
  for (let i = 0; i <= TOOL_CALLS_MAX; i += 1) many.begin(`${i}`, { name: 'f' });
  assert.deepEqual(many.issues, ['TOO_MANY_CALLS']);
  const big = new ToolCalls();
  big.begin('a', { name: 'f' });
  big.append('a', 'x'.repeat(ARGUMENTS_UNITS_MAX));
  assert.deepEqual(big.issues, []);
  big.append('a', 'x');
  big.end('a');
  assert.deepEqual(big.issues, ['ARGUMENTS_TOO_BIG']);
  assert.equal(big.done[0]?.arguments.length, ARGUMENTS_UNITS_MAX);
});

test('a stream that breaks off is not complete, and its open calls are no calls', () => {
  const stream = new AnswerStream({ dialect: 'anthropic', endpoint: 'messages' }, parseJson);
  const start = {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'tool_use', id: 't', name: 'f' },
  };
  stream.take({ type: start.type, data: JSON.stringify(start) });
  assert.deepEqual(stream.facts.tool_calls, []);
  stream.take({ type: 'message_stop', data: '{"type":"message_stop"}' });
  assert.equal(stream.facts.is_complete, false);
});

test('events that no client would read in the same way are told', () => {
  const issues = (
    dialect: 'openai' | 'anthropic' | 'gemini',
    endpoint: 'chat' | 'responses' | 'messages' | 'generate',
    events: readonly object[],
  ) => {
    const stream = new AnswerStream({ dialect, endpoint }, parseJson);
    for (const event of events) stream.take(event as { data: string });
    return stream.facts.issues;
  };
  const chunk = JSON.stringify({ choices: [] });
  assert.deepEqual(issues('openai', 'chat', [{ data: '{' }]), ['EVENT_UNREADABLE']);
  assert.deepEqual(issues('openai', 'chat', [{ data: '[]' }]), ['EVENT_UNREADABLE']);
  assert.deepEqual(issues('openai', 'chat', [{ data: chunk, isLossy: true }]), ['EVENT_UNREADABLE']);
  assert.deepEqual(issues('openai', 'chat', [{ data: '[DONE]' }, { data: chunk }]), ['EVENT_AFTER_END']);
  assert.deepEqual(issues('anthropic', 'messages', [{ type: 'ping', data: '{"type":"message_stop"}' }]), [
    'EVENT_UNREADABLE',
  ]);
  const models = ['a', 'b'].map((model) => ({ data: JSON.stringify({ model, choices: [] }) }));
  assert.deepEqual(issues('openai', 'chat', models), ['MODEL_CHANGED']);
  const younger = { type: 'response.output_item.done', output_index: 0, item: { type: 'teleport_call' } };
  assert.deepEqual(issues('openai', 'responses', [{ data: JSON.stringify(younger) }]), ['EVENT_UNREADABLE']);
  const partial = { functionCall: { name: 'f', willContinue: true } };
  const candidate = { candidates: [{ content: { parts: [partial] } }] };
  assert.deepEqual(issues('gemini', 'generate', [{ data: JSON.stringify(candidate) }]), ['EVENT_UNREADABLE']);
});
