import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { costAtMost, costOf } from '../../../../src/core/ai/cost.ts';
import type { Provider } from '../../../../src/core/ai/facts.ts';
import { PRICES_DIGEST, type Price, priceOf, readPrices } from '../../../../src/core/ai/prices.ts';
import { NO_USAGE, type Usage } from '../../../../src/core/ai/usage.ts';

const BYTES = new Uint8Array(readFileSync(join(import.meta.dirname, '../../../../src/core/ai/prices.json')));
const table = readPrices(BYTES, PRICES_DIGEST);
assert.ok(table.ok, 'the list of prices is not the one that was reviewed');
const TABLE = table.value;

const price = (provider: Provider, model: string) => {
  const found = priceOf(TABLE, { provider, model });
  assert.ok(found.ok, `no price of ${model}`);
  return found.value;
};
const usage = (some: Partial<Usage>): Usage => ({ ...NO_USAGE, ...some });
const cost = (some: Partial<Usage>, of: Price) => {
  const result = costOf(usage(some), of);
  assert.ok(result.ok, 'no cost');
  return result.value;
};

test('prices of the public lists of providers, to the micro-dollar', () => {
  // USD for a million tokens: 2.50 in, 1.25 cached, 10.00 out.
  assert.equal(cost({ input: 1_000_000 }, price('openai', 'gpt-4o')), 2_500_000n);
  assert.equal(cost({ input: 1_000_000, cached: 1_000_000 }, price('openai', 'gpt-4o')), 1_250_000n);
  assert.equal(cost({ output: 1_000_000, reasoning: 400_000 }, price('openai', 'gpt-4o')), 10_000_000n);
  // 3.00 in, 3.75 and 6.00 into the caches, 0.30 from it, 15.00 out; the double beyond 200,000.
  const sonnet = price('anthropic', 'claude-sonnet-4-5');
  const some = { input: 3472, cached: 1000, cache_write: 2000, cache_write_1h: 500, output: 89 };
  assert.equal(cost(some, sonnet), BigInt(472 * 3 + 300 + (1500 * 375) / 100 + 500 * 6 + 89 * 15 + 1 - 1));
  assert.equal(cost({ input: 200_000 }, sonnet), 600_000n);
  assert.equal(cost({ input: 200_001 }, sonnet), 1_200_006n);
  assert.equal(
    cost({ input: 1 }, price('openai', 'text-embedding-3-small')),
    1n,
    'a part of a micro-dollar is one',
  );
  assert.equal(cost({}, sonnet), 0n);
});

test('nothing but the reviewed list is read', () => {
  const other = BYTES.slice();
  other[other.length - 2] = 0x20;
  assert.deepEqual(readPrices(other, PRICES_DIGEST), { ok: false, problem: 'DIGEST_DIFFERS' });
  const read = (document: unknown) => {
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    return readPrices(bytes, createHash('sha256').update(bytes).digest('hex')).ok;
  };
  const list = (entry: object) => ({ schema: 'clawgress/prices/v1', models: [entry] });
  const good = { provider: 'openai', model: 'm', input: 1, output: 2 };
  assert.equal(read(list(good)), true);
  for (const bad of [
    {},
    { schema: 'clawgress/prices/v2', models: [good] },
    { ...list(good), models: [] },
    list({ ...good, provider: 'nobody' }),
    list({ ...good, input: -1 }),
    list({ provider: 'openai', model: 'm', input: 1 }),
    list({ ...good, above: { input: 1 } }),
  ])
    assert.equal(read(bad), false, JSON.stringify(bad));
});

test('an unknown price is told, with its reason', () => {
  const why = (call: Parameters<typeof priceOf>[1]) => {
    const found = priceOf(TABLE, call);
    return found.ok ? 'known' : found.problem;
  };
  const known = { provider: 'openai', model: 'gpt-4o' } as const;
  assert.equal(why(known), 'known');
  assert.equal(why({ ...known, service_tier: 'default' }), 'known');
  assert.equal(why({ ...known, service_tier: 'priority' }), 'SURCHARGE');
  assert.equal(why({ ...known, surcharges: ['speed:fast'] }), 'SURCHARGE');
  assert.equal(why({ provider: 'openai' }), 'MODEL_UNNAMED');
  for (const model of ['gpt-4o-new', 'GPT-4o', 'gpt-4', '', '__proto__', 'openai/gpt-4o', 'ft:gpt-4o:me'])
    assert.equal(why({ provider: 'other', model }), 'MODEL_UNLISTED', model);
  assert.equal(why({ provider: 'openai', model: 'gpt-4o-unheard-of' }), 'MODEL_UNLISTED');
  assert.deepEqual(costOf(usage({ input: 2, audio: 1 }), price('openai', 'gpt-4o')), {
    ok: false,
    problem: 'AUDIO_UNPRICED',
  });
});

const rate = fc.nat(1_000_000_000);
const rates = fc.record(
  { input: rate, output: rate, cached: rate, cache_write: rate, cache_write_1h: rate, reasoning: rate },
  { requiredKeys: ['input', 'output'] },
);
const prices = fc.oneof(
  rates,
  fc
    .tuple(rates, rates, fc.nat(1000))
    .map(([base, more, tokens]) => ({ ...base, above: { ...more, tokens } })),
) as fc.Arbitrary<Price>;
const parts = fc.record({
  plain: fc.nat(2000),
  cached: fc.nat(2000),
  write: fc.nat(2000),
  write_1h: fc.nat(2000),
  said: fc.nat(2000),
  reasoning: fc.nat(2000),
});

test('a cost is what six products sum up to, and never above what it can be at most', () => {
  fc.assert(
    fc.property(prices, parts, (of, { plain, cached, write, write_1h, said, reasoning }) => {
      const input = plain + cached + write + write_1h;
      const output = said + reasoning;
      const use = {
        input,
        cached,
        cache_write: write + write_1h,
        cache_write_1h: write_1h,
        output,
        reasoning,
      };
      const r = of.above !== undefined && input > of.above.tokens ? of.above : of;
      const millionths = [
        [plain, r.input],
        [cached, r.cached ?? r.input],
        [write, r.cache_write ?? r.input],
        [write_1h, r.cache_write_1h ?? r.cache_write ?? r.input],
        [said, r.output],
        [reasoning, r.reasoning ?? r.output],
      ].map(([tokens = 0, each = 0]) => tokens * each);
      // Far below 2^53: plain numbers are exact here, and independent of the code.
      const sum = millionths.reduce((a, b) => a + b, 0);
      assert.equal(cost(use, of), BigInt(Math.ceil(sum / 1_000_000)));
      assert.ok(costAtMost({ input, output }, of) >= cost(use, of), 'more than it can be at most');
    }),
  );
});

test('large numbers stay exact', () => {
  const of = { input: 999_999_999, output: 1 };
  const input = Number.MAX_SAFE_INTEGER;
  assert.equal(cost({ input }, of), (BigInt(input) * 999_999_999n + 999_999n) / 1_000_000n);
});
