import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually } from '../../support/running.ts';
import { FORBIDDEN, MODELS } from './policy.ts';
import { HOSTS } from './providers.ts';
import { USAGE } from './script.ts';
import { type AiWorld, startAi, type Told } from './world.ts';

const TEXT = 'The quick brown fox rests.';
const UNLISTED = 'gpt-4o-2024-11-20';
const CALLS = [
  { library: 'openai', api: 'chat', host: HOSTS.openai, prefix: '/v1', model: MODELS.openai },
  { library: 'openai', api: 'responses', host: HOSTS.openai, prefix: '/v1', model: MODELS.openai },
  { library: 'anthropic', api: 'messages', host: HOSTS.anthropic, prefix: '', model: MODELS.anthropic },
] as const;
const CASES = ['allowed', 'other model', 'forbidden tool', 'other tool'] as const;

interface Ask {
  readonly call: (typeof CALLS)[number];
  readonly stream: boolean;
  readonly what: (typeof CASES)[number];
}
/** All that one agent asks, one after the other. */
const ASKS: readonly Ask[] = CALLS.flatMap((call) =>
  [false, true].flatMap((stream) =>
    CASES.filter((what) => call.api !== 'responses' || !what.endsWith('tool')).map((what) => ({
      ...{ call, stream, what },
    })),
  ),
);
const PROMPTS: Readonly<Record<Ask['what'], string>> = {
  allowed: 'hello',
  'other model': 'hello',
  'forbidden tool': `call ${FORBIDDEN.model}`,
  'other tool': 'call lookup',
};

/** What came of one ask: what the library made of it, its decision, the end of its answer, and what Envoy saw of that. */
interface Outcome {
  readonly told: Told;
  readonly decision: NaiveRecord;
  readonly end: NaiveRecord | undefined;
  readonly outcome: NaiveRecord | undefined;
}

describe('the official clients, unchanged, through interception', () => {
  let world: AiWorld;
  before(async () => {
    world = await startAi();
  });
  after(async () => {
    await world?.close();
  });

  for (const language of ['node', 'python'] as const) {
    let outcomes: readonly Outcome[] = [];
    let arrived: readonly string[] = [];

    it(`${language} asks`, async (t) => {
      if (language === 'python' && world.withoutPython) return t.skip(`SKIPPED: ${world.withoutPython}`);
      const [lines, requests] = [world.records().length, world.providers.seen.length];
      const told = await world.run(language, 'model_client', ASKS.map(asked));
      assert.equal(told.length, ASKS.length);
      const records = await eventually(
        () => settled(world.records().slice(lines)),
        'the ends of all answers',
      );
      const decisions = records.filter((record) => bodyOf(record).state !== undefined);
      assert.equal(decisions.length, ASKS.length, 'one decision for each ask');
      arrived = world.providers.seen.slice(requests).map(({ body }) => body);
      outcomes = decisions.map((decision, i) => ({
        decision,
        told: told[i] ?? assert.fail('a call without an answer'),
        end: records.find((record) => isEndOf(record, decision)),
        outcome: records.find((record) => isOutcomeOf(record, decision)),
      }));
    });

    for (const [i, { call, stream, what }] of ASKS.entries()) {
      const title = `${language}, ${call.library} ${call.api}, ${stream ? 'streamed' : 'whole'}`;
      const check = (name: string, judge: (outcome: Outcome) => void) =>
        it(`${title}: ${name}`, (t) => {
          if (language === 'python' && world.withoutPython) return t.skip(`SKIPPED: ${world.withoutPython}`);
          judge(outcomes[i] ?? assert.fail('nothing came of it'));
        });

      // Python's leaves at the last event, where the stream may go on for a moment.
      const leavesEarly = language === 'python' && call.api === 'chat' && stream;

      if (what === 'allowed')
        check('allowed, and settled at what the provider counted', ({ told, decision, end }) => {
          assert.deepEqual([told.ok, told.text], [true, TEXT], JSON.stringify(told));
          assert.equal(decision['verdict'], 'allow');
          const { ai } = bodyOf(decision);
          assert.deepEqual([ai?.kind, ai?.model], ['llm', call.model]);
          assert.equal(end?.['format'], stream ? 'sse' : 'json');
          assert.match(String(end?.['state']), leavesEarly ? /^(?:complete|client_abort)$/ : /^complete$/);
          const { input, output } = (end?.['usage'] ?? {}) as { input?: number; output?: number };
          assert.deepEqual({ input, output }, USAGE);
          const amounts = ((end?.['settled'] ?? []) as { settled: number }[]).map((one) => one.settled);
          assert.deepEqual(amounts, [USAGE.input + USAGE.output]);
        });

      if (what === 'other model')
        check('a model that no rule allows never sees the call', ({ told, decision }) => {
          assert.deepEqual([told.ok, told.error?.status], [false, 403], JSON.stringify(told));
          assert.match(told.error?.message ?? '', /POLICY_NO_MATCH|No rule allows/);
          assert.deepEqual([decision['verdict'], decision['reason']], ['deny', 'POLICY_NO_MATCH']);
          assert.deepEqual(
            arrived.filter((body) => body.includes(UNLISTED)),
            [],
          );
        });

      if (what === 'forbidden tool')
        check('a call of a forbidden tool never reaches the agent', ({ told, end, outcome }) => {
          assert.equal(told.ok, false, JSON.stringify(told));
          assert.doesNotMatch(JSON.stringify(told.calls ?? []), /transfer|account|amount/);
          isSaidByUs(told, stream);
          assert.equal(end?.['state'], stream ? 'policy_cut' : 'blocked');
          // At the error, libraries leave before we break off.
          if (stream) assert.match(String(outcome?.['state']), /^(?:completed|client_abort)$/);
          else assert.deepEqual([outcome?.['state'], outcome?.['cause']], ['completed', 'answer_blocked']);
        });

      if (what === 'other tool')
        check('a call of another tool arrives whole', ({ told }) => {
          assert.equal(told.ok, true, JSON.stringify(told));
          assert.equal(told.calls?.[0]?.name, 'lookup');
          assert.deepEqual(JSON.parse(told.calls?.[0]?.arguments ?? ''), { account: '12-34', amount: 5 });
        });
    }

    it(`${language}: no library asks again for an answer that was held back`, (t) => {
      if (language === 'python' && world.withoutPython) return t.skip(`SKIPPED: ${world.withoutPython}`);
      const forbidden = ASKS.filter(({ what }) => what === 'forbidden tool').length;
      assert.equal(arrived.filter((body) => body.includes(PROMPTS['forbidden tool'])).length, forbidden);
    });
  }

  it('MCP: tools are listed and called', async () => {
    const [told] = await mcp('add', { a: 1, b: 2 });
    assert.deepEqual(told, { ok: true, tools: ['add', 'drop'], text: '3' });
  });

  it('MCP: a call that a rule denies never reaches the server', async () => {
    const [told] = await mcp(FORBIDDEN.mcp, { table: 'users' });
    assert.equal(told?.ok, false, JSON.stringify(told));
    assert.deepEqual(told?.tools, ['add', 'drop']);
    assert.match(told?.error?.message ?? '', /403|POLICY_DENY/);
    const dropped = world.providers.seen.filter(({ body }) => body.includes('"users"'));
    assert.deepEqual(dropped, []);
  });

  const asked = ({ call, stream, what }: Ask) => ({
    ...{ library: call.library, api: call.api, stream, prompt: PROMPTS[what] },
    model: what === 'other model' ? UNLISTED : call.model,
    base_url: `https://${call.host}:${world.providers.port}${call.prefix}`,
  });
  const mcp = (tool: string, given: object) =>
    world.run('node', 'mcp_client', {
      url: `https://${HOSTS.mcp}:${world.providers.port}/mcp`,
      tool,
      arguments: given,
    });
});

/** Once every allowed call has the end of its answer. */
function settled(records: readonly NaiveRecord[]): readonly NaiveRecord[] | undefined {
  const allowed = records.filter((one) => bodyOf(one).state !== undefined && one['verdict'] === 'allow');
  const isEnded = (decision: NaiveRecord) =>
    [isEndOf, isOutcomeOf].every((isIt) => records.some((record) => isIt(record, decision)));
  return allowed.every(isEnded) ? records : undefined;
}

function isEndOf(record: NaiveRecord, decision: NaiveRecord): boolean {
  const { type, decision_ref, state } = record as { type?: string; decision_ref?: string; state?: string };
  return type === 'inspection' && decision_ref === decision['receipt_id'] && state !== 'mark';
}

function isOutcomeOf(record: NaiveRecord, decision: NaiveRecord): boolean {
  return record['type'] === 'outcome' && record['decision_ref'] === decision['receipt_id'];
}

function bodyOf(record: NaiveRecord): { state?: string; ai?: { kind: string; model?: string } } {
  return (record['request'] as { body?: object } | undefined)?.body ?? {};
}

/** The library raises its own API error and names our reason. */
function isSaidByUs({ error }: Told, stream: boolean): void {
  if (!stream) assert.equal(error?.status, 502);
  assert.match(`${error?.code} ${error?.message}`, /policy_cut|RESPONSE_BLOCKED|contract/);
}
