import type { Attempt, Verdict } from '../bypass/judge.ts';
import { probeOf } from '../bypass/probes.ts';
import type { BypassReport, ProbeFinding } from '../bypass/report.ts';

const MARK: Readonly<Record<Verdict, string>> = {
  held: 'held      ',
  leaked: 'LEAKED    ',
  not_tested: 'not tested',
};
const NAME_WIDTH = 16;
const ATTEMPTS_SHOWN = 3;

/** The table for people; the whole is in the JSON. */
export function bypassText(report: BypassReport): string {
  const { held, leaked, not_tested } = report.counts;
  const lines = report.findings.flatMap(linesOf);
  const sum = `${held} held, ${leaked} leaked, ${not_tested} not tested; user ${report.uid}, nonce ${report.nonce}`;
  const hint =
    not_tested > 0 && report.control_nonce === undefined
      ? '\nWithout --target, --control and --allowed some probes prove nothing: docs/bypass.md says which.'
      : '';
  return `${lines.join('\n')}\n\n${sum}${hint}\n`;
}

function linesOf(finding: ProbeFinding): string[] {
  const telling = finding.attempts.filter(({ verdict }) => verdict === finding.verdict);
  const [first, ...more] = telling.slice(0, ATTEMPTS_SHOWN);
  const indent = ' '.repeat(MARK.held.length + NAME_WIDTH + 4);
  const hidden = telling.length - ATTEMPTS_SHOWN;
  return [
    `${MARK[finding.verdict]}  ${finding.probe.padEnd(NAME_WIDTH)}  ${first === undefined ? '-' : shown(first)}`,
    ...(finding.verdict === 'held' ? [] : more.map((attempt) => `${indent}${shown(attempt)}`)),
    ...(finding.verdict === 'held' || hidden <= 0 ? [] : [`${indent}and ${hidden} more`]),
    ...(finding.verdict === 'leaked' ? [`${indent}fix: ${probeOf(finding.probe).fix}`] : []),
  ];
}

function shown({ attempt, saw }: Attempt): string {
  return `${attempt}: ${saw}`;
}
