import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FORMATS } from '../../../../src/core/schema/formats.ts';
import { DRAFTS, KEYWORDS } from '../../../../src/core/schema/keywords.ts';
import { suiteOutcome } from './suite_outcomes.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/spec/json-schema.md', import.meta.url), 'utf8');

/** Lines of a list below a heading, without their dash. */
function listed(heading: string): readonly string[] {
  const [, section = ''] = DOCUMENT.split(`\n### ${heading}\n`);
  const [body = ''] = section.split(/\n##/);
  return [...body.matchAll(/^- (.*)$/gm)].map(([, line = '']) => line);
}

for (const draft of DRAFTS) {
  test(`JSON-Schema-Test-Suite, draft ${draft}: all answers are right but those that are listed`, () => {
    const { asked, refused, other } = suiteOutcome(draft);
    assert.ok(asked > 1_000, `only ${asked} tests were asked`);
    assert.deepEqual(listed(`Refused, ${draft}`), refused);
    assert.deepEqual(listed(`Answered otherwise, ${draft}`), other);
  });
}

test('the keywords and formats that are taken are the documented ones', () => {
  for (const draft of DRAFTS) {
    const [, row = ''] = new RegExp(`^\\| ${draft} \\| (.*) \\|$`, 'm').exec(DOCUMENT) ?? [];
    const names = [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    assert.deepEqual(names.sort(), Object.keys(KEYWORDS[draft]).sort());
  }
  const [, row = ''] = /^\| formats \| (.*) \|$/m.exec(DOCUMENT) ?? [];
  assert.deepEqual(
    [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name).sort(),
    Object.keys(FORMATS).sort(),
  );
});
