import { type Attempt, each, type Headers, JSON_TYPE, typed } from '../attempt.ts';

const CHAT = '/v1/chat/completions';
const chat = (more: object = {}) =>
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], ...more });
const FINE = chat();
const rpc = (method: string, params: object = {}, more: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params, ...more });
const SEARCH = rpc('tools/call', { name: 'search' });

const llm = (name: string, expected: Attempt['expected'], ...bodies: readonly string[]) =>
  each(
    { name, to: 'llm', tail: CHAT, expected },
    bodies.map((body) => ({ body, headers: JSON_TYPE })),
  );
const mcp = (
  name: string,
  expected: Attempt['expected'],
  ...variants: readonly (readonly [Headers, string])[]
) =>
  each(
    { name, to: 'mcp', expected },
    variants.map(([headers, body]) => ({ body, headers: [...JSON_TYPE, ...headers] })),
  );

/** Calls of models, tools and agents. */
export const CALLS: readonly Attempt[] = [
  ...llm('an allowed model', 'sent', FINE),
  ...llm('another model', 'POLICY_NO_MATCH', chat({ model: 'gpt-4o' })),
  ...each(
    { name: 'another model under another content-type', to: 'llm', tail: CHAT, expected: 'POLICY_NO_MATCH' },
    [
      { body: chat({ model: 'gpt-4o' }), headers: [] },
      { body: chat({ model: 'gpt-4o' }), headers: typed('text/plain') },
      { body: chat({ model: 'gpt-4o' }), headers: typed('application/x-www-form-urlencoded') },
    ],
  ),
  ...each(
    {
      name: 'a call of a model of which every reader takes its own meaning',
      to: 'llm',
      tail: CHAT,
      expected: 'AI_UNREADABLE',
    },
    [
      { body: `{"model": "gpt-4o",${FINE.slice(1)}`, headers: typed('text/plain') },
      { body: `\ufeff${FINE}`, headers: typed('text/plain') },
    ],
  ),
  ...each(
    {
      name: 'a call of a model with two types, a charset, an encoding',
      to: 'llm',
      tail: CHAT,
      expected: 'BODY_TYPE_REFUSED',
    },
    [
      { body: FINE, headers: [...JSON_TYPE, ...typed('text/plain')] },
      { body: FINE, headers: typed('application/json,text/html') },
      { body: FINE, headers: typed('application/json; charset=utf-7') },
      { body: FINE, headers: [...JSON_TYPE, ['content-encoding', 'gzip']] },
    ],
  ),
  ...llm('the model twice', 'BODY_INVALID DUPLICATE_KEY', `{"model": "gpt-4o",${FINE.slice(1)}`),
  ...llm('the model in two cases of letters', 'AI_UNREADABLE FIELD_CASE', chat({ Model: 'gpt-4o' })),
  ...each({ name: 'another model in the query', to: 'llm', tail: `${CHAT}?model=gpt-4o`, expected: 'sent' }, [
    { body: FINE, headers: JSON_TYPE },
  ]),
  ...llm(
    '`stream` that is no boolean',
    'AI_UNREADABLE FIELD_INVALID',
    chat({ stream: 'true' }),
    chat({ stream: 1 }),
  ),
  ...llm(
    'a tool that is not listed',
    'POLICY_NO_MATCH',
    chat({ tools: [{ type: 'function', function: { name: 'drop' } }] }),
    chat({ tools: [{ type: 'mcp', server_label: 'search', server_url: 'https://mcp.example/sse' }] }),
    chat({ web_search_options: {} }),
  ),
  ...llm(
    'a tool under two names',
    'AI_UNREADABLE FIELD_INVALID',
    chat({ tools: [{ type: 'function', name: 'drop', function: { name: 'search' } }] }),
  ),
  ...llm(
    'other models to fall back on',
    'AI_UNREADABLE MODEL_DISAGREES',
    chat({ models: ['gpt-4o'] }),
    chat({ fallbacks: [{ model: 'gpt-4o' }] }),
  ),
  ...each(
    {
      name: 'a call of a model under a path that nobody knows',
      to: 'guarded',
      expected: 'AI_UNREADABLE PATH_SILENT',
    },
    [
      { body: FINE, headers: JSON_TYPE },
      { body: FINE, headers: typed('text/plain') },
    ],
  ),
  ...llm('no body for a call of a model', 'AI_UNREADABLE BODY_DISAGREES', ''),
  ...each(
    { name: 'a call of a model by GET, HEAD or DELETE', to: 'llm', tail: CHAT, expected: 'AI_UNREADABLE' },
    [{ body: FINE, headers: JSON_TYPE }],
  ).flatMap((one) => ['GET', 'HEAD', 'DELETE'].map((method) => ({ ...one, method }))),
  ...mcp('an allowed tool', 'sent', [[], SEARCH]),
  ...mcp('another tool', 'POLICY_NO_MATCH', [[], rpc('tools/call', { name: 'drop' })]),
  ...mcp(
    'headers of MCP that say another thing than the body',
    'AI_UNREADABLE HEADER_MISMATCH',
    [
      [
        ['mcp-protocol-version', '2026-07-28'],
        ['mcp-method', 'tools/list'],
        ['mcp-name', 'search'],
      ],
      rpc('tools/call', {
        name: 'search',
        _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
      }),
    ],
    [
      [
        ['mcp-protocol-version', '2025-11-25'],
        ['mcp-name', 'search'],
      ],
      rpc('tools/call', { name: 'drop' }),
    ],
  ),
  ...mcp('a header of MCP twice', 'AI_UNREADABLE HEADER_REPEATED', [
    [
      ['mcp-method', 'tools/call'],
      ['mcp-method', 'tools/list'],
    ],
    SEARCH,
  ]),
  ...mcp(
    'several messages in one body',
    'AI_UNREADABLE BATCH',
    [[], `[${SEARCH}]`],
    [[], `[${SEARCH}, ${rpc('tools/call', { name: 'drop' })}]`],
  ),
  ...mcp(
    'members of a message in other letters',
    'AI_UNREADABLE FIELD_CASE',
    [[], rpc('tools/list', {}, { Method: 'tools/call' })],
    [[], rpc('tools/call', { name: 'search' }, { 'param\u017f': { name: 'drop' } })],
  ),
  ...each(
    { name: 'a call of a tool by GET, HEAD or DELETE', to: 'mcp', expected: 'AI_UNREADABLE BODY_DISAGREES' },
    [{ body: SEARCH, headers: JSON_TYPE }],
  ).flatMap((one) => ['GET', 'HEAD', 'DELETE'].map((method) => ({ ...one, method }))),
  ...each({ name: 'an allowed message between agents', to: 'a2a', expected: 'sent' }, [
    { body: rpc('GetTask', { id: 't' }), headers: [...JSON_TYPE, ['a2a-version', '1.0']] },
  ]),
  ...each({ name: 'another message between agents', to: 'a2a', expected: 'POLICY_NO_MATCH' }, [
    { body: rpc('SendMessage', { message: { role: 'user', parts: [{ text: 'x' }] } }), headers: JSON_TYPE },
  ]),
  ...each(
    { name: 'a method that MCP and A2A have', to: 'guarded', expected: 'AI_UNREADABLE METHOD_AMBIGUOUS' },
    [{ body: rpc('tasks/get', { taskId: 't', id: 't' }), headers: JSON_TYPE }],
  ),
  ...each({ name: 'a call of a model that a budget counts', to: 'spent', tail: CHAT, expected: 'sent' }, [
    { body: FINE, headers: JSON_TYPE },
    { body: FINE, headers: [] },
  ]),
  ...each({ name: 'a call of a model that no budget can count', to: 'spent', expected: 'AI_UNREADABLE' }, [
    { tail: CHAT, body: `{"model": "gpt-4o",${FINE.slice(1)}`, headers: typed('text/plain') },
    { body: `{"model": "gpt-4o",${FINE.slice(1)}`, headers: typed('text/plain') },
    { body: `\ufeff${FINE}`, headers: [] },
    { body: Buffer.from(FINE, 'utf16le'), headers: typed('application/octet-stream') },
    { body: FINE, headers: JSON_TYPE },
    { body: `{"a": 1}\n${FINE}\n`, headers: typed('application/x-ndjson') },
  ]),
  ...each({ name: 'what is no call of a model, under a budget', to: 'spent', expected: 'sent' }, [
    { body: 'hello', headers: typed('text/plain') },
    { body: '{"a": 1}', headers: JSON_TYPE },
  ]),
];
