import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AiFacts, BodyFacts } from '../../../../src/core/contract/body_facts.ts';
import type { BudgetOp } from '../../../../src/core/ledger/budget_operation.ts';
import { AMOUNT_MAX, assertBudgetOp, untilOf } from '../../../../src/core/ledger/budget_window.ts';
import { ok } from '../../../../src/core/result.ts';
import { decide } from '../../../../src/core/verdict/decide.ts';
import type { Limit } from '../../../../src/gen/policy_document.ts';
import { codes, compiled, documentOf, principalOf, requestOf } from './sample.ts';

const SPEND: Limit = { id: 'spend', per: 'team', usd_cents: 500, window: { sliding: '1h' } };
const TOKENS: Limit = {
  id: 'tokens',
  per: 'agent',
  tokens: 10_000,
  window: { fixed: '30d', anchor: '2026-01-01' },
};

const CALL: AiFacts = {
  ...({ kind: 'llm', provider: 'openai', dialect: 'openai', endpoint: 'chat', model: 'gpt-4o' } as const),
  ...{ input_tokens: 1_000, max_output_tokens: 200, cost_at_most_micro_usd: 4_500 },
};
const UNBOUNDED: AiFacts = {
  ...({ kind: 'llm', provider: 'openai', dialect: 'openai', endpoint: 'chat', model: 'gpt-4o' } as const),
  ...{ input_tokens: 1_000, price_unknown: 'OUTPUT_UNBOUNDED' },
  ...{ input_cost_micro_usd: 2_500, output_rate: 10_000_001 },
};
const bodyOf = (ai?: AiFacts, rest: Partial<BodyFacts> = {}): BodyFacts => ({
  ...{ state: 'complete', bytes: 9, format: 'json' },
  ...(ai === undefined ? {} : { ai }),
  ...rest,
});

function policyOf(...limits: Limit[]) {
  const rules = [{ id: 'all', action: 'allow', match: { destination: { any_host: true } } } as const];
  return compiled(documentOf({ rules, limits })).policy;
}

/** `reason rule` of a denial, or the operations of an allow. */
function judged(limits: readonly Limit[], body: BodyFacts | undefined, url = 'https://api.openai.com/v1') {
  const request = { ...requestOf({ url, method: 'POST' }), ...(body === undefined ? {} : { body }) };
  const { verdict, demands, inspect } = decide(
    policyOf(...limits),
    { ok: true, principal: principalOf() },
    ok(request),
  );
  if (verdict.verdict === 'deny')
    return [verdict.reason, verdict.rule_id, ...(inspect?.ai === true ? ['reads'] : [])].join(' ');
  return demands.map(({ op }) => op);
}

const amounts = (limits: readonly Limit[], body: BodyFacts) => {
  const said = judged(limits, body);
  return typeof said === 'string' ? said : said.map((op) => (op.op === 'budget' ? op.amount : op.op));
};

describe('budgets in policy', () => {
  it('become windows, caps and keys of their own', () => {
    const said = judged([SPEND, TOKENS], bodyOf(CALL)) as readonly BudgetOp[];
    assert.deepEqual(
      said.map(({ limit_id, unit, amount, cap, slot_us, slots, anchor_us }) => [
        ...[limit_id, unit, amount, cap],
        ...[slot_us, slots, anchor_us],
      ]),
      [
        ['spend/usd', 'micro_usd', 4_500, 5_000_000, 60_000_000, 61, 0],
        ['tokens/tokens', 'tokens', 1_200, 10_000, 30 * 86_400_000_000, 1, Date.UTC(2026, 0, 1) * 1_000],
      ],
    );
    for (const op of said) assertBudgetOp(op);
    const [same, wider] = [SPEND, { ...SPEND, usd_cents: 9 }, { ...SPEND, window: { sliding: '2h' } }]
      .map((limit) => (judged([limit], bodyOf(CALL)) as readonly BudgetOp[])[0]?.key)
      .slice(1);
    assert.equal(same, said[0]?.key, 'another cap goes on with what was used');
    assert.notEqual(wider, said[0]?.key, 'another window begins anew');
  });

  it('ask for every body that they cover, and count calls of models alone', () => {
    assert.equal(judged([SPEND], undefined), 'BODY_NOT_COMPLETED all reads');
    const elsewhere = { ...SPEND, match: { destination: { hosts: ['api.anthropic.com'] } } };
    assert.deepEqual(judged([elsewhere], undefined), []);
    assert.deepEqual(judged([SPEND, TOKENS], bodyOf()), []);
    assert.deepEqual(judged([SPEND, TOKENS], bodyOf({ kind: 'mcp', method: 'tools/call' })), []);
    assert.deepEqual(
      judged([{ ...SPEND, match: { protocol: { kind: 'llm', models: ['o3'] } } }], bodyOf(CALL)),
      [],
    );
  });

  it('reserve the output that a call sets no end to', () => {
    assert.deepEqual(amounts([TOKENS], bodyOf(UNBOUNDED)), [5_096]);
    assert.deepEqual(amounts([{ ...TOKENS, default_output_tokens: 50 }], bodyOf(UNBOUNDED)), [1_050]);
    // 50 tokens at 10.000001 USD a million: 500.00005 micro-USD, rounded up.
    assert.deepEqual(amounts([{ ...SPEND, default_output_tokens: 50 }], bodyOf(UNBOUNDED)), [3_001]);
    const { max_output_tokens: _, ...rest } = CALL;
    assert.deepEqual(amounts([TOKENS], bodyOf({ ...rest, endpoint: 'embeddings' })), [1_000]);
    const dear = { ...CALL, cost_at_most_micro_usd: Number.MAX_SAFE_INTEGER };
    assert.deepEqual(amounts([SPEND], bodyOf(dear)), [AMOUNT_MAX], 'more than any cap');
  });

  it('refuse what nobody can count or price, unless they are told to let it pass', () => {
    const unlisted: AiFacts = { kind: 'llm', input_tokens: 5, price_unknown: 'MODEL_UNLISTED' };
    const unread: AiFacts = { kind: 'unknown', unknown_reason: 'BATCH' };
    assert.equal(judged([SPEND], bodyOf(unlisted)), 'PRICE_UNKNOWN spend');
    assert.deepEqual(amounts([TOKENS], bodyOf(unlisted)), [4_101]);
    assert.equal(judged([SPEND, TOKENS], bodyOf(unread)), 'PRICE_UNKNOWN spend');
    assert.equal(judged([TOKENS], bodyOf(unread)), 'AI_UNREADABLE tokens');
    assert.equal(judged([TOKENS], bodyOf({ kind: 'llm' })), 'AI_UNREADABLE tokens');
    assert.equal(judged([TOKENS], bodyOf(undefined, { state: 'streamed' })), 'AI_UNREADABLE tokens');
    assert.match(
      String(judged([TOKENS], bodyOf(undefined, { problem: { code: 'DUPLICATE_KEY' } }))),
      / tokens$/,
    );
    for (const limit of [
      { ...SPEND, unknown_price: 'alert' as const },
      { ...SPEND, mode: 'alert_only' as const },
    ]) {
      for (const body of [bodyOf(unlisted), bodyOf(unread), bodyOf(undefined, { state: 'streamed' })]) {
        const [op] = judged([limit], body) as readonly BudgetOp[];
        assert.deepEqual([op?.amount, op?.unpriced], [0, true]);
      }
    }
  });

  it('never hold more than the cap in an hour that begins at any moment of a slot', () => {
    const [op] = judged([SPEND], bodyOf(CALL)) as readonly BudgetOp[];
    assert.ok(op, 'an operation');
    for (const second of [0, 1, 59]) {
      const at = Date.UTC(2030, 0, 1, 0, 0, second) * 1_000;
      assert.ok(untilOf(op, at) > at + 3_600_000_000 - 1, `counted for an hour from second ${second} on`);
    }
  });

  it('wait for the usage of what they count', () => {
    const request = { ...requestOf({ url: 'https://api.openai.com/v1' }), body: bodyOf(CALL) };
    const { verdict } = decide(policyOf(SPEND), { ok: true, principal: principalOf() }, ok(request));
    assert.equal(verdict.response?.usage, true);
  });

  it('are bounded in number, apart from buckets', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...SPEND, id: `b${i}` }));
    const rates = Array.from({ length: 20 }, (_, i) => ({ id: `r${i}`, per: 'agent', rps: i + 1 }));
    const text = (limits: readonly object[]) =>
      JSON.stringify({ schema: 'clawgress/policy/v1', id: 'x', rules: [], limits });
    assert.ok(
      !codes(text([...many(4), ...rates])).includes('TOO_MANY_BUDGETS'),
      'four fit beside all buckets',
    );
    assert.deepEqual(codes(text(many(5))), ['TOO_MANY_BUDGETS']);
  });

  it('are linted', () => {
    const lint = (...limits: Limit[]) => compiled(documentOf({ limits })).warnings.map(({ code }) => code);
    assert.deepEqual(lint(SPEND, { ...SPEND, id: 'again' }), ['LIMIT_DUPLICATE']);
    assert.deepEqual(lint(SPEND, { ...SPEND, id: 'less', usd_cents: 4 }), ['LIMIT_CONTRADICTORY']);
    assert.deepEqual(
      lint(SPEND, { ...SPEND, id: 'day', window: { sliding: '1d' } }, { ...TOKENS, per: 'team' }),
      [],
    );
    assert.deepEqual(lint({ ...SPEND, match: { protocol: { kind: 'mcp' } } }), ['BUDGET_IDLE']);
  });
});
