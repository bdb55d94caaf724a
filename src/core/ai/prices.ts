import { toHex } from '../canonical/hex.ts';
import { sha256 } from '../canonical/sha256.ts';
import { parseStrictJson } from '../canonical/strict_json.ts';
import { fail, ok, type Result } from '../result.ts';
import { PROVIDERS, type Provider } from './facts.ts';
import { countOf, isObject, type JsonObject, listOf, member, textOf } from './fields.ts';

/** SHA-256 of prices.json: prices change with a release of ours, seen by a reviewer, and not otherwise. */
export const PRICES_DIGEST = '6afc958866be2c72c02eaaceb2ed0f46767793c4494dd7a3215a581e22561b4b';
const SCHEMA = 'clawgress/prices/v1';

/** Micro-USD for a million tokens. What is absent costs as much as the plain input or output. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cached?: number;
  readonly cache_write?: number;
  readonly cache_write_1h?: number;
  readonly reasoning?: number;
}

export interface Price extends Rates {
  /** Rates of a whole call whose input is longer. */
  readonly above?: Rates & { readonly tokens: number };
}

export interface PriceTable {
  readonly digest: string;
  readonly prices: ReadonlyMap<string, Price>;
}

/** Reads a list of prices whose digest is known beforehand. */
export function readPrices(
  bytes: Uint8Array,
  digest: string,
): Result<PriceTable, 'DIGEST_DIFFERS' | 'PRICES_INVALID'> {
  if (toHex(sha256(bytes)) !== digest) return fail('DIGEST_DIFFERS');
  const document = parseStrictJson(bytes);
  if (!document.ok || textOf(document.value, 'schema') !== SCHEMA) return fail('PRICES_INVALID');
  const prices = new Map<string, Price>();
  for (const entry of listOf(document.value, 'models')) {
    const provider = PROVIDERS.find((name) => name === textOf(entry, 'provider'));
    const model = textOf(entry, 'model');
    const price = isObject(entry) ? priceIn(entry) : undefined;
    if (provider === undefined || model === undefined || price === undefined) return fail('PRICES_INVALID');
    prices.set(keyOf(provider, model), price);
  }
  return prices.size === 0 ? fail('PRICES_INVALID') : ok({ digest, prices });
}

function keyOf(provider: Provider, model: string): string {
  return `${provider}/${model}`;
}

function priceIn(entry: JsonObject): Price | undefined {
  const rates = ratesIn(entry);
  const tier = member(entry, 'above');
  if (rates === undefined || tier === undefined) return rates;
  const tokens = countOf(tier, 'tokens');
  const above = isObject(tier) ? ratesIn(tier, rates) : undefined;
  return tokens === undefined || above === undefined ? undefined : { ...rates, above: { ...above, tokens } };
}

const OPTIONAL = ['cached', 'cache_write', 'cache_write_1h', 'reasoning'] as const;

function ratesIn(entry: JsonObject, base?: Rates): Rates | undefined {
  const input = countOf(entry, 'input') ?? base?.input;
  const output = countOf(entry, 'output') ?? base?.output;
  if (input === undefined || output === undefined) return undefined;
  const more = OPTIONAL.flatMap((name) => {
    const rate = countOf(entry, name) ?? base?.[name];
    return rate === undefined ? [] : [[name, rate] as const];
  });
  return { input, output, ...Object.fromEntries(more) };
}

export type PriceUnknown =
  | 'MODEL_UNNAMED'
  | 'MODEL_UNLISTED'
  /** Something of the call or of the answer has a price that is in no list. */
  | 'SURCHARGE';

export interface Priced {
  readonly provider: Provider;
  readonly model?: string;
  readonly surcharges?: readonly string[];
  /** As the answer says. */
  readonly service_tier?: string;
}

const USUAL_TIERS = ['default', 'standard', 'auto', 'flex', 'batch'];

/** The price of a call, or why there is none. Names are compared whole: a name that is like another may cost more. */
export function priceOf(
  table: PriceTable,
  { provider, model, ...call }: Priced,
): Result<Price, PriceUnknown> {
  if (model === undefined) return fail('MODEL_UNNAMED');
  const price = table.prices.get(keyOf(provider, model));
  if (price === undefined) return fail('MODEL_UNLISTED');
  const isUsual = call.service_tier === undefined || USUAL_TIERS.includes(call.service_tier);
  return isUsual && (call.surcharges ?? []).length === 0 ? ok(price) : fail('SURCHARGE');
}
