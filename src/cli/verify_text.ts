import type { Count } from '../core/bundle/population.ts';
import { FINDING_CODES } from '../core/verify/findings.ts';
import type { VerifyReport, VerifyVerdict } from '../core/verify/report.ts';

const MEANING: Readonly<Record<VerifyVerdict, string>> = {
  VERIFIED: 'every record is signed by a key that you trust, none is missing, changed or out of order',
  SELF_CONSISTENT: 'nothing contradicts itself, but nothing shows who signed it',
  END_UNPROVEN: 'all records hold, but some lie beyond the last signed checkpoint',
  EMPTY: 'there are no records',
  REFUSED: 'this is not evidence: see the findings',
};

/** The report for people: verdict first, then what was found, then what the range holds. */
export function verifyText(bundle: string, report: VerifyReport): string {
  const rows: (readonly [string, string])[] = [
    ['verdict', `${report.verdict}: ${MEANING[report.verdict]}`],
    ...report.findings.map((finding) => ['finding', findingText(finding)] as const),
    ...moreFindings(report),
    ...rangeRows(report),
    ['records', String(report.population.records)],
    ...counts('verdicts', report.population.by_verdict),
    ...counts('reasons', report.population.by_reason),
    ...counts('outcomes', report.population.by_outcome),
    ...counts('inspections', report.population.by_inspection ?? []),
    ...unended(report.population.answers_without_end),
    ...counts('types', report.population.by_type),
    ...report.keys.map((key) => ['key', `${key.key_id}  ${key.purpose}, ${key.records} records`] as const),
    ...report.caveats.map((caveat) => ['note', caveat] as const),
  ];
  return `${bundle}\n${rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`).join('\n')}\n`;
}

function findingText({ code, where, detail }: VerifyReport['findings'][number]): string {
  return `${code} ${where}: ${FINDING_CODES[code]}${detail === '' ? '' : ` (${detail})`}`;
}

function moreFindings({ findings, findings_total }: VerifyReport): (readonly [string, string])[] {
  const more = findings_total - findings.length;
  return more > 0 ? [['finding', `… and ${more} more`]] : [];
}

function rangeRows({ log, range, checkpoint }: VerifyReport): (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  if (log !== undefined) rows.push(['log', log.origin]);
  if (range !== undefined) {
    const whole = range.complete ? 'the whole log so far' : 'a range';
    rows.push([
      'range',
      `${range.first_seq} to ${range.last_seq} (${whole}), ${range.first_ts} to ${range.last_ts}`,
    ]);
  }
  if (checkpoint !== undefined)
    rows.push(['checkpoint', `${checkpoint.size} records, root ${checkpoint.root}`]);
  return rows;
}

function counts(name: string, list: readonly Count[]): (readonly [string, string])[] {
  if (list.length === 0) return [];
  return [[name, list.map(({ name: label, count }) => `${label} ${count}`).join(', ')]];
}

function unended(count: number | undefined): (readonly [string, string])[] {
  return count === undefined ? [] : [['no end of', `${count} answers that were to be inspected`]];
}
