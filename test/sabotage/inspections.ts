import type { Sabotage } from './sabotage.ts';

const INSPECTING = 'test/unit/recorder/inspecting.test.ts';
const LATE = 'test/unit/recorder/late_denial.test.ts';

/** Promises about what is recorded of answers and of requests that were held. */
export const INSPECTIONS: readonly Sabotage[] = [
  {
    name: 'inspection-acknowledged-early',
    breaks: 'what waits for the end of an answer hears of it when it is durable',
    file: 'src/recorder/inspecting.ts',
    find: '        if (misfit === undefined) batch.whenDurable(resolve);\n',
    replace: '        if (misfit === undefined) resolve();\n',
    test: { file: INSPECTING, name: 'an end is acknowledged when it is on stable storage' },
  },
  {
    name: 'end-overtakes-marks',
    breaks: 'the end of an answer stands behind its marks',
    file: 'src/recorder/inspecting.ts',
    find: '      for (const mark of this.#marks.get(notice.receipt_id) ?? []) loop.enqueue(mark);\n',
    replace: '',
    test: { file: INSPECTING, name: 'stands behind the marks that came before it' },
  },
  {
    name: 'answer-ends-twice',
    breaks: 'nothing follows the end of an answer',
    file: 'src/recorder/awaited_inspections.ts',
    find: "    return soFar.end === undefined ? { kind: 'fits', owner } :",
    replace: "    return facts.index >= 0 ? { kind: 'fits', owner } :",
    test: { file: INSPECTING, name: 'nothing follows an end' },
  },
  {
    name: 'inspection-of-a-stranger',
    breaks: 'nothing is recorded of a decision that nobody knows or that asked for nothing',
    file: 'src/recorder/awaited_inspections.ts',
    find: "    if (owner === undefined) return { kind: 'unknown' };\n",
    replace:
      "    if (owner === undefined) return { kind: 'fits', owner: { receipt_id, envoy_epoch: 'e', tenant_id: 'default', agent_id: 'alice', parts: [] } };\n",
    test: { file: INSPECTING, name: 'what nobody asked for is ignored' },
  },
  {
    name: 'mark-settles-budgets',
    breaks: 'budgets are settled once, at the end of the answer',
    file: 'src/recorder/inspecting.ts',
    find: "  return facts.part === 'response' && isEnd(facts);\n",
    replace: "  return facts.part === 'response' || isEnd(facts);\n",
    test: { file: INSPECTING, name: 'settles what its call reserved, and the marks do not' },
  },
  {
    name: 'inspection-of-another-host',
    breaks: 'no host speaks of the answers of another',
    file: 'src/recorder/remote/scope.ts',
    find: '      if (isOwn(service.inspectedEpoch(notice.receipt_id))) await',
    replace: '      await',
    test: { file: 'test/unit/recorder/remote/scope.test.ts', name: 'nobody records inspections' },
  },
  {
    name: 'late-denial-twice',
    breaks: 'a receipt id is decided once',
    file: 'src/recorder/deciding.ts',
    find: 'state.hasReceipt(receipt_id) || ',
    replace: '',
    test: { file: LATE, name: 'a receipt id is decided once' },
  },
  {
    name: 'late-allow',
    breaks: 'only a denial may come under a policy that is not live any more',
    file: 'src/recorder/late_denial.ts',
    find: "draft.verdict === 'deny' && ",
    replace: '',
    test: { file: LATE, name: 'nothing but a denial for want of a body' },
  },
  {
    name: 'lone-surrogate-in-a-record',
    breaks: 'no text that a client or a provider chose ends the recorder',
    file: 'src/core/receipt/shape.ts',
    find: 'new RegExp(`^[^\\\\p{Cc}\\\\p{Cs}]{1,',
    replace: 'new RegExp(`^[^\\\\p{Cc}]{1,',
    test: {
      file: 'test/unit/recorder/contract_in_process.test.ts',
      name: 'refuses an inspection that fits no record',
    },
  },
  {
    name: 'lost-answer-not-counted',
    breaks: 'an inspection that a crash cut short is told by every report',
    file: 'src/core/bundle/population.ts',
    find: '      this.unended.add(record.receipt_id);\n',
    replace: '      this.unended.delete(record.receipt_id);\n',
    test: { file: 'test/unit/core/verify/journal.test.ts', name: 'so are answers without an end' },
  },
];
