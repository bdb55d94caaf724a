import type { AiFacts } from '../../../../src/core/contract/body_facts.ts';

export interface Said {
  /** Text, or the name of a tool that is called with the arguments. */
  readonly text?: string;
  readonly name?: string;
  readonly args?: string;
}

/** One dialect: how it streams what a model says, each part as an event or several. */
export interface Model {
  readonly ai: AiFacts;
  readonly type: string;
  stream(said: readonly Said[], end: string): string;
  whole(said: readonly Said[]): string;
}

const halves = (text: string): readonly string[] => [
  text.slice(0, text.length >> 1),
  text.slice(text.length >> 1),
];
const data = (value: object, end: string): string => `data: ${JSON.stringify(value)}${end}${end}`;
const named = (type: string, value: object, end: string): string =>
  `event: ${type}${end}${data({ type, ...value }, end)}`;
const ai = (
  provider: AiFacts['provider'],
  dialect: AiFacts['dialect'],
  endpoint: AiFacts['endpoint'],
  model: string,
) => ({ kind: 'llm', provider, dialect, endpoint, model, cost_at_most_micro_usd: 1_000_000 }) as AiFacts;

const chat: Model = {
  ai: ai('openai', 'openai', 'chat', 'gpt-4o'),
  type: 'text/event-stream; charset=utf-8',
  stream(said, end) {
    const model = 'gpt-4o-2024-08-06';
    const chunk = (delta: object | undefined, more: object = {}) =>
      data(
        {
          id: 'c',
          model,
          choices: delta === undefined ? [] : [{ index: 0, delta, finish_reason: null }],
          ...more,
        },
        end,
      );
    const events = said.flatMap(({ text, name, args = '' }, index) => {
      if (text !== undefined) return [chunk({ content: text })];
      const begin = chunk({
        tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }],
      });
      return [
        begin,
        ...halves(args).map((part) => chunk({ tool_calls: [{ index, function: { arguments: part } }] })),
      ];
    });
    const finish = data({ model, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }, end);
    const usage = chunk(undefined, { usage: { prompt_tokens: 100, completion_tokens: 10 } });
    return `${events.join('')}${finish}${usage}data: [DONE]${end}${end}`;
  },
  whole(said) {
    const calls = said.filter(({ name }) => name !== undefined);
    const tool_calls = calls.map(({ name, args }, i) => ({
      id: `c${i}`,
      type: 'function',
      function: { name, arguments: args },
    }));
    const message = {
      role: 'assistant',
      content: said.map(({ text = '' }) => text).join(''),
      ...(calls.length > 0 ? { tool_calls } : {}),
    };
    const usage = { prompt_tokens: 100, completion_tokens: 10 };
    return JSON.stringify({
      model: 'gpt-4o-2024-08-06',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    });
  },
};

const responses: Model = {
  ai: ai('openai', 'openai', 'responses', 'gpt-4o'),
  type: 'text/event-stream',
  stream(said, end) {
    const item = ({ name, args }: Said, i: number, isDone: boolean) => ({
      type: 'function_call',
      id: `fc${i}`,
      call_id: `c${i}`,
      name,
      arguments: isDone ? args : '',
    });
    const events = said.map((one, output_index) => {
      if (one.text !== undefined)
        return named('response.output_text.delta', { output_index, delta: one.text }, end);
      const deltas = halves(one.args ?? '').map((delta) =>
        named('response.function_call_arguments.delta', { output_index, delta }, end),
      );
      return [
        named('response.output_item.added', { output_index, item: item(one, output_index, false) }, end),
        ...deltas,
        named('response.output_item.done', { output_index, item: item(one, output_index, true) }, end),
      ].join('');
    });
    const usage = { input_tokens: 100, output_tokens: 10 };
    const output = said.map((one, i) => (one.text === undefined ? item(one, i, true) : { type: 'message' }));
    const start = named('response.created', { response: { model: 'gpt-4o-2024-08-06', output: [] } }, end);
    return `${start}${events.join('')}${named('response.completed', { response: { model: 'gpt-4o-2024-08-06', status: 'completed', output, usage } }, end)}`;
  },
  whole(said) {
    const output = said.map(({ text, name, args }, i) =>
      text === undefined
        ? { type: 'function_call', call_id: `c${i}`, name, arguments: args }
        : { type: 'message', content: [{ type: 'output_text', text }] },
    );
    return JSON.stringify({
      model: 'gpt-4o-2024-08-06',
      status: 'completed',
      output,
      usage: { input_tokens: 100, output_tokens: 10 },
    });
  },
};

const anthropic: Model = {
  ai: ai('anthropic', 'anthropic', 'messages', 'claude-sonnet-4-5'),
  type: 'text/event-stream',
  stream(said, end) {
    const start = named(
      'message_start',
      {
        message: {
          model: 'claude-sonnet-4-5-20250929',
          content: [],
          usage: { input_tokens: 100, output_tokens: 1 },
        },
      },
      end,
    );
    const blocks = said.map(({ text, name, args = '' }, index) => {
      const content_block =
        text === undefined
          ? { type: 'tool_use', id: `t${index}`, name, input: {} }
          : { type: 'text', text: '' };
      const deltas =
        text === undefined
          ? halves(args).map((partial_json) => ({ type: 'input_json_delta', partial_json }))
          : [{ type: 'text_delta', text }];
      return [
        named('content_block_start', { index, content_block }, end),
        ...deltas.map((delta) => named('content_block_delta', { index, delta }, end)),
        named('content_block_stop', { index }, end),
      ].join('');
    });
    const finish = named(
      'message_delta',
      { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 10 } },
      end,
    );
    return `${start}${blocks.join('')}${finish}${named('message_stop', {}, end)}`;
  },
  whole(said) {
    const content = said.map(({ text, name, args }, i) =>
      text === undefined ? { type: 'tool_use', id: `t${i}`, name, input: { args } } : { type: 'text', text },
    );
    return JSON.stringify({
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content,
      stop_reason: 'end_turn',
      usage: { input_tokens: 100, output_tokens: 10 },
    });
  },
};

const gemini: Model = {
  ai: ai('gemini', 'gemini', 'generate', 'gemini-2.5-pro'),
  type: 'text/event-stream',
  stream(said, end) {
    const events = said.map(({ text, name, args }, i) => {
      const part = text === undefined ? { functionCall: { id: `f${i}`, name, args: { args } } } : { text };
      return data(
        { modelVersion: 'gemini-2.5-pro', candidates: [{ index: 0, content: { parts: [part] } }] },
        end,
      );
    });
    const last = {
      candidates: [{ index: 0, content: { parts: [] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 10 },
    };
    return `${events.join('')}${data({ modelVersion: 'gemini-2.5-pro', ...last }, end)}`;
  },
  whole(said) {
    const parts = said.map(({ text, name, args }) =>
      text === undefined ? { functionCall: { name, args: { args } } } : { text },
    );
    return JSON.stringify({
      modelVersion: 'gemini-2.5-pro',
      candidates: [{ content: { parts }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 10 },
    });
  },
};

const ollama: Model = {
  ai: ai('ollama', 'ollama', 'chat', 'llama3.2'),
  type: 'application/x-ndjson',
  stream(said) {
    const line = (message: object, more: object = { done: false }) =>
      `${JSON.stringify({ model: 'llama3.2', message, ...more })}\n`;
    const lines = said.map(({ text, name, args }) =>
      line(
        text === undefined
          ? { role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: { args } } }] }
          : { role: 'assistant', content: text },
      ),
    );
    return `${lines.join('')}${line({ role: 'assistant', content: '' }, { done: true, done_reason: 'stop', prompt_eval_count: 100, eval_count: 10 })}`;
  },
  whole(said) {
    const calls = said
      .filter(({ name }) => name !== undefined)
      .map(({ name, args }) => ({ function: { name, arguments: { args } } }));
    return JSON.stringify({
      model: 'llama3.2',
      message: { role: 'assistant', content: said.map(({ text = '' }) => text).join(''), tool_calls: calls },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 100,
      eval_count: 10,
    });
  },
};

export const MODELS: Readonly<Record<string, Model>> = { chat, responses, anthropic, gemini, ollama };
