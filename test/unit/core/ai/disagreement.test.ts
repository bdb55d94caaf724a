import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AiReading, readAiRequest } from '../../../../src/core/ai/ai_request.ts';
import type { AiRequestInput } from '../../../../src/core/ai/llm_request.ts';
import type { JsonValue } from '../../../../src/core/canonical/json_value.ts';
import { inputOf, TRANSCRIPTS, transcript } from './transcripts.ts';

type Change = Partial<Omit<AiRequestInput, 'body'>> & { readonly body?: JsonValue | undefined };

function read(name: string, change: Change): string {
  const { body, ...rest } = { ...transcript(name).request, ...change };
  const reading = readAiRequest(inputOf({ ...rest, ...(body === undefined ? {} : { body }) }));
  return told(reading);
}

function told(reading: AiReading): string {
  if (reading.kind !== 'unknown') return reading.kind;
  return reading.at === undefined ? reading.reason : `${reading.reason} ${reading.at}`;
}

/** The body of a transcript with some members of its top level set; undefined takes one away. */
function body(name: string, change: Record<string, unknown>): { body: JsonValue } {
  const merged = { ...(transcript(name).request.body as object), ...change };
  return { body: JSON.parse(JSON.stringify(merged)) };
}

const CHAT = 'openai-chat-stream-tools';
const MESSAGES = 'anthropic-messages-whole';
const ELSEWHERE = { host: 'api.unknown.example' };

test('the word of a rule must be true', () => {
  const llm = { kind: 'llm' } as const;
  assert.equal(read(CHAT, { word: { ...llm, provider: 'openai' } }), 'llm');
  assert.equal(read(CHAT, { word: { ...llm, provider: 'anthropic' } }), 'PROVIDER_DISAGREES');
  assert.equal(
    read(CHAT, { ...ELSEWHERE, word: { ...llm, provider: 'gemini' } }),
    'llm',
    'compatible format',
  );
  assert.equal(read(MESSAGES, { ...ELSEWHERE, word: { ...llm, provider: 'openai' } }), 'PROVIDER_DISAGREES');
  assert.equal(read(CHAT, { word: { kind: 'mcp' } }), 'KIND_DISAGREES');
  assert.equal(read('mcp-2025-tools-call', { word: { kind: 'a2a' } }), 'KIND_DISAGREES');
  assert.equal(read(CHAT, { ...ELSEWHERE, path: '/x', body: undefined, word: llm }), 'WORD_UNMET');
  assert.equal(
    read(CHAT, { ...ELSEWHERE, path: '/x', body: undefined, word: { kind: 'mcp' } }),
    'BODY_DISAGREES',
  );
  assert.equal(
    read(CHAT, { ...ELSEWHERE, path: '/x', method: 'PUT', body: undefined, word: { kind: 'a2a' } }),
    'WORD_UNMET',
  );
});

test('host, path and body must agree', () => {
  assert.equal(
    read(CHAT, { host: 'generativelanguage.googleapis.com', path: '/v1beta/openai/chat/completions' }),
    'llm',
  );
  assert.equal(read('ollama-chat-stream', { host: 'api.openai.com' }), 'PROVIDER_DISAGREES');
  assert.equal(read(CHAT, { path: '/v1/realtime' }), 'ENDPOINT_UNKNOWN');
  assert.equal(read(CHAT, { method: 'GET', path: '/v1/responses', body: undefined }), 'ENDPOINT_UNKNOWN');
  assert.equal(read(CHAT, { method: 'GET', path: '/v1/models', body: undefined }), 'none');
  assert.equal(read(CHAT, { ...ELSEWHERE, path: '/relay' }), 'PATH_SILENT');
  assert.equal(read(CHAT, { ...ELSEWHERE, path: '/V1/Chat/Completions' }), 'PATH_SILENT');
  assert.equal(read('gemini-blocked-prompt', { ...ELSEWHERE, path: '/relay' }), 'PATH_SILENT');
  assert.equal(read('openai-responses-incomplete', { ...ELSEWHERE, path: '/relay' }), 'PATH_SILENT');
  assert.equal(read(CHAT, { ...ELSEWHERE, path: '/v1/responses' }), 'BODY_DISAGREES');
  assert.equal(read(CHAT, { path: '/v1/responses' }), 'BODY_DISAGREES');
  assert.equal(read(CHAT, { ...ELSEWHERE, ...body(CHAT, { messages: undefined }) }), 'BODY_DISAGREES');
  assert.equal(read(CHAT, { ...ELSEWHERE, body: undefined }), 'BODY_DISAGREES');
  assert.equal(read(CHAT, { ...ELSEWHERE, body: [1] }), 'BODY_DISAGREES');
});

test('other traffic is left alone', () => {
  for (const path of ['/messages', '/v1/messages', '/responses', '/tasks', '/tasks/7', '/api/chat'])
    assert.equal(read(CHAT, { ...ELSEWHERE, path, body: { text: 'hi', channel: 'C1' } }), 'none', path);
  assert.equal(
    read(CHAT, { ...ELSEWHERE, path: '/rpc', body: { jsonrpc: '2.0', id: 1, method: 'eth_call' } }),
    'none',
  );
  assert.equal(
    read(CHAT, { ...ELSEWHERE, path: '/rpc', body: [{ jsonrpc: '2.0', id: 1, method: 'eth_call' }] }),
    'none',
  );
});

test('two calls in one body are neither', () => {
  for (const [name, more] of [
    [CHAT, { input: 'x' }],
    [CHAT, { prompt: 'x' }],
    [CHAT, { contents: [] }],
    [CHAT, { jsonrpc: '2.0' }],
    [MESSAGES, { contents: [{ parts: [] }] }],
    ['openai-responses-incomplete', { messages: [] }],
    ['gemini-blocked-prompt', { messages: [] }],
    ['ollama-generate-whole', { messages: [] }],
  ] as const)
    assert.equal(read(name, body(name, more)), 'BODY_DISAGREES', `${name} ${Object.keys(more)}`);
});

test('a field of another type is not an absent one', () => {
  for (const [name, change, at] of [
    [CHAT, { stream: 'true' }, '/stream'],
    [CHAT, { tools: {} }, '/tools'],
    [CHAT, { tools: ['get_weather'] }, '/tools/0'],
    [CHAT, { tools: [{ type: 'function', function: {} }] }, '/tools/0/function/name'],
    [CHAT, { tools: [{ type: 'function', function: { name: 'a', Name: 'b' } }] }, '/tools/0/function/Name'],
    [CHAT, { max_completion_tokens: -1 }, '/max_completion_tokens'],
    [CHAT, { max_tokens: 1.5 }, '/max_tokens'],
    [CHAT, { n: '2' }, '/n'],
    [CHAT, { stream_options: true }, '/stream_options'],
    [MESSAGES, { max_tokens: undefined }, '/max_tokens'],
    [MESSAGES, { mcp_servers: [{ url: 'x' }] }, '/mcp_servers/0/name'],
    ['gemini-stream-sse', { generation_config: {} }, '/generation_config'],
    ['ollama-chat-stream', { options: { num_predict: '7' } }, '/options/num_predict'],
  ] as const)
    assert.equal(read(name, body(name, change)), `FIELD_INVALID ${at}`);
});

test('a model cannot hide behind another spelling, or behind the path', () => {
  assert.equal(read(CHAT, body(CHAT, { Model: 'gpt-5.5-pro' })), 'FIELD_CASE /Model');
  assert.equal(
    read('ollama-chat-stream', body('ollama-chat-stream', { MESSAGES: [] })),
    'FIELD_CASE /MESSAGES',
  );
  const gemini = 'gemini-stream-sse';
  assert.equal(read(gemini, body(gemini, { model: 'models/gemini-3.1-pro-preview' })), 'llm');
  assert.equal(read(gemini, body(gemini, { model: 'models/gemini-2.5-flash' })), 'MODEL_DISAGREES /model');
  const tools = Array.from({ length: 1025 }, (_, i) => ({ type: 'function', function: { name: `f${i}` } }));
  assert.equal(read(CHAT, body(CHAT, { tools })), 'TOO_MANY_TOOLS /tools');
});

test('null is what clients send for "not set"', () => {
  const nothing = { stream: null, tools: null, tool_choice: null, n: null, max_completion_tokens: null };
  assert.equal(read(CHAT, body(CHAT, nothing)), 'llm');
});

const CALL = 'mcp-2026-tools-call';

test('headers of MCP say what the body says', () => {
  const headers = transcript(CALL).request.headers;
  const without = (name: string) => ({ headers: headers.filter((header) => header.name !== name) });
  const set = (name: string, value: string) => ({
    headers: headers.map((header) => (header.name === name ? { name, value } : header)),
  });
  assert.equal(read(CALL, without('mcp-method')), 'HEADER_MISSING mcp-method');
  assert.equal(read(CALL, without('mcp-name')), 'HEADER_MISSING mcp-name');
  assert.equal(read(CALL, without('mcp-protocol-version')), 'HEADER_MISSING mcp-protocol-version');
  assert.equal(read(CALL, set('mcp-method', 'tools/list')), 'HEADER_MISMATCH mcp-method');
  assert.equal(read(CALL, set('mcp-method', 'Tools/Call')), 'HEADER_MISMATCH mcp-method');
  assert.equal(read(CALL, set('mcp-name', 'harmless')), 'HEADER_MISMATCH mcp-name');
  assert.equal(read(CALL, set('mcp-name', '=?base64?Z2V0X3dlYXRoZXI=?=')), 'mcp', 'needlessly encoded');
  assert.equal(read(CALL, set('mcp-name', '=?base64?!!?=')), 'HEADER_MISMATCH mcp-name');
  assert.equal(read(CALL, set('mcp-protocol-version', '2025-11-25')), 'HEADER_MISMATCH mcp-protocol-version');
  assert.equal(read(CALL, set('mcp-protocol-version', '2031-01-01')), 'VERSION_UNKNOWN mcp-protocol-version');
  assert.equal(
    read(CALL, { headers: [...headers, { name: 'MCP-Name', value: 'get_weather' }] }),
    'HEADER_REPEATED mcp-name',
  );
  const old = transcript('mcp-2025-tools-call').request.headers;
  assert.equal(
    read('mcp-2025-tools-call', { headers: [...old, { name: 'mcp-name', value: 'other' }] }),
    'HEADER_MISMATCH mcp-name',
    'in older revisions, too, where somebody in between may read them',
  );
});

test('messages of agents are one, whole, and of one protocol', () => {
  const message = (change: Record<string, unknown>) => body(CALL, change);
  const bare = { headers: [] };
  assert.equal(read(CALL, { ...bare, body: [transcript(CALL).request.body ?? null] }), 'BATCH');
  assert.equal(read(CALL, { ...bare, ...message({ jsonrpc: undefined }) }), 'FIELD_INVALID /jsonrpc');
  assert.equal(read(CALL, { ...bare, ...message({ jsonrpc: '1.0' }) }), 'FIELD_INVALID /jsonrpc');
  assert.equal(read(CALL, message({ Method: 'tools/list' })), 'FIELD_CASE /Method');
  assert.equal(read(CALL, message({ id: { a: 1 } })), 'FIELD_INVALID /id');
  assert.equal(read(CALL, message({ result: {} })), 'FIELD_INVALID /method');
  assert.equal(read(CALL, message({ params: [] })), 'FIELD_INVALID /params');
  assert.equal(
    read('mcp-2025-tools-call', body('mcp-2025-tools-call', { params: { name: 'a', Name: 'b' } })),
    'FIELD_CASE /params/Name',
  );
  assert.equal(
    read('mcp-2025-tools-call', body('mcp-2025-tools-call', { params: {} })),
    'FIELD_INVALID /params/name',
  );
  assert.equal(
    read('mcp-2025-listen', { headers: [{ name: 'mcp-protocol-version', value: '2026-07-28' }] }),
    'BODY_DISAGREES',
  );
  const shared = {
    ...bare,
    body: { jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { id: 't', taskId: 't' } },
  };
  assert.equal(read(CALL, shared), 'METHOD_AMBIGUOUS /method');
  assert.equal(read(CALL, { ...shared, word: { kind: 'mcp' } }), 'mcp');
  assert.equal(read(CALL, { ...shared, word: { kind: 'a2a' } }), 'a2a');
  assert.equal(
    read('a2a-10-send', {
      headers: [
        { name: 'a2a-version', value: '1.0' },
        { name: 'mcp-method', value: 'x' },
      ],
    }),
    'METHOD_AMBIGUOUS',
  );
  assert.equal(read('a2a-http-send', { body: { text: 'hi' } }), 'BODY_DISAGREES /message');
});

test('members that every object inherits are no fields', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.equal(
      read(CHAT, {
        ...ELSEWHERE,
        path: `/${name}`,
        body: JSON.parse(`{"${name}":{"model":"x"}}`),
      }),
      'none',
    );
    assert.equal(read(CALL, { headers: [], body: { jsonrpc: '2.0', id: 1, method: name } }), 'none');
    assert.equal(read(CHAT, { host: name }), 'llm');
  }
});

test('the word of a rule that is true changes nothing', () => {
  for (const { name, request, expect } of TRANSCRIPTS) {
    const word = { kind: expect['kind'] as 'llm' };
    assert.deepEqual(readAiRequest(inputOf({ ...request, word })), readAiRequest(inputOf(request)), name);
  }
});
