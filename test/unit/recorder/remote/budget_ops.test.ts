import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFields } from '../../../../src/core/receipt/parse_record.ts';
import { PROPOSAL } from '../../../../src/recorder/remote/tables.ts';
import { budgetOp } from '../../core/ledger/budget_bench.ts';
import { limitOp, proposal } from '../workbench.ts';

test('budgets travel to a recorder in another process beside buckets, each in its own form', () => {
  const op = budgetOp();
  assert.equal(checkFields(PROPOSAL, proposal({}, [limitOp(), op, { ...op, unpriced: true }])), undefined);
  const { cap: _, ...without } = op;
  const wrong = [without, { ...op, op: 'gcra' }, { ...limitOp(), op: 'budget' }, { ...op, mode: 'throttle' }];
  for (const one of wrong) {
    const problem = checkFields(PROPOSAL, { ...proposal(), ops: [one] });
    assert.match(problem?.at ?? '', /^\/ops\/0/, JSON.stringify(one));
  }
});
