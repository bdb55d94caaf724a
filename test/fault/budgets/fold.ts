import type { NaiveRecord } from '../../support/naive_journal.ts';

/** What the journal says of one call, in micro-USD. */
export interface Spent {
  readonly reserved: number;
  readonly settled?: number;
  /** It never left, and all was given back. */
  readonly released?: true;
}

export interface Folded {
  /** The most that stood charged after any record. */
  readonly most: number;
  readonly charged: number;
  /** What stood charged when a call was refused for this budget, in their order. */
  readonly refusedAt: readonly number[];
  /** By receipt id. */
  readonly calls: ReadonlyMap<string, Spent>;
  readonly mistakes: readonly string[];
}

/**
 * Adds one budget up from the words of the page on policies, in the order of the journal: an allow charges what it
 * reserves, the end of its answer puts what it came to in its place, and what was not sent costs nothing. Nothing leaves
 * the window of a day while a test runs. Shares no code with the ledger.
 */
export function foldBudget(records: readonly NaiveRecord[], limit: string): Folded {
  const calls = new Map<string, Spent>();
  const mistakes: string[] = [];
  const refusedAt: number[] = [];
  let [charged, most] = [0, 0];
  const of = (list: unknown): NaiveRecord | undefined =>
    (list as NaiveRecord[] | undefined)?.find(({ limit_id }) => limit_id === limit);
  for (const record of records) {
    const id = String(record['decision_ref'] ?? record['receipt_id']);
    const known = calls.get(id);
    if (record['type'] === 'decision' && record['verdict'] === 'allow') {
      const state = of(record['budget_state']);
      if (state === undefined) continue;
      if (state['used_before'] !== charged)
        mistakes.push(`${id}: before ${state['used_before']}, ${charged}`);
      if (known !== undefined) mistakes.push(`${id}: reserved twice`);
      charged += state['amount'];
      calls.set(id, { reserved: state['amount'] });
    } else if (record['type'] === 'decision' && record['reason'] === 'LIMIT_SPEND') {
      refusedAt.push(charged);
    } else if (record['type'] === 'inspection') {
      const end = of(record['settled']);
      if (end === undefined) continue;
      if (
        known === undefined ||
        known.reserved !== end['reserved'] ||
        known.settled !== undefined ||
        known.released
      )
        mistakes.push(`${id}: settles what is not reserved`);
      charged += end['settled'] - end['reserved'];
      calls.set(id, { reserved: end['reserved'], settled: end['settled'] });
    } else if (record['type'] === 'outcome' && record['state'] === 'not_sent' && known !== undefined) {
      if (known.settled !== undefined) mistakes.push(`${id}: settled, and was not sent`);
      charged -= known.reserved;
      calls.set(id, { reserved: known.reserved, released: true });
    }
    most = Math.max(most, charged);
  }
  return { most, charged, refusedAt, calls, mistakes };
}
