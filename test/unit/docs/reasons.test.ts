import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { IDENTITY_PROBLEMS } from '../../../src/core/identity/principal.ts';
import { REQUEST_PROBLEMS } from '../../../src/core/request/egress_request.ts';
import { REASONS } from '../../../src/core/verdict/reasons.ts';
import { GATEWAY_CODES } from '../../../src/intercept/config/local_reply_list.ts';
import { GAP_CAUSES } from '../../../src/server/codec/gap_cause.ts';

const page = readFileSync(new URL('../../../docs/reasons.md', import.meta.url), 'utf8');
const [decisions = '', answers = ''] = page.split('## Answers that are no decisions');
const rows = [...decisions.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(
  ([, code, status]) => `${code} ${status}`,
);

it('docs/reasons.md and the code list the same codes with the same status', () => {
  const code = Object.entries(REASONS).map(([name, { status }]) => `${name} ${status}`);
  assert.deepEqual([...rows].sort(), code.sort());
});

it('every identity and request problem is a reason code', () => {
  for (const problem of [...IDENTITY_PROBLEMS, ...REQUEST_PROBLEMS]) assert.ok(problem in REASONS, problem);
});

it('docs/reasons.md lists every code that Envoy itself answers with, and no other', () => {
  const listed = [...answers.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code = '']) => code);
  assert.deepEqual(listed.sort(), [...GATEWAY_CODES].sort());
});

it('docs/reasons.md lists every cause of a gap, and no other', () => {
  const [, causes = ''] = answers.split('## Causes in `gap` records');
  const listed = [...causes.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, cause = '']) => cause);
  assert.deepEqual(listed.sort(), [...GAP_CAUSES].sort());
});
