import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BODY_CODES } from '../../../src/core/contract/body_facts.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/spec/inspection.md', import.meta.url), 'utf8');

test('every code of a body that is refused before it is JSON is documented', () => {
  for (const code of BODY_CODES) assert.ok(DOCUMENT.includes(`\`${code}\``), `${code} is missing`);
});
