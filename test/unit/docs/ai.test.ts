/** Promise: docs/ai.md says what each reason means why a call cannot be told for certain. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { UNKNOWN_REASONS } from '../../../src/core/ai/facts.ts';

const page = readFileSync(new URL('../../../docs/ai.md', import.meta.url), 'utf8');

test('every reason has a row, and no other word has one', () => {
  const table = page.slice(page.indexOf('| Reason | What |'), page.indexOf('Some that may surprise'));
  const told = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name));
  assert.deepEqual(told.sort(), [...UNKNOWN_REASONS].sort());
});
