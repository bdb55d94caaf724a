import { responseText } from '../core/policy/response_text.ts';
import { streamText } from '../core/policy/stream_demands.ts';
import type { Said } from '../core/verdict/simulate.ts';
import {
  type DifferenceGroup,
  type Example,
  type SimulationReport,
  sortedGroups,
} from './policy_simulate_report.ts';

/** The report for people: totals, then each change of verdict with its first receipts. */
export function simulationText(report: SimulationReport): string {
  const { candidate, decisions, same, different, unreplayable, limits, reasons } = report;
  const policy = `policy ${candidate.policy_id}, ${candidate.policy_hash.slice(0, 19)}…`;
  const groups = sortedGroups(report);
  const shown = groups.reduce((sum, { count }) => sum + count, 0);
  return [
    `judged ${decisions} recorded decisions by ${candidate.file} (${policy})`,
    `  ${same} the same, ${different} different, ${unreplayable} not replayable`,
    limits === 'refolded'
      ? '  limits: folded anew from the first record'
      : '  limits: not a complete log, so they go on from the buckets that it shows',
    ...[...reasons].map(([why, times]) => `  not replayable, ${times}: ${why}`),
    ...groups.flatMap(groupLines),
    ...(shown === different ? [] : ['', `${different - shown} more differences of other kinds`]),
    '',
  ].join('\n');
}

function groupLines({ recorded, candidate, count, examples }: DifferenceGroup): readonly string[] {
  const before = saidText(recorded);
  const after = saidText(candidate);
  // Then only what is asked of the answer has changed.
  const [was, is] = before === after ? [answerText(recorded), answerText(candidate)] : ['', ''];
  return ['', `${count}  ${before}${was} -> ${after}${is}`, ...examples.map(exampleLine)];
}

function answerText({ response }: Said): string {
  return ` (answer: ${responseText(response)})`;
}

function saidText({ verdict, reason, rule_id, tunnel, stream }: Said): string {
  const opens = tunnel === undefined ? '' : ` (tunnel: ${tunnel})`;
  const caps = stream === undefined ? '' : ` (stream: ${streamText(stream)})`;
  return `${verdict} ${reason}${rule_id === undefined ? '' : ` by ${rule_id}`}${opens}${caps}`;
}

function exampleLine({ seq, receipt_id, ts, agent_id, request }: Example): string {
  return `  seq ${seq}  ${receipt_id}  ${ts}  ${agent_id ?? 'anonymous'}  ${request}`;
}
