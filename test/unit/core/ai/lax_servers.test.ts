import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAiRequest } from '../../../../src/core/ai/ai_request.ts';
import type { AiRequestInput } from '../../../../src/core/ai/llm_request.ts';
import type { JsonValue } from '../../../../src/core/canonical/json_value.ts';
import { amountOf } from '../../../../src/core/policy/budget_amount.ts';
import type { PlanBudget } from '../../../../src/core/policy/budget_plan.ts';
import { readRequest } from '../../../../src/inspect/read_request.ts';
import { deskOf, jobOf } from '../../inspect/inspect_world.ts';

const OPENAI = { host: 'api.openai.com', path: '/v1/chat/completions' };
const TOOLS = { host: 'tools.corp.example', path: '/mcp' };
const SAID = [{ role: 'user', content: 'hi' }];

function read(body: JsonValue, change: Partial<AiRequestInput> = {}) {
  return readAiRequest({ ...OPENAI, method: 'POST', headers: [], body, body_bytes: 100, ...change });
}

function told(body: JsonValue, change: Partial<AiRequestInput> = {}): string {
  const reading = read(body, change);
  return reading.kind === 'unknown' ? `${reading.reason} ${reading.at ?? ''}`.trim() : reading.kind;
}

function toolsOf(body: object, change: Partial<AiRequestInput> = {}): readonly string[] {
  const reading = read({ model: 'gpt-4o', messages: SAID, ...body } as JsonValue, change);
  assert.equal(reading.kind, 'llm');
  return reading.kind === 'llm' ? reading.tools.map(({ name }) => name) : [];
}

const LETTERS = [
  ['long s', (text: string) => text.replace('s', '\u017f')],
  ['sign of Kelvin', (text: string) => text.replace('k', '\u212a')],
  ['i without its dot', (text: string) => text.replace('i', '\u0131')],
  ['I with its dot', (text: string) => text.replace('i', '\u0130')],
] as const;

for (const [letter, spell] of LETTERS) {
  test(`the ${letter} makes no other member of one that is read`, () => {
    const rpc = { jsonrpc: '2.0', id: 1, method: 'tools/call' };
    const search = { name: 'search' };
    const drop = { name: 'drop' };
    for (const name of ['params'].filter((one) => spell(one) !== one))
      assert.equal(
        told({ ...rpc, params: search, [spell(name)]: drop }, TOOLS),
        `FIELD_CASE /${spell(name)}`,
      );
    for (const name of ['arguments', 'uri', 'taskId'].filter((one) => spell(one) !== one)) {
      const params = { ...search, [spell(name)]: 'x' };
      assert.equal(told({ ...rpc, params }, TOOLS), `FIELD_CASE /params/${spell(name)}`);
    }
    const call = { model: 'gpt-4o', messages: SAID };
    for (const name of ['messages', 'tools', 'max_tokens', 'functions'].filter((one) => spell(one) !== one))
      assert.equal(told({ ...call, [spell(name)]: [] }), `FIELD_CASE /${spell(name)}`);
  });
}

test('a list of other models is no second choice that nobody judges', () => {
  const call = { model: 'gpt-4o', messages: SAID };
  const router = { host: 'openrouter.ai', path: '/api/v1/chat/completions' };
  assert.equal(told({ ...call, models: ['o3'] }, router), 'MODEL_DISAGREES /models');
  assert.equal(told({ ...call, models: ['gpt-4o', 'o3'] }, router), 'MODEL_DISAGREES /models');
  for (const name of ['fallbacks', 'context_window_fallbacks', 'Fallbacks'])
    assert.equal(told({ ...call, [name]: [{ model: 'o3' }] }, router), `MODEL_DISAGREES /${name}`);
  for (const models of [[], null, ['gpt-4o']]) assert.equal(told({ ...call, models }, router), 'llm');
});

test('a deployment decides which model answers, however its path is spelled', () => {
  const azure = (path: string) => ({ host: 'x.openai.azure.com', path });
  for (const path of ['/OpenAI/Deployments/o3/chat/completions', '/openai/engines/o3/chat/completions']) {
    const reading = read({ model: 'gpt-4o', messages: SAID }, azure(path));
    assert.deepEqual(reading.kind === 'llm' && [reading.model, reading.deployment], [undefined, 'o3'], path);
  }
  const long = 'o'.repeat(300);
  const reading = read(
    { model: 'gpt-4o', messages: SAID },
    azure(`/openai/deployments/${long}/chat/completions`),
  );
  assert.equal(reading.kind === 'llm' && reading.deployment, long);
});

test('a call is one under a path that only lax servers take for its own', () => {
  const elsewhere = { host: 'models.corp.example' };
  const completion = { model: 'x', prompt: 'hi' };
  for (const path of ['/v1/Completions', '/v1/completions;v=1', '/API/generate', '/v1;a/Completions/'])
    assert.equal(told(completion, { ...elsewhere, path }), 'PATH_SILENT', path);
  assert.equal(told({ model: 'x', input: 'hi' }, { ...elsewhere, path: '/v1/Responses' }), 'PATH_SILENT');
  assert.equal(told({ model: 'x', input: 'hi' }, { ...elsewhere, path: '/orders' }), 'none');
});

test('what is asked by GET with a body, or of an escaped verb, is no list of models', () => {
  const gemini = { host: 'generativelanguage.googleapis.com', method: 'GET' };
  const asked = (path: string, body_bytes: number) => {
    const reading = readAiRequest({ ...gemini, path, headers: [], body_bytes });
    return reading.kind === 'unknown' ? reading.reason : reading.kind;
  };
  assert.equal(asked('/v1beta/models/gemini-2.5-pro', 0), 'none');
  assert.equal(asked('/v1beta/models/gemini-2.5-pro', 10), 'ENDPOINT_UNKNOWN');
  assert.equal(asked('/v1beta/models/gemini-2.5-pro%3AgenerateContent', 0), 'ENDPOINT_UNKNOWN');
});

test('a tool is declared by every name that some server reads', () => {
  const fn = { name: 'search' };
  assert.deepEqual(toolsOf({ tools: [{ type: 'function', function: fn }] }), ['search']);
  assert.deepEqual(toolsOf({ tools: [{ type: 'function', function: fn, name: 'search' }] }), ['search']);
  const call = { model: 'gpt-4o', messages: SAID };
  const refused = (tool: JsonValue) => told({ ...call, tools: [tool] });
  assert.equal(refused({ type: 'function', function: fn, name: 'drop' }), 'FIELD_INVALID /tools/0/name');
  assert.equal(refused({ function: fn, custom: { name: 'drop' } }), 'FIELD_INVALID /tools/0/name');
  assert.equal(refused({ function: fn, Function: { name: 'drop' } }), 'FIELD_INVALID /tools/0/Function');
  const own = { type: 'web_search_20250305', name: 'web_search', function: fn };
  assert.deepEqual(toolsOf({ tools: [own] }), ['web_search_20250305'], 'the type says what it is');
});

test('a server that the provider asks is told by its address beside its label', () => {
  const tool = { type: 'mcp', server_label: 'search' };
  const responses = { path: '/v1/responses' };
  const declared = (one: object) =>
    toolsOf({ messages: undefined, input: 'hi', tools: [one] } as object, responses);
  assert.deepEqual(declared({ ...tool, server_url: 'https://Evil.example:8443/mcp?k=1' }), [
    'search',
    'https://evil.example:8443',
  ]);
  assert.deepEqual(declared({ ...tool, connector_id: 'connector_gmail' }), ['search', 'connector_gmail']);
  const none = { model: 'gpt-4o', input: 'hi', tools: [tool] };
  assert.equal(told(none, responses), 'FIELD_INVALID /tools/0/server_url');
});

test('what lets a provider search is a tool of the provider', () => {
  for (const name of ['web_search_options', 'search_parameters', 'plugins', 'data_sources'])
    assert.deepEqual(toolsOf({ [name]: name === 'web_search_options' ? {} : [{ id: 'web' }] }), [name]);
  assert.deepEqual(toolsOf({ plugins: [], search_parameters: null }), []);
});

test('what the provider keeps may bring tools along', () => {
  const stored = { messages: undefined, prompt: { id: 'pmpt_1' } } as object;
  assert.deepEqual(toolsOf(stored, { path: '/v1/responses' }), ['prompt']);
  const gemini = {
    host: 'generativelanguage.googleapis.com',
    path: '/v1beta/models/gemini-2.5-pro:generateContent',
  };
  const reading = read(
    { contents: [{ parts: [{ text: 'hi' }] }], cachedContent: 'cachedContents/1' },
    gemini,
  );
  assert.deepEqual(reading.kind === 'llm' && reading.tools.map(({ name }) => name), ['cachedContent']);
});

test('sound and pictures that a model makes have no price of text', () => {
  const sound = { model: 'gpt-4o-audio-preview', messages: SAID, max_tokens: 10 };
  const unpriced = (body: object, request: { host: string; path: string } = OPENAI) =>
    readRequest(jobOf(JSON.stringify(body), { request, demands: { ai: true, format: 'any' } }), deskOf())
      .facts.ai?.price_unknown;
  assert.equal(unpriced(sound), undefined);
  assert.equal(unpriced({ ...sound, modalities: ['text'] }), undefined);
  assert.equal(unpriced({ ...sound, modalities: ['text', 'audio'] }), 'SURCHARGE');
  assert.equal(unpriced({ ...sound, audio: { voice: 'alloy' } }), 'SURCHARGE');
  const gemini = {
    host: 'generativelanguage.googleapis.com',
    path: '/v1beta/models/gemini-2.5-flash:generateContent',
  };
  const asked = (more: object) => ({
    contents: [{ parts: [{ text: 'hi' }] }],
    generationConfig: { maxOutputTokens: 10, ...more },
  });
  assert.equal(unpriced(asked({ responseModalities: ['TEXT'] }), gemini), undefined);
  assert.equal(unpriced(asked({ responseModalities: ['TEXT', 'IMAGE'] }), gemini), 'SURCHARGE');
  assert.equal(unpriced(asked({ response_modalities: ['AUDIO'] }), gemini), 'SURCHARGE');
});

const BUDGET = { unit: 'tokens', default_output_tokens: 1_000 } as PlanBudget;

/** Tokens of output that are reserved for a call. */
function reserved(
  body: object,
  request: { host: string; path: string } = OPENAI,
): number | string | undefined {
  const job = jobOf(JSON.stringify(body), { request, demands: { ai: true, format: 'any' } });
  const { facts } = readRequest(job, deskOf());
  const amount = amountOf(BUDGET, facts);
  return typeof amount === 'number' ? amount - (facts.ai?.input_tokens ?? 0) : amount;
}

test('an end counts where the server that is asked keeps it', () => {
  const chat = { model: 'gpt-4o', messages: SAID };
  const completions = { host: 'api.openai.com', path: '/v1/completions' };
  const responses = { host: 'api.openai.com', path: '/v1/responses' };
  const deepseek = { host: 'api.deepseek.com', path: '/chat/completions' };
  const ollama = { host: 'localhost', path: '/api/generate' };
  const prompt = { model: 'm', prompt: 'hi' };
  const asked = { model: 'm', input: 'hi' };
  assert.equal(reserved({ ...chat, max_completion_tokens: 7 }), 7);
  assert.equal(reserved({ ...chat, max_tokens: 7, max_completion_tokens: 9 }), 9);
  assert.equal(reserved({ ...chat, max_output_tokens: 7 }), 1_000, 'a name of Responses');
  assert.equal(reserved({ ...chat, max_completion_tokens: 7 }, deepseek), 1_000, 'knows the old name alone');
  assert.equal(reserved({ ...prompt, max_completion_tokens: 7 }, completions), 1_000);
  assert.equal(reserved({ ...asked, max_tokens: 7 }, responses), 1_000);
  assert.equal(reserved({ ...asked, max_output_tokens: 7 }, responses), 7);
  assert.equal(reserved({ ...chat, max_tokens: 0 }), 1_000, 'nothing is no end to many');
  assert.equal(reserved({ ...prompt, options: { num_predict: 0 } }, ollama), 1_000, 'nor to Ollama');
  assert.equal(reserved({ ...prompt, options: { num_predict: 5 } }, ollama), 5);
});

test('every answer that is asked for counts', () => {
  const completions = { host: 'api.openai.com', path: '/v1/completions' };
  const chat = { model: 'gpt-4o', messages: SAID };
  const many = { model: 'm', prompt: ['a', 'b', 'c'], max_tokens: 10 };
  assert.equal(reserved(many, completions), 30, 'each prompt has its own');
  assert.equal(reserved({ ...many, n: 2 }, completions), 60);
  assert.equal(reserved({ ...many, prompt: [1, 2, 3] }, completions), 10, 'one prompt in tokens');
  assert.equal(reserved({ ...many, prompt: [[1], [2]] }, completions), 20);
  assert.equal(reserved({ ...chat, n: 8 }), 8_000, 'also where they have no end');
  assert.equal(reserved({ ...chat, n: 8, max_tokens: 5 }), 40);
});
