import { type Script, USAGE } from './script.ts';

const ID = 'chatcmpl-1';
const usage = {
  prompt_tokens: USAGE.input,
  completion_tokens: USAGE.output,
  total_tokens: USAGE.input + USAGE.output,
};

export function chatCompletion(model: string, { text, tool }: Script): object {
  const calls = tool && [
    { id: 'call_1', type: 'function', function: { name: tool.name, arguments: tool.pieces.join('') } },
  ];
  const message = { role: 'assistant', content: text.join(''), ...(calls ? { tool_calls: calls } : {}) };
  const choice = { index: 0, message, logprobs: null, finish_reason: calls ? 'tool_calls' : 'stop' };
  return { id: ID, object: 'chat.completion', created: 1, model, choices: [choice], usage };
}

/** Data of each event; usage only when it was asked for. */
export function chatEvents(model: string, { text, tool }: Script, asksUsage: boolean): string[] {
  const piece = (delta: object, finish_reason: string | null = null) => ({
    ...{ id: ID, object: 'chat.completion.chunk', created: 1, model },
    choices: [{ index: 0, delta, finish_reason }],
    ...(asksUsage ? { usage: null } : {}),
  });
  const call = (part: object) => piece({ tool_calls: [{ index: 0, ...part }] });
  const calls = tool
    ? [
        call({ id: 'call_1', type: 'function', function: { name: tool.name, arguments: '' } }),
        ...tool.pieces.map((part) => call({ function: { arguments: part } })),
      ]
    : [];
  const events: object[] = [
    piece({ role: 'assistant', content: '' }),
    ...text.map((content) => piece({ content })),
    ...calls,
    piece({}, tool ? 'tool_calls' : 'stop'),
  ];
  if (asksUsage)
    events.push({ id: ID, object: 'chat.completion.chunk', created: 1, model, choices: [], usage });
  return [...events.map((event) => JSON.stringify(event)), '[DONE]'];
}

const responsesUsage = {
  input_tokens: USAGE.input,
  output_tokens: USAGE.output,
  total_tokens: USAGE.input + USAGE.output,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
};

export function response(model: string, { text }: Script, status = 'completed'): object {
  const content = [{ type: 'output_text', text: text.join(''), annotations: [] }];
  const output = [{ type: 'message', id: 'msg_1', status, role: 'assistant', content }];
  return { id: 'resp_1', object: 'response', created_at: 1, status, model, output, usage: responsesUsage };
}

/** `[type, data]` of each event. */
export function responseEvents(model: string, script: Script): [string, string][] {
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const { usage: _, ...begun } = response(model, { text: [] }, 'in_progress') as { usage: object };
  const full = script.text.join('');
  const part = { type: 'output_text', text: '', annotations: [] };
  const events: object[] = [
    { type: 'response.created', response: { ...begun, output: [] } },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'message', id: 'msg_1', status: 'in_progress', role: 'assistant', content: [] },
    },
    { type: 'response.content_part.added', ...at, part },
    ...script.text.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.output_text.done', ...at, text: full },
    { type: 'response.content_part.done', ...at, part: { ...part, text: full } },
    { type: 'response.completed', response: response(model, script) },
  ];
  return events.map((event, sequence_number) => [
    (event as { type: string }).type,
    JSON.stringify({ ...event, sequence_number }),
  ]);
}
