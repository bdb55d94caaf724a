import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ANSWER_CODES } from '../../../../src/core/answer/codes.ts';

test('each code of an answer is documented, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/inspection.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('\n## Answers\n');
  const [, codes = ''] = (section.split('\n## ')[0] ?? '').split('\n### Codes\n');
  const listed = [...codes.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(listed, [...ANSWER_CODES]);
});
