import { type Script, USAGE } from './script.ts';

const usage = { input_tokens: USAGE.input, output_tokens: USAGE.output };

export function message(model: string, { text, tool }: Script): object {
  const called = tool && {
    type: 'tool_use',
    id: 'toolu_1',
    name: tool.name,
    input: JSON.parse(tool.pieces.join('')),
  };
  return {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model },
    content: [{ type: 'text', text: text.join('') }, ...(called ? [called] : [])],
    ...{ stop_reason: tool ? 'tool_use' : 'end_turn', stop_sequence: null, usage },
  };
}

/** `[type, data]` of each event. */
export function messageEvents(model: string, { text, tool }: Script): [string, string][] {
  const begun = {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model, content: [] },
    ...{ stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } },
  };
  const delta = (index: number, part: object) => ({ type: 'content_block_delta', index, delta: part });
  const events: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[] = [
    { type: 'message_start', message: begun },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...text.map((part) => delta(0, { type: 'text_delta', text: part })),
    { type: 'content_block_stop', index: 0 },
    ...(tool
      ? [
          {
            type: 'content_block_start',
            index: 1,
            content_block: { type: 'tool_use', id: 'toolu_1', name: tool.name, input: {} },
          },
          ...tool.pieces.map((part) => delta(1, { type: 'input_json_delta', partial_json: part })),
          { type: 'content_block_stop', index: 1 },
        ]
      : []),
    {
      type: 'message_delta',
      delta: { stop_reason: tool ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: USAGE.output },
    },
    { type: 'message_stop' },
  ];
  return events.map((event) => [event.type, JSON.stringify(event)]);
}
