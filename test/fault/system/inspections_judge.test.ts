/** The judge of answers that were to be read must be able to say no: one lie at a time, told to evidence that holds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Kind, Sent } from '../../support/fault_client.ts';
import { MODEL_TOKENS } from '../../support/fault_inspected.ts';
import { type InspectionEvidence, judgeInspections } from '../../support/fault_inspections.ts';
import type { NaiveRecord } from '../../support/naive_journal.ts';

const decision: NaiveRecord = {
  ...{ type: 'decision', verdict: 'allow', receipt_id: 'r', response: { inspect: 'auto' } },
  request: { path: '/model/a/chat/completions' },
};
const mark: NaiveRecord = { type: 'inspection', decision_ref: 'r', part: 'response', state: 'mark' };
const end: NaiveRecord = { ...mark, state: 'complete', settled: [{ settled: MODEL_TOKENS }] };
const outcome: NaiveRecord = { type: 'outcome', decision_ref: 'r', state: 'completed' };
const sent = (kind: Kind, more: Partial<Sent> = {}): Sent => ({
  ...{ nonce: 'a', kind, started: 0, ended: 1, status: 200, whole: true },
  ...more,
});

function told(
  records: readonly NaiveRecord[],
  { undisturbed = true, ...more }: Partial<InspectionEvidence> = {},
): InspectionEvidence {
  return { sent: [sent('model')], records, undisturbed, nonceOf: () => 'a', ...more };
}

const codes = (evidence: InspectionEvidence) => judgeInspections(evidence).findings.map(({ code }) => code);

describe('the judge of answers', () => {
  it('finds nothing where nobody lies', () => {
    const { findings, read, lost } = judgeInspections(told([decision, mark, end, outcome]));
    assert.deepEqual({ findings, read, lost }, { findings: [], read: 1, lost: 0 });
  });

  it('asks for no end of what nobody has in full once somebody was killed', () => {
    const cut = told([decision, mark, outcome], { undisturbed: false, sent: [] });
    assert.deepEqual(judgeInspections(cut), { findings: [], read: 0, lost: 1 });
  });

  const lies: readonly [string, string, InspectionEvidence][] = [
    ['a whole answer has no record', 'INSPECTION_MISSING', told([decision, mark], { undisturbed: false })],
    [
      'a whole answer was cut, says its record',
      'INSPECTION_MISSING',
      told([decision, { ...end, state: 'policy_cut' }]),
    ],
    ['an answer ended twice', 'INSPECTED_TWICE', told([decision, end, end])],
    [
      'its end went missing while nobody died',
      'INSPECTION_LOST',
      told([decision, mark, outcome], { sent: [] }),
    ],
    ['it was not settled', 'SETTLED_WRONG', told([decision, { ...end, settled: undefined }])],
    [
      'it was settled for something else',
      'SETTLED_WRONG',
      told([decision, { ...end, settled: [{ settled: 99 }] }]),
    ],
  ];
  for (const [name, code, evidence] of lies)
    it(name, () => assert.ok((codes(evidence) as string[]).includes(code), `${codes(evidence)}`));

  it('takes the end of a request body for no end of an answer', () => {
    assert.deepEqual(codes(told([decision, { ...end, part: 'request' }, end])), []);
  });
});
