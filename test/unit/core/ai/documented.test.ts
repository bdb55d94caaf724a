import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PRICES_DIGEST } from '../../../../src/core/ai/prices.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test('the list of prices names its source, and its source names the same copy', () => {
  const { source } = JSON.parse(read('src/core/ai/prices.json'));
  const described = read('src/core/ai/prices.source.md');
  assert.ok(
    described.includes(source.sha256) && described.includes(source.copied),
    'another copy is described',
  );
  assert.match(PRICES_DIGEST, /^[0-9a-f]{64}$/);
});
