/** Promise: a signed policy that nobody vouches for any more allows nothing, unless the operator chose otherwise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../../../src/core/policy/compile.ts';
import { samplePrincipal, sampleRequest } from '../../../../src/core/policy/sample_request.ts';
import { decide } from '../../../../src/core/verdict/decide.ts';
import { DOCUMENT } from './sample.ts';

const compiled = compilePolicy({ file: 'p', text: JSON.stringify(DOCUMENT) });
assert.ok(compiled.ok);
const { policy } = compiled.value;
const request = sampleRequest({ url: 'https://api.example.com/' });
const principal = { ok: true, principal: samplePrincipal({}) } as const;

test('a lapsed policy denies what it would allow, and charges nothing', () => {
  const { verdict, demands } = decide(policy, principal, request, { lapse: 'deny' });
  assert.deepEqual([verdict.verdict, verdict.reason, demands], ['deny', 'POLICY_EXPIRED', []]);
});

test('loud goes on; and who is nobody is told so first', () => {
  assert.equal(decide(policy, principal, request, { lapse: 'loud' }).verdict.verdict, 'allow');
  const nobody = { ok: false, problem: 'IDENTITY_UNKNOWN' } as const;
  assert.equal(decide(policy, nobody, request, { lapse: 'deny' }).verdict.reason, 'IDENTITY_UNKNOWN');
});
