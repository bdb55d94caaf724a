import { parseStrictJson } from '../core/canonical/strict_json.ts';
import { utf8Encode } from '../core/canonical/utf8.ts';
import { checkFields } from '../core/receipt/parse_record.ts';
import {
  HEX_16_BYTES,
  ID,
  integer,
  type Members,
  oneOf,
  required,
  TIMESTAMP,
  visibleAscii,
} from '../core/receipt/shape.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { ArrivalNote } from './echo_target.ts';
import { isProbeId, PERMITTED } from './probes.ts';
import { type BypassReport, countsOf, findingOf } from './report.ts';

/** One line of the log that `--bypass-target` writes. */
export interface LoggedArrival extends ArrivalNote {
  /** `ts` form, by the clock of the target. */
  readonly ts: string;
}

export const ARRIVALS_BYTES_MAX = 16_777_216;
const ARRIVALS_MAX = 100_000;

const ARRIVAL: Members = {
  nonce: required('observed', HEX_16_BYTES),
  probe: required('observed', ID),
  transport: required('observed', oneOf('tcp', 'udp')),
  port: required('observed', integer(0, 65_535)),
  from: required('observed', visibleAscii(64)),
  ts: required('observed', TIMESTAMP),
};

/** JSON lines; a last line that was cut off is left out, any other mistake refuses the file. */
export function parseArrivals(text: string): Result<readonly LoggedArrival[], string> {
  const lines = text.split('\n').slice(0, -1);
  if (lines.length > ARRIVALS_MAX)
    return fail(`found ${lines.length} lines; allowed: at most ${ARRIVALS_MAX}`);
  const arrivals: LoggedArrival[] = [];
  for (const [index, line] of lines.entries()) {
    const json = parseStrictJson(utf8Encode(line));
    const problem = json.ok ? checkFields(ARRIVAL, json.value) : json.problem;
    if (!json.ok || problem !== undefined) return fail(`line ${index + 1} is no arrival`);
    arrivals.push(json.value as unknown as LoggedArrival);
  }
  return ok(arrivals);
}

/** What arrived has leaked, whatever the one who sent it saw or says. */
export function withArrivals(report: BypassReport, arrivals: readonly LoggedArrival[]): BypassReport {
  const own = leaksAmong(report.nonce, arrivals);
  const findings = report.findings.map((finding) => {
    const arrival = own.find(({ probe }) => probe === finding.probe);
    if (arrival === undefined || finding.verdict === 'leaked') return finding;
    const { transport, port, from } = arrival;
    const saw = `reached the target from ${from}`;
    const proof = { attempt: `${transport} port ${port} of the target`, verdict: 'leaked', saw } as const;
    return findingOf(finding.probe, [proof, ...finding.attempts]);
  });
  return { ...report, findings, counts: countsOf(findings) };
}

/** Arrivals of one run that should not have been. */
export function leaksAmong(nonce: string, arrivals: readonly LoggedArrival[]): readonly LoggedArrival[] {
  return arrivals.filter((one) => one.nonce === nonce && one.probe !== PERMITTED && isProbeId(one.probe));
}
