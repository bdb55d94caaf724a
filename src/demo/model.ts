/** What a caller of `/v1/chat/completions` may say; anything else in it is passed over. */
interface Chat {
  readonly model: string;
  readonly isStream: boolean;
  readonly asksUsage: boolean;
  readonly said: string;
  /** The tool to call, where the last message is `call NAME`. */
  readonly tool?: string;
}

const ANSWER = 'Hello from the demo model.';
const ID = 'chatcmpl-demo';

/** Reads the body of a chat completion; undefined where it is none. */
export function readChat(body: unknown): Chat | undefined {
  const { model, messages, stream, stream_options } = members(body);
  if (typeof model !== 'string' || !Array.isArray(messages)) return undefined;
  const said = messages.map((message) => String(members(message).content ?? ''));
  const tool = /^call ([A-Za-z0-9_-]{1,64})$/.exec(said.at(-1) ?? '')?.[1];
  return {
    model,
    isStream: stream === true,
    asksUsage: members(stream_options).include_usage === true,
    said: said.join(' '),
    ...(tool === undefined ? {} : { tool }),
  };
}

/** In the format of OpenAI. A token is a word here. */
export function completion(chat: Chat): object {
  const message =
    chat.tool === undefined
      ? { role: 'assistant', content: ANSWER }
      : { role: 'assistant', content: null, tool_calls: [callOf(chat.tool)] };
  return {
    ...{ id: ID, object: 'chat.completion', created: 0, model: chat.model },
    choices: [{ index: 0, message, finish_reason: finishOf(chat) }],
    usage: usageOf(chat),
  };
}

/** The same, as the data of events. */
export function completionEvents(chat: Chat): string[] {
  const chunk = (choices: object[], more: object = {}) =>
    JSON.stringify({
      ...{ id: ID, object: 'chat.completion.chunk', created: 0, model: chat.model },
      ...{ choices, ...more },
    });
  const piece = (delta: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta, finish_reason }]);
  const said =
    chat.tool === undefined
      ? wordsOf(ANSWER).map((word, at) => piece({ content: at === 0 ? word : ` ${word}` }))
      : [piece({ tool_calls: [{ index: 0, ...callOf(chat.tool) }] })];
  const usage = chat.asksUsage ? [chunk([], { usage: usageOf(chat) })] : [];
  return [piece({ role: 'assistant' }), ...said, piece({}, finishOf(chat)), ...usage, '[DONE]'];
}

/** One message of MCP, answered; undefined for a notification, which has no answer. */
export function mcpAnswer(body: unknown): object | undefined {
  const { id, method, params } = members(body);
  if (id === undefined) return undefined;
  const answer = (part: object) => ({ jsonrpc: '2.0', id, ...part });
  switch (method) {
    case 'initialize': {
      const serverInfo = { name: 'demo', version: '1' };
      const protocolVersion = members(params).protocolVersion ?? '2025-11-25';
      return answer({ result: { protocolVersion, capabilities: { tools: {} }, serverInfo } });
    }
    case 'tools/list': {
      const inputSchema = { type: 'object' };
      return answer({ result: { tools: ['search', 'drop'].map((name) => ({ name, inputSchema })) } });
    }
    case 'tools/call':
      return answer({ result: { content: [{ type: 'text', text: `${members(params).name}: done` }] } });
    default:
      return answer({ error: { code: -32_601, message: 'the demo knows no such method' } });
  }
}

function callOf(name: string): object {
  return { id: 'call_1', type: 'function', function: { name, arguments: '{}' } };
}

function finishOf({ tool }: Chat): string {
  return tool === undefined ? 'stop' : 'tool_calls';
}

function usageOf({ said, tool }: Chat): object {
  const prompt_tokens = wordsOf(said).length;
  const completion_tokens = tool === undefined ? wordsOf(ANSWER).length : 1;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
