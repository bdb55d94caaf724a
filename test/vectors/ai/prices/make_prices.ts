// Writes src/core/ai/prices.json from a copy of LiteLLM's list of prices. How to run it: src/core/ai/prices.source.md.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TARGET = join(import.meta.dirname, '../../../../src/core/ai/prices.json');
/** Their name of a provider: ours, and the prefix of its models. */
const PROVIDERS: Readonly<Record<string, readonly [provider: string, prefix: string]>> = {
  openai: ['openai', ''],
  'text-completion-openai': ['openai', ''],
  anthropic: ['anthropic', ''],
  gemini: ['gemini', 'gemini/'],
  'vertex_ai-language-models': ['vertex', 'vertex_ai/'],
  'vertex_ai-embedding-models': ['vertex', 'vertex_ai/'],
  xai: ['xai', 'xai/'],
  deepseek: ['deepseek', 'deepseek/'],
  mistral: ['mistral', 'mistral/'],
  groq: ['groq', 'groq/'],
  moonshot: ['moonshot', 'moonshot/'],
  openrouter: ['openrouter', 'openrouter/'],
};
const MODES = ['chat', 'completion', 'responses', 'embedding'];
const RATES = {
  input: 'input_cost_per_token',
  output: 'output_cost_per_token',
  cached: 'cache_read_input_token_cost',
  cache_write: 'cache_creation_input_token_cost',
  cache_write_1h: 'cache_creation_input_token_cost_above_1hr',
  reasoning: 'output_cost_per_reasoning_token',
} as const;
const TIERS = [128, 200, 256, 272];

type Entry = Record<string, unknown>;
type Rates = Record<string, number>;
type Price = { input: number; rates: Rates; above?: Rates };

const [, , file = '', date = ''] = process.argv;
if (file === '' || !/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Error('usage: make_prices.ts <file> <date of the copy>');
const bytes = readFileSync(file);
const entries = Object.entries(JSON.parse(bytes.toString('utf8')) as Record<string, Entry>);
const models = new Map<string, Price>();
for (const [key, entry] of entries) addModel(key, entry);
const source = {
  name: 'LiteLLM model_prices_and_context_window.json',
  license: 'MIT',
  copied: date,
  sha256: createHash('sha256').update(bytes).digest('hex'),
};
const lines = [...models].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, { rates, above }]) => {
  const [provider, model] = JSON.parse(id) as [string, string];
  return JSON.stringify({ provider, model, ...rates, ...(above === undefined ? {} : { above }) });
});
const head = JSON.stringify({ schema: 'clawgress/prices/v1', unit: 'micro-USD per million tokens', source });
writeFileSync(TARGET, `${head.slice(0, -1)},"models":[\n${lines.join(',\n')}\n]}\n`);
console.log(`${lines.length} models of ${entries.length} entries`);

function addModel(key: string, entry: Entry): void {
  const [provider, prefix] = PROVIDERS[String(entry['litellm_provider'])] ?? [];
  if (provider === undefined || prefix === undefined || !MODES.includes(String(entry['mode']))) return;
  const rates = ratesOf(entry, '');
  // Embeddings have no output.
  if (entry['mode'] === 'embedding') rates['output'] ??= 0;
  const { input = 0, output } = rates;
  // Nothing is free for good: a price of zero is a price that we do not know.
  if (input === 0 || output === undefined) return;
  const tier = TIERS.find((size) => entry[`input_cost_per_token_above_${size}k_tokens`] !== undefined);
  const above = tier === undefined ? undefined : { tokens: tier * 1000, ...ratesOf(entry, `_above_${tier}k_tokens`) };
  const model = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  const id = JSON.stringify([provider, model]);
  const known = models.get(id);
  // Of two prices for one model the higher one counts.
  if (known === undefined || known.input < input)
    models.set(id, { input, rates, ...(above === undefined ? {} : { above }) });
}

function ratesOf(entry: Entry, suffix: string): Rates {
  const found = Object.entries(RATES).flatMap(([ours, theirs]) => {
    const value = entry[`${theirs}${suffix}`];
    return typeof value === 'number' && value >= 0 ? [[ours, exact(value)] as const] : [];
  });
  return Object.fromEntries(found);
}

/** USD per token in micro-USD per million tokens: 12 places, of the shortest decimal of the number, rounded up. */
function exact(value: number): number {
  const [, whole = '0', fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const shift = 12 + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return Number(digits * 10n ** BigInt(shift));
  const unit = 10n ** BigInt(-shift);
  return Number((digits + unit - 1n) / unit);
}
