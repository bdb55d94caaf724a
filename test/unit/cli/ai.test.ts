import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AiAgentArgs, aiAgent } from '../../../src/cli/ai_agent.ts';
import { type AiAnswerArgs, aiAnswer } from '../../../src/cli/ai_answer.ts';
import { type AiReadArgs, aiRead } from '../../../src/cli/ai_read.ts';
import { explain } from '../../../src/cli/exit.ts';
import { priceList } from '../../../src/cli/price_list.ts';
import { type Transcript, transcript } from '../core/ai/transcripts.ts';

const SECRET = 'sk-this-is-a-secret';

async function* cut(text: string, size = 17): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(args: Partial<AiReadArgs>, body?: string) {
  let out = '';
  const all = { host: 'api.openai.com', path: '/', method: 'POST', headers: [], json: true, ...args };
  const code = await aiRead(all, body === undefined ? undefined : cut(body), priceList, (part) => {
    out += part;
  });
  return { code, out };
}

function readTranscript({ request }: Transcript, extra: Partial<AiReadArgs> = {}) {
  const headers = request.headers.map(({ name, value }) => `${name}: ${value}`);
  const { host, path, method, body } = request;
  return read(
    { host, path, method, headers, ...extra },
    body === undefined ? undefined : JSON.stringify(body),
  );
}

async function answer(name: string, extra: Partial<AiAnswerArgs> = {}, text?: string) {
  const { expect, answer: given } = transcript(name);
  const kind = { dialect: expect['dialect'], endpoint: expect['endpoint'] } as AiAnswerArgs['kind'];
  const { framing } = given ?? {};
  let out = '';
  const code = await aiAnswer(
    {
      ...{ file: 'x', kind, provider: kind.dialect, json: true },
      framing: framing === 'sse' ? 'sse' : framing === 'json_lines' ? 'ndjson' : 'json',
      ...extra,
    },
    cut(text ?? given?.text ?? JSON.stringify(given?.value)),
    priceList,
    (part) => {
      out += part;
    },
  );
  return { code, out };
}

async function agent(text: string, extra: Partial<AiAgentArgs> = {}) {
  let out = '';
  const args = { file: 'x', card: false, framing: 'json', json: true, ...extra } as const;
  const code = await aiAgent(args, cut(text), (part) => {
    out += part;
  });
  return { code, out };
}

test('a call of a model is told with its tokens and what it can cost', async () => {
  const { code, out } = await readTranscript(transcript('openai-chat-stream-tools'));
  assert.equal(code, 0);
  const { reading, cost } = JSON.parse(out);
  const { input, ...rest } = reading;
  assert.deepEqual(rest, transcript('openai-chat-stream-tools').expect);
  // gpt-5.5 costs 5 USD in and 30 USD out for a million tokens.
  const usd = (tokens: number) => ((tokens * 5 + 500 * 30) / 1_000_000).toFixed(6);
  assert.deepEqual(cost, { known: true, at_most_usd: usd(input.tokens), ceiling_usd: usd(input.ceiling) });
  const text = await readTranscript(transcript('openai-chat-stream-tools'), { json: false });
  assert.match(text.out, /^model {6}gpt-5\.5$/m);
  assert.match(text.out, /^tools {6}get_weather, get_time$/m);
  assert.match(text.out, /^cost {7}at most 0\.0\d+ USD/m);
});

test('a bound that is not known says why', async () => {
  const call = (more: object) =>
    JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'x' }], ...more });
  const costOf = async (more: object) =>
    JSON.parse((await read({ path: '/v1/chat/completions' }, call(more))).out).cost;
  const open = await costOf({});
  assert.deepEqual([open.known, open.reason], [false, 'OUTPUT_UNBOUNDED']);
  assert.match(open.input_at_most_usd, /^0\.000\d{3}$/);
  assert.deepEqual(await costOf({ model: 'gpt-unheard-of' }), { known: false, reason: 'MODEL_UNLISTED' });
  assert.deepEqual(await costOf({ service_tier: 'priority' }), { known: false, reason: 'SURCHARGE' });
});

test('calls of tools and agents are told, and the word of a rule counts', async () => {
  const tool = await readTranscript(transcript('mcp-2026-tools-call'), { json: false });
  assert.equal(tool.code, 0);
  assert.match(tool.out, /^kind {7}mcp$.*^target {5}get_weather$/ms);
  const card = await read({ host: 'agent.example.com', path: '/.well-known/agent-card.json', method: 'GET' });
  assert.equal(JSON.parse(card.out).reading.operation, 'GetAgentCard');
  const shared = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { id: 't' } });
  const where = { host: 'agent.example.com', path: '/rpc' };
  const unsaid = await read(where, shared);
  assert.deepEqual([unsaid.code, JSON.parse(unsaid.out).reading.reason], [1, 'METHOD_AMBIGUOUS']);
  assert.equal((await read({ ...where, protocol: 'a2a' }, shared)).code, 0);
  assert.equal((await read({ ...where, protocol: 'llm', provider: 'openai' }, shared)).code, 1);
  await assert.rejects(read({ ...where, provider: 'openai' }, shared), /--provider needs --protocol/);
});

test('what is unknown is told with its reason, what is other traffic is none', async () => {
  const unknown = await read({ path: '/v1/files', json: false }, '{}');
  assert.equal(unknown.code, 1);
  assert.match(unknown.out, /^reason {5}ENDPOINT_UNKNOWN$/m);
  const none = await read({ host: 'api.example.com', path: '/v1/items' }, '{"a":1}');
  assert.deepEqual([none.code, JSON.parse(none.out)], [0, { reading: { kind: 'none' } }]);
  const twice = await read({ path: '/v1/chat/completions' }, '{"model":"a","model":"b"}');
  const report = JSON.parse(twice.out);
  assert.equal(twice.code, 1);
  assert.deepEqual([report.reading.reason, report.body_problem.code], ['BODY_DISAGREES', 'DUPLICATE_KEY']);
  const elsewhere = await read({ host: 'api.example.com', path: '/v1/items' }, '{"a":');
  assert.equal(elsewhere.code, 1, 'a body that cannot be read is not understood, whoever gets it');
});

test('headers and queries are never repeated', async () => {
  const headers = [`authorization: Bearer ${SECRET}`, `x-api-key: ${SECRET}`, `mcp-session-id: ${SECRET}`];
  const bodies = [JSON.stringify(transcript('mcp-2025-tools-call').request.body), '{"a":', '{}', undefined];
  for (const json of [true, false]) {
    for (const body of bodies) {
      const { out } = await read({ headers, path: `/v1/models/m:generateContent?key=${SECRET}`, json }, body);
      assert.ok(out.length > 0 && !out.includes(SECRET), out);
    }
  }
  const wrong = [{ headers: [SECRET] }, { headers: [`a b: ${SECRET}`] }, { headers: [`a: x\n${SECRET}`] }];
  for (const args of [...wrong, { path: `v1?key=${SECRET}` }, { host: `user:${SECRET}@host` }]) {
    const error = await read(args, '{}').catch((problem: unknown) => problem);
    const { exitCode, text } = explain(error, false);
    assert.equal(exitCode, 2);
    assert.ok(!text.includes(SECRET), text);
  }
});

test('an answer is told with its calls, its usage and what it has cost', async () => {
  const { code, out } = await answer('openai-chat-stream-tools');
  const { answer: facts, cost } = JSON.parse(out);
  assert.equal(code, 0);
  assert.deepEqual(facts, transcript('openai-chat-stream-tools').expect_answer);
  // 31 tokens at 5 USD, 64 from the cache at 0.50, 120 out at 30.
  assert.deepEqual(cost, { known: true, usd: (Math.ceil(31 * 5 + 64 * 0.5 + 120 * 30) / 1e6).toFixed(6) });
  const text = await answer('openai-chat-stream-tools', { json: false });
  assert.match(text.out, /^call {7}get_weather {"location":"Paris"} \(run by the client\)$/m);
  const lines = await answer('ollama-chat-stream');
  assert.deepEqual(JSON.parse(lines.out).answer, transcript('ollama-chat-stream').expect_answer);
  const whole = await answer('anthropic-messages-whole');
  assert.deepEqual(JSON.parse(whole.out).answer, transcript('anthropic-messages-whole').expect_answer);
});

test('an answer that is not whole or not sound says no', async () => {
  const stream = transcript('openai-chat-stream-tools').answer?.text ?? '';
  const short = await answer('openai-chat-stream-tools', {}, stream.slice(0, 900));
  const report = JSON.parse(short.out);
  assert.deepEqual(
    [short.code, report.answer.is_complete, report.stream_problem],
    [1, false, 'ENDS_INSIDE_EVENT'],
  );
  assert.deepEqual(report.cost, { known: false, reason: 'USAGE_UNTOLD' });
  const twice = await answer(
    'openai-chat-stream-tools',
    {},
    stream.replace('"model":', '"model":"x","model":'),
  );
  assert.deepEqual(JSON.parse(twice.out).answer.issues, ['EVENT_UNREADABLE'], 'duplicate names are refused');
  assert.equal(twice.code, 1);
  const broken = await answer('anthropic-messages-whole', { json: false }, '{"id": ?}');
  assert.equal(broken.code, 1);
  assert.match(broken.out, /^x:1:8: UNEXPECTED_BYTE/);
  const long = await answer('ollama-chat-stream', {}, `"${'x'.repeat(1_100_000)}`);
  assert.equal(JSON.parse(long.out).stream_problem, 'LINE_TOO_BIG');
});

test('arguments of a model move no cursor', async () => {
  const value = transcript('anthropic-messages-whole').answer?.value;
  const hostile = JSON.stringify(value).replace('"name":"save"', '"name":"\\u001b[2Jsave\\u202e"');
  const { out } = await answer('anthropic-messages-whole', { json: false }, hostile);
  assert.match(out, /^call {7}\\u\{1b\}\[2Jsave\\u\{202e\} /m);
});

const TOOLS = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"search"},{"name":"drop"}]}}';

test('what a server of tools answers is told, in a body and as events', async () => {
  const whole = await agent(TOOLS);
  assert.equal(whole.code, 0);
  assert.deepEqual(JSON.parse(whole.out), {
    messages: [{ kind: 'result', id: 1, tools: ['search', 'drop'] }],
  });
  const text = await agent(TOOLS, { json: false });
  assert.equal(text.out, 'kind       result\nid         1\ntools      ["search","drop"]\n');
  const moved = '{"jsonrpc":"2.0","method":"notifications/progress","params":{}}';
  const events = await agent(`id: 1\ndata:\n\ndata: ${moved}\n\ndata: ${TOOLS}\n\n`, { framing: 'sse' });
  assert.equal(events.code, 0);
  assert.deepEqual(
    JSON.parse(events.out).messages.map(({ kind }: { kind: string }) => kind),
    ['notification', 'result'],
  );
});

test('what nobody understands of an agent is a no', async () => {
  const odd = await agent('{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', { json: false });
  assert.deepEqual([odd.code, /^reason {5}FIELD_INVALID$/m.test(odd.out)], [1, true], odd.out);
  const broken = await agent('{"jsonrpc":', { json: false });
  assert.equal(broken.code, 1);
  assert.match(broken.out, /x:1:\d+/);
  const late = await agent(`data: ${TOOLS}\n\ndata: {`, { framing: 'sse' });
  assert.deepEqual([late.code, JSON.parse(late.out).stream_problem], [1, 'ENDS_INSIDE_EVENT']);
});

test('an agent card is told', async () => {
  const card = {
    name: 'planner',
    url: 'https://agent.example/a2a',
    skills: [{ id: 'plan' }],
    signatures: [{}],
  };
  const { code, out } = await agent(JSON.stringify(card), { card: true });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out).messages[0], {
    ...{ name: 'planner', urls: ['https://agent.example/a2a'], protocol_versions: [] },
    ...{ skills: ['plan'], signatures: 1 },
  });
  assert.equal((await agent('{"name":"planner"}', { card: true })).code, 1);
});
