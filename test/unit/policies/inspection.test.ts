/** Promise: the policy that docs/inspection.md tries out loads, passes its own tests, and leaves lint nothing to say. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compilePolicy } from '../../../src/core/policy/compile.ts';

const file = new URL('../../../policies/inspection.yaml', import.meta.url);

test('policies/inspection.yaml is sound', () => {
  const text = readFileSync(file, 'utf8').replaceAll('DEMO_HOST', '127.1.2.3');
  const compiled = compilePolicy({ file: 'inspection.yaml', text });
  assert.deepEqual(compiled.ok ? compiled.value.warnings : compiled.problem, []);
});
