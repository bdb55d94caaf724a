import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CliError } from '../../../src/cli/exit.ts';
import { priceList } from '../../../src/cli/price_list.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problem.ts';
import { PRICES_DIGEST } from '../../../src/core/ai/prices.ts';

const folder = mkdtempSync(join(tmpdir(), 'cg-prices-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const MODEL = { provider: 'openai', model: 'gpt-4o', input: 2, output: 8 };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const kept = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const settings = (values: Record<string, string>) =>
  loadSettings(
    folder,
    {},
    { values: new Map(Object.entries(values).map(([key, text]) => [key, { flag: '--x', text }])) },
  );
const refusal = (run: () => unknown): CliError => {
  try {
    run();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  return assert.fail('accepted');
};

test('the list of the settings replaces that of the release, which is the one without', () => {
  const text = JSON.stringify({ schema: 'clawgress/prices/v1', models: [MODEL] });
  const file = kept('own.json', text);
  const { prices } = settings({ 'ai.prices_file': file, 'ai.prices_digest': sha256(text) }).ai;
  assert.deepEqual([...priceList(prices).prices.keys()], ['openai/gpt-4o']);
  assert.equal(priceList(prices).digest, sha256(text));
  assert.equal(priceList(settings({}).ai.prices).digest, PRICES_DIGEST);
});

test('another list than the reviewed one is refused, with what was found and what is allowed', () => {
  const file = kept('other.json', '{}');
  const error = refusal(() => priceList({ file, digest: sha256('reviewed') }));
  assert.equal(error.exitCode, 2);
  assert.ok(
    error.message.includes(sha256('{}')) && error.message.includes(sha256('reviewed')),
    error.message,
  );
  assert.match(refusal(() => priceList({ file, digest: sha256('{}') })).message, /PRICES_INVALID/);
  const missing = { file: join(folder, 'nowhere'), digest: sha256('{}') };
  assert.match(refusal(() => priceList(missing)).message, /nowhere cannot be read \(ENOENT\)/);
});

test('a list without its digest, a digest without a list and half a digest are no configuration', () => {
  const [file, digest] = [join(folder, 'own.json'), sha256('{}')];
  const wrong: readonly Record<string, string>[] = [
    { 'ai.prices_file': file },
    { 'ai.prices_digest': digest },
    { 'ai.prices_file': file, 'ai.prices_digest': digest.slice(1) },
    { 'ai.prices_file': file, 'ai.prices_digest': digest.toUpperCase() },
  ];
  for (const values of wrong) assert.throws(() => settings(values), ConfigError);
});
