import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { PRECEDENCE } from '../../../../src/core/policy/precedence.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const docs = readFileSync(join(ROOT, 'docs/policy.md'), 'utf8');
/** What becomes of a request is called by reasons as well. */
const REFUSALS = [
  'BODY_NOT_COMPLETED',
  'SCHEMA_INVALID',
  'RECORD_TOO_LARGE',
  'AI_UNREADABLE',
  'POLICY_ALLOW',
];
const documented = new Set(
  [...docs.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => code.split(/[\s:{}[\],]+/)),
);

it('documents every key and every listed value of the schema', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'policies/policy.schema.json'), 'utf8'));
  const words: string[] = [];
  JSON.stringify(schema, (key, value) => {
    if (key === 'properties') words.push(...Object.keys(value));
    if (key === 'enum' && !value.includes('POLICY_ALLOW')) words.push(...value);
    return value;
  });
  assert.ok(words.length > 40);
  assert.deepEqual(
    words.filter((word) => !documented.has(word)),
    [],
  );
});

it('documents every problem code, and no other', () => {
  const folder = join(ROOT, 'src/core/policy');
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const calls = /(?:mistake|warning|refuse|never|add|duplicates)\([^'`]*?'([A-Z][A-Z_]+)'/g;
  const members = /code: (?:'[A-Z_]+' \| )*'([A-Z_]+)'|\? '([A-Z]+_[A-Z_]+)' : '([A-Z]+_[A-Z_]+)'/g;
  const found = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(calls), ...text.matchAll(members)].flatMap(([, ...codes]) => codes.filter(Boolean)),
    ),
  );
  // What a limit's refusal is called is a reason, not a mistake.
  for (const reason of [
    'LIMIT_RPS',
    'LIMIT_RPM',
    'LIMIT_TOKENS',
    'LIMIT_SPEND',
    'PRICE_UNKNOWN',
    ...REFUSALS,
  ])
    found.delete(reason);
  assert.ok(found.size > 40, [...found].join(' '));
  const messages = docs.slice(docs.indexOf('## Messages'));
  const listed = new Set([...messages.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, code]) => code));
  listed.delete('CODE');
  assert.deepEqual([...found].filter((code) => !listed.has(code)).sort(), []);
  assert.deepEqual([...listed].filter((code) => code && !found.has(code)).sort(), []);
});

it('documents the table of precedence line by line', () => {
  const lines = [...docs.matchAll(/^\| \d+ \| (allow|deny) \| `([A-Z_]+)`/gm)].map(
    ([, verdict, reason]) => `${verdict} ${reason}`,
  );
  assert.deepEqual(lines, [
    ...PRECEDENCE.map(({ verdict, reason }) => `${verdict} ${reason}`),
    'deny POLICY_NO_MATCH',
  ]);
});
