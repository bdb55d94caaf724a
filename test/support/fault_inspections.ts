import type { Sent } from './fault_client.ts';
import { MODEL_TOKENS } from './fault_inspected.ts';
import type { Finding } from './fault_judge.ts';
import type { NaiveRecord } from './naive_journal.ts';

/** What the journal says of one answer that was to be read. */
interface Read {
  readonly decision: NaiveRecord;
  readonly ends: readonly NaiveRecord[];
  readonly outcome: NaiveRecord | undefined;
}

export interface InspectionEvidence {
  readonly sent: readonly Sent[];
  readonly records: readonly NaiveRecord[];
  /** Nobody was killed: then every answer that came has its end. */
  readonly undisturbed: boolean;
  nonceOf(decision: NaiveRecord): string | undefined;
}

export interface InspectionJudgement {
  readonly findings: readonly Finding[];
  /** Answers of which the end was recorded. */
  readonly read: number;
  /** Answers that came and that nobody read to their end, for whoever read them has died. */
  readonly lost: number;
}

/** No answer that a client has in full lacks its record, none has two, and a call is settled for what it came to. */
export function judgeInspections(evidence: InspectionEvidence): InspectionJudgement {
  const answers = answersIn(evidence.records);
  const whole = new Map(evidence.sent.flatMap((one) => (one.whole ? [[one.nonce, one] as const] : [])));
  const lost = answers.filter(({ ends, outcome }) => ends.length === 0 && outcome?.['state'] === 'completed');
  const findings = answers.flatMap(({ decision, ends }): Finding[] => {
    const nonce = evidence.nonceOf(decision) ?? decision['receipt_id'];
    if (ends.length > 1) return [{ code: 'INSPECTED_TWICE', what: nonce }];
    const client = whole.get(nonce);
    if (client?.status !== 200) return [];
    const [end] = ends;
    if (end?.['state'] !== 'complete')
      return [{ code: 'INSPECTION_MISSING', what: `${nonce}: ${end?.['state'] ?? 'no record'}` }];
    const tokens = end['settled']?.[0]?.settled;
    if (client.kind !== 'model' || tokens === MODEL_TOKENS) return [];
    return [{ code: 'SETTLED_WRONG', what: `${nonce}: ${tokens}` }];
  });
  const silent = evidence.undisturbed
    ? lost.map(({ decision }): Finding => ({ code: 'INSPECTION_LOST', what: decision['receipt_id'] }))
    : [];
  return {
    findings: [...findings, ...silent],
    read: answers.filter(({ ends }) => ends.length > 0).length,
    lost: lost.length,
  };
}

function answersIn(records: readonly NaiveRecord[]): Read[] {
  const ends = new Map<string, NaiveRecord[]>();
  const outcomes = new Map<string, NaiveRecord>();
  for (const record of records) {
    const ref = record['decision_ref'];
    if (record['type'] === 'outcome') outcomes.set(ref, record);
    const isEnd =
      record['type'] === 'inspection' && record['part'] === 'response' && record['state'] !== 'mark';
    if (isEnd) ends.set(ref, [...(ends.get(ref) ?? []), record]);
  }
  return records
    .filter((record) => record['verdict'] === 'allow' && record['response'] !== undefined)
    .map((decision) => ({
      decision,
      ends: ends.get(decision['receipt_id']) ?? [],
      outcome: outcomes.get(decision['receipt_id']),
    }));
}
