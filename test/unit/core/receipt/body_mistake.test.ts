import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BodyFacts } from '../../../../src/core/contract/body_facts.ts';
import { bodyMistake, mistakeText } from '../../../../src/core/receipt/body_mistake.ts';
import { problemBody } from '../../../../src/server/codec/problem_body.ts';

const HASH = `sha256:${'a'.repeat(64)}`;
const READ = { state: 'complete', bytes: 30, format: 'json' } as const;
const TOO_MUCH: BodyFacts = {
  ...READ,
  schemas: [
    { schema_hash: HASH, is_valid: false, pointer: '/amount', keyword: 'maximum' },
    { schema_hash: `sha256:${'b'.repeat(64)}`, is_valid: true },
  ],
};

test('a denial for a schema names the place and the keyword, in the problem and in its texts', () => {
  const body = bodyMistake('SCHEMA_INVALID', TOO_MUCH);
  const told = JSON.parse(
    problemBody(
      {
        reason: 'SCHEMA_INVALID',
        mode: 'explicit',
        requestId: 'r1',
        receipt: { id: 'id', leafHash: '00' },
        ...(body === undefined ? {} : { body }),
      },
      422,
    ),
  );
  assert.deepEqual(told.body, {
    schemas: [{ schema_hash: HASH, is_valid: false, pointer: '/amount', keyword: 'maximum' }],
  });
  assert.match(told.detail, / Found: maximum at \/amount\.$/);
  assert.match(told.error.message, /Found: maximum at \/amount\. \(receipt id\)$/);
});

test('what cannot be read is named by its code, pointer and offset', () => {
  const problem = { code: 'DUPLICATE_KEY', pointer: '', offset: 28 };
  const mistake = bodyMistake('BODY_INVALID', { ...READ, problem });
  assert.deepEqual(mistake, { problem });
  assert.equal(mistakeText(mistake), ' Found: DUPLICATE_KEY at the top (byte 28).');
});

test('a call is told why nobody understands it, and why it has no price', () => {
  const unknown: BodyFacts = { ...READ, ai: { kind: 'unknown', unknown_reason: 'FIELD_CASE' } };
  assert.equal(mistakeText(bodyMistake('AI_UNREADABLE', unknown)), ' Found: FIELD_CASE.');
  const unpriced: BodyFacts = { ...READ, ai: { kind: 'llm', price_unknown: 'MODEL_UNLISTED' } };
  assert.equal(mistakeText(bodyMistake('PRICE_UNKNOWN', unpriced)), ' Found: MODEL_UNLISTED.');
});

test('other denials say nothing of the body, and nothing is said of a body that nobody has seen', () => {
  assert.equal(bodyMistake('POLICY_NO_MATCH', TOO_MUCH), undefined);
  assert.equal(bodyMistake('SCHEMA_INVALID', undefined), undefined);
  assert.equal(bodyMistake('AI_UNREADABLE', READ), undefined);
  assert.equal(mistakeText(undefined), '');
});
