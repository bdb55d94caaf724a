/**
 * Promise: over thousands of mixed requests with processes dying in between, every sentence about "exactly one
 * decision" holds to the last request, the evidence verifies, and replay agrees. The long form is `mixed.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeed } from '../../support/fault_random.ts';
import { brokenSentences } from './mixed_proof.ts';
import { runMixed } from './mixed_run.ts';

const SHORT = { requests: 2_000, kills: 2, concurrent: 300 };

test('2,000 mixed requests with random kills', { timeout: 180_000 }, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  const result = await runMixed({ ...SHORT, seed, progress: (text) => t.diagnostic(text) });
  t.diagnostic(JSON.stringify({ answers: result.answers, killed: result.killed }));
  assert.deepEqual(brokenSentences(result), [], `seed ${seed}\n${result.output}`);
  assert.ok(result.judgement.allows > SHORT.requests / 3, 'most of the run was served');
});
