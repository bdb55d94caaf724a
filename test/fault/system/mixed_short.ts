/** The test of mixed.test.ts, in a network of its own where there is one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeed } from '../../support/fault_random.ts';
import { brokenSentences } from './mixed_proof.ts';
import { runMixed } from './mixed_run.ts';

const SHORT = { requests: 2_000, kills: 2, concurrent: 300 };

test('2,000 mixed requests with random kills', { timeout: 500_000 }, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  const result = await runMixed({ ...SHORT, seed, progress: (text) => t.diagnostic(text) });
  t.diagnostic(JSON.stringify({ answers: result.answers, killed: result.killed }));
  assert.deepEqual(brokenSentences(result), [], `seed ${seed}\n${result.output}`);
  assert.ok(result.judgement.allows > SHORT.requests / 3, 'most of the run was served');
});
