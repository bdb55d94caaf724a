import { fail, ok, type Result } from '../result.ts';
import type { Price, Rates } from './prices.ts';
import type { Usage } from './usage.ts';

const TOKENS_PER_RATE = 1_000_000n;

/** What a call has cost, in micro-USD, exactly, the last one begun rounded up. Sound and film have no price here. */
export function costOf(usage: Usage, price: Price): Result<bigint, 'AUDIO_UNPRICED'> {
  if (usage.audio > 0) return fail('AUDIO_UNPRICED');
  const rates = ratesFor(price, usage.input);
  const short = usage.cache_write - usage.cache_write_1h;
  const plain = usage.input - usage.cached - usage.cache_write;
  return ok(
    rounded([
      [plain, rates.input],
      [usage.cached, rates.cached ?? rates.input],
      [short, rates.cache_write ?? rates.input],
      [usage.cache_write_1h, rates.cache_write_1h ?? rates.cache_write ?? rates.input],
      [usage.output - usage.reasoning, rates.output],
      [usage.reasoning, rates.reasoning ?? rates.output],
    ]),
  );
}

/** What a call can cost at most, in micro-USD: nothing cached, everything written to the dearest cache, all reasoning. */
export function costAtMost(
  tokens: { readonly input: number; readonly output: number },
  price: Price,
): bigint {
  const tiers =
    price.above === undefined || tokens.input <= price.above.tokens ? [price] : [price, price.above];
  const input = Math.max(...tiers.flatMap((rates) => inputRates(rates)));
  const output = Math.max(...tiers.flatMap((rates) => [rates.output, rates.reasoning ?? 0]));
  return rounded([
    [tokens.input, input],
    [tokens.output, output],
  ]);
}

function inputRates({ input, cached = 0, cache_write = 0, cache_write_1h = 0 }: Rates): readonly number[] {
  return [input, cached, cache_write, cache_write_1h];
}

function ratesFor(price: Price, input: number): Rates {
  return price.above !== undefined && input > price.above.tokens ? price.above : price;
}

function rounded(items: readonly (readonly [tokens: number, rate: number])[]): bigint {
  const sum = items.reduce((total, [tokens, rate]) => total + BigInt(tokens) * BigInt(rate), 0n);
  return (sum + TOKENS_PER_RATE - 1n) / TOKENS_PER_RATE;
}
