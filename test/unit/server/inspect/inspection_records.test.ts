/** Promise: an end is counted once, when it is durable, and with it what the answer says that it used. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InspectionFacts } from '../../../../src/core/receipt/inspection_facts.ts';
import { recordStep } from '../../../../src/server/inspect/inspection_records.ts';

const NONE = { cached: 0, cache_write: 0, cache_write_1h: 0, reasoning: 0, audio: 0 };
const USAGE = { ...NONE, input: 10, output: 20 };

async function counted(...facts: readonly object[]) {
  const told: unknown[] = [];
  const metrics = {
    delayed: () => {},
    degraded: () => {},
    ended: (part: string, state: string) => told.push([part, state]),
    used: (usage: { input: number; output: number }, cost: number | undefined) =>
      told.push([usage.input, usage.output, cost]),
  };
  const log = { error: () => assert.fail('nothing was lost') };
  const recorder = { inspect: async () => {} };
  const deps = { recorder, metrics, log } as unknown as Parameters<typeof recordStep>[0];
  const isOver = await recordStep(deps, 'r1', { facts: facts as readonly InspectionFacts[] });
  return { isOver, told };
}

test('marks are not counted, ends are, with what was used', async () => {
  const mark = { part: 'response', state: 'mark' };
  assert.deepEqual(await counted(mark), { isOver: false, told: [] });
  const end = { part: 'response', state: 'complete', usage: USAGE, cost_micro_usd: 53 };
  assert.deepEqual(await counted(mark, end), {
    isOver: true,
    told: [
      ['response', 'complete'],
      [10, 20, 53],
    ],
  });
  const cut = { part: 'response', state: 'policy_cut' };
  assert.deepEqual((await counted(cut)).told, [['response', 'policy_cut']]);
});
