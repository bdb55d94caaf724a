import type { DecisionRecord } from '../core/receipt/records.ts';
import type { Said, SimulationOutcome } from '../core/verdict/simulate.ts';
import { requestLine } from './receipt_text.ts';

/** Receipts that a group shows. */
const EXAMPLES_MAX = 3;
/** Pairs of verdicts that are told apart; beyond, a difference is only counted. */
const GROUPS_MAX = 1_000;

/** Decisions that one change of verdict befell. */
export interface DifferenceGroup {
  readonly recorded: Said;
  readonly candidate: Said;
  count: number;
  readonly examples: Example[];
}

export interface Example {
  readonly seq: number;
  readonly receipt_id: string;
  readonly ts: string;
  readonly agent_id?: string;
  readonly request: string;
}

export interface SimulationReport {
  readonly candidate: { readonly file: string; readonly policy_id: string; readonly policy_hash: string };
  decisions: number;
  same: number;
  different: number;
  unreplayable: number;
  /** `continued`: the log does not begin with its first record, so limits go on from the buckets that it shows. */
  limits: 'refolded' | 'continued';
  readonly reasons: Map<string, number>;
  readonly groups: Map<string, DifferenceGroup>;
}

/** Adds what one decision came to. */
export function count(report: SimulationReport, record: DecisionRecord, outcome: SimulationOutcome): void {
  report.decisions += 1;
  if (outcome.kind === 'same') report.same += 1;
  else if (outcome.kind === 'skipped') {
    report.unreplayable += 1;
    report.reasons.set(outcome.why, (report.reasons.get(outcome.why) ?? 0) + 1);
  } else {
    report.different += 1;
    const group = groupFor(report, outcome.recorded, outcome.candidate);
    if (group === undefined) return;
    group.count += 1;
    if (group.examples.length < EXAMPLES_MAX) group.examples.push(exampleOf(record));
  }
}

function groupFor(
  { groups }: SimulationReport,
  recorded: Said,
  candidate: Said,
): DifferenceGroup | undefined {
  const key = JSON.stringify([recorded, candidate]);
  const known = groups.get(key);
  if (known !== undefined || groups.size === GROUPS_MAX) return known;
  const group = { recorded, candidate, count: 0, examples: [] };
  groups.set(key, group);
  return group;
}

function exampleOf(record: DecisionRecord): Example {
  const { seq, receipt_id, ts, identity } = record;
  const agent = identity === undefined ? {} : { agent_id: identity.agent_id };
  return { seq, receipt_id, ts, ...agent, request: requestLine(record) };
}

export function emptyReport(candidate: SimulationReport['candidate']): SimulationReport {
  return {
    candidate,
    ...{ decisions: 0, same: 0, different: 0, unreplayable: 0 },
    limits: 'continued',
    reasons: new Map(),
    groups: new Map(),
  };
}

/** Most frequent first; the key breaks ties, so that one log always reads the same. */
export function sortedGroups({ groups }: SimulationReport): readonly DifferenceGroup[] {
  return [...groups]
    .sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
    .map(([, group]) => group);
}

/** For `--json`. */
export function plainReport(report: SimulationReport) {
  const { candidate, decisions, same, different, unreplayable, limits, reasons } = report;
  return {
    ...{ candidate, decisions, same, different, unreplayable, limits },
    unreplayable_reasons: [...reasons].map(([why, times]) => ({ why, count: times })),
    groups: sortedGroups(report),
  };
}
