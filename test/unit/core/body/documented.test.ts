import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { JSON_CODES } from '../../../../src/core/body/json_problem.ts';
import { REPAIR_CODES } from '../../../../src/core/body/repair.ts';
import { EDIT_KINDS } from '../../../../src/core/body/repair_edit.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/spec/json.md', import.meta.url), 'utf8');

/** What the first column of a section's table names. */
function namesIn(section: string): readonly string[] {
  const text = DOCUMENT.split(`## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  return text.split('\n').flatMap((line) => {
    const first = line.startsWith('| `') ? (line.split(' | ')[0] ?? '') : '';
    return [...first.matchAll(/`([A-Za-z_0-9]+)`/g)].map(([, name = '']) => name);
  });
}

test('each code of a refused JSON text is documented, and no other', () => {
  assert.deepEqual([...namesIn('Codes')].sort(), [...JSON_CODES, ...REPAIR_CODES].sort());
});

test('each kind of edit is documented, and no other', () => {
  assert.deepEqual(namesIn('Repair'), EDIT_KINDS);
});
