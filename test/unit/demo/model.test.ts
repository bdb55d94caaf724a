/** Promise: the demo model speaks as its protocols say, so that our own readers of them understand it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completion, completionEvents, mcpAnswer, readChat } from '../../../src/demo/model.ts';

const asked = (content: string, more: object = {}) => {
  const chat = readChat({ model: 'gpt-4o', messages: [{ role: 'user', content }], ...more });
  assert.ok(chat !== undefined, 'a chat completion was not read as one');
  return chat;
};

test('an answer says hello, with usage in words', () => {
  const answer = completion(asked('how are you')) as { usage: object; model: string };
  assert.equal(answer.model, 'gpt-4o');
  assert.deepEqual(answer.usage, { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 });
});

test('it calls the tool that it is told to call, whole and in events', () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'drop', arguments: '{}' } };
  const { choices } = completion(asked('call drop')) as { choices: { message: object }[] };
  assert.deepEqual(choices[0]?.message, { role: 'assistant', content: null, tool_calls: [call] });
  const events = completionEvents(asked('call drop', { stream: true }));
  assert.equal(events.filter((data) => data.includes('"name":"drop"')).length, 1);
});

test('events end with [DONE], and tell usage only when asked', () => {
  const silent = completionEvents(asked('hi', { stream: true }));
  assert.equal(silent.at(-1), '[DONE]');
  assert.equal(
    silent.some((data) => data.includes('"usage"')),
    false,
  );
  const telling = completionEvents(asked('hi', { stream: true, stream_options: { include_usage: true } }));
  assert.deepEqual(JSON.parse(telling.at(-2) ?? '').usage.total_tokens, 6);
});

test('what is no chat completion is none', () => {
  for (const body of [undefined, null, 7, 'x', {}, { model: 'm' }, { model: 1, messages: [] }])
    assert.equal(readChat(body), undefined);
});

test('MCP: requests are answered, notifications are not', () => {
  const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'search' } };
  const answer = mcpAnswer(call) as { id: number; result: { content: { text: string }[] } };
  assert.equal(answer.id, 7);
  assert.equal(answer.result.content[0]?.text, 'search: done');
  assert.equal(mcpAnswer({ jsonrpc: '2.0', method: 'notifications/initialized' }), undefined);
  assert.match(JSON.stringify(mcpAnswer({ id: 1, method: 'x' })), /-32601/);
  assert.match(JSON.stringify(mcpAnswer({ id: 1, method: 'tools/list' })), /"search".*"drop"/);
});
