import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually } from '../../support/running.ts';
import { FORBIDDEN, MODELS } from './policy.ts';
import { HOSTS } from './providers.ts';
import { USAGE } from './script.ts';
import { type AiWorld, type Language, startAi, type Told } from './world.ts';

const TEXT = 'The quick brown fox rests.';
const CALLS = [
  { library: 'openai', api: 'chat', host: HOSTS.openai, prefix: '/v1', model: MODELS.openai },
  { library: 'openai', api: 'responses', host: HOSTS.openai, prefix: '/v1', model: MODELS.openai },
  { library: 'anthropic', api: 'messages', host: HOSTS.anthropic, prefix: '', model: MODELS.anthropic },
] as const;
type Call = (typeof CALLS)[number];

describe('the official clients, unchanged, through interception', () => {
  let world: AiWorld;
  before(async () => {
    world = await startAi();
  });
  after(async () => {
    await world?.close();
  });

  const ask = (language: Language, call: Call, stream: boolean, prompt: string, model: string = call.model) =>
    world.run(language, 'model_client', {
      ...{ library: call.library, api: call.api, model, prompt, stream },
      base_url: `https://${call.host}:${world.providers.port}${call.prefix}`,
    });
  /** What was written since there were so many lines. */
  const since = (count: number) => world.records().slice(count);

  for (const language of ['node', 'python'] as const) {
    for (const call of CALLS) {
      for (const stream of [false, true]) {
        const title = `${language}, ${call.library} ${call.api}, ${stream ? 'streamed' : 'whole'}`;

        it(`${title}: allowed, and settled at what the provider counted`, async (t) => {
          if (language === 'python' && world.withoutPython) return t.skip(`SKIPPED: ${world.withoutPython}`);
          const before = world.records().length;
          const told = await ask(language, call, stream, 'hello');
          assert.equal(told.ok, true, JSON.stringify(told));
          assert.equal(told.text, TEXT);
          const records = since(before);
          const decision = inspectedDecision(records);
          assert.equal(decision['verdict'], 'allow');
          const { ai } = bodyOf(decision);
          assert.equal(ai?.kind, 'llm');
          assert.equal(ai?.model, call.model);
          const end = await eventually(() => endOf(since(before), decision), 'the end of the answer');
          assert.equal(end['state'], 'complete');
          assert.equal(end['format'], stream ? 'sse' : 'json');
          const { input, output } = end['usage'] as { input: number; output: number };
          assert.deepEqual({ input, output }, USAGE);
          const settled = end['settled'] as { settled: number }[];
          assert.deepEqual(
            settled.map((one) => one.settled),
            [USAGE.input + USAGE.output],
          );
        });

        it(`${title}: a model that no rule allows never sees the call`, async (t) => {
          if (language === 'python' && world.withoutPython) return t.skip(`SKIPPED: ${world.withoutPython}`);
          const arrived = world.providers.seen.length;
          const told = await ask(language, call, stream, 'hello', 'gpt-4o-2024-11-20');
          assert.equal(told.ok, false, JSON.stringify(told));
          assert.equal(told.error?.status, 403);
          assert.match(told.error?.message ?? '', /POLICY_NO_MATCH|No rule allows/);
          assert.equal(world.providers.seen.length, arrived);
        });

        if (call.api === 'responses') continue;
        it(`${title}: a call of a forbidden tool never reaches the agent`, async (t) => {
          if (language === 'python' && world.withoutPython) return t.skip(`SKIPPED: ${world.withoutPython}`);
          const before = world.records().length;
          const arrived = world.providers.seen.length;
          const told = await ask(language, call, stream, `call ${FORBIDDEN.model}`);
          assert.equal(told.ok, false, JSON.stringify(told));
          assert.equal(world.providers.seen.length, arrived + 1, 'the library asked again');
          assert.doesNotMatch(JSON.stringify(told.calls ?? []), /transfer|account|amount/);
          isSaidByUs(told, stream);
          const decision = inspectedDecision(since(before));
          const end = await eventually(() => endOf(since(before), decision), 'the end of the answer');
          assert.equal(end['state'], stream ? 'policy_cut' : 'blocked');
        });

        it(`${title}: a call of another tool arrives whole`, async (t) => {
          if (language === 'python' && world.withoutPython) return t.skip(`SKIPPED: ${world.withoutPython}`);
          const told = await ask(language, call, stream, 'call lookup');
          assert.equal(told.ok, true, JSON.stringify(told));
          assert.equal(told.calls?.[0]?.name, 'lookup');
          assert.deepEqual(JSON.parse(told.calls?.[0]?.arguments ?? ''), { account: '12-34', amount: 5 });
        });
      }
    }
  }

  it('MCP: tools are listed and called', async () => {
    const told = await mcp('add', { a: 1, b: 2 });
    assert.deepEqual(told, { ok: true, tools: ['add', 'drop'], text: '3' });
  });

  it('MCP: a call that a rule denies never reaches the server', async () => {
    const told = await mcp(FORBIDDEN.mcp, { table: 'users' });
    assert.equal(told.ok, false, JSON.stringify(told));
    assert.deepEqual(told.tools, ['add', 'drop']);
    assert.match(told.error?.message ?? '', /403|POLICY_DENY/);
    const dropped = world.providers.seen.filter(({ body }) => body.includes('"users"'));
    assert.deepEqual(dropped, []);
  });

  const mcp = (tool: string, given: object) =>
    world.run('node', 'mcp_client', {
      url: `https://${HOSTS.mcp}:${world.providers.port}/mcp`,
      tool,
      arguments: given,
    });
});

function inspectedDecision(records: readonly NaiveRecord[]): NaiveRecord {
  const found = records.find((record) => record['type'] === 'decision' && bodyOf(record).state !== undefined);
  assert.ok(found, `no inspected decision among ${records.length} records`);
  return found;
}

function bodyOf(record: NaiveRecord): { state?: string; ai?: { kind: string; model?: string } } {
  return (record['request'] as { body?: object } | undefined)?.body ?? {};
}

function endOf(records: readonly NaiveRecord[], decision: NaiveRecord): NaiveRecord | undefined {
  return records.find(
    (record) =>
      record['type'] === 'inspection' &&
      record['decision_ref'] === decision['receipt_id'] &&
      record['state'] !== 'mark',
  );
}

/** The library raises its own API error and names our reason. */
function isSaidByUs({ error }: Told, stream: boolean): void {
  if (!stream) assert.equal(error?.status, 502);
  assert.match(`${error?.code} ${error?.message}`, /policy_cut|RESPONSE_BLOCKED|contract/);
}
