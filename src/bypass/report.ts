import { toHex } from '../core/canonical/hex.ts';
import { encodeJcs } from '../core/canonical/jcs.ts';
import { sha256 } from '../core/canonical/sha256.ts';
import { parseStrictJson } from '../core/canonical/strict_json.ts';
import { utf8Encode } from '../core/canonical/utf8.ts';
import { checkFields } from '../core/receipt/parse_record.ts';
import {
  asciiText,
  HEX_16_BYTES,
  integer,
  list,
  type Members,
  object,
  oneOf,
  optional,
  required,
  TIMESTAMP,
} from '../core/receipt/shape.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Attempt, Verdict } from './judge.ts';
import { overall } from './judge.ts';
import { PROBES, type ProbeId, probeOf } from './probes.ts';

/** What one probe found. `fix` stands with every leak. */
export interface ProbeFinding {
  readonly probe: ProbeId;
  readonly verdict: Verdict;
  readonly attempts: readonly Attempt[];
  readonly fix?: string;
}

export interface BypassReport {
  readonly format: typeof REPORT_FORMAT;
  readonly nonce: string;
  /** `ts` form. */
  readonly started_ts: string;
  readonly finished_ts: string;
  readonly uid: number;
  /** Nonce of the control run that was held beside this one. */
  readonly control_nonce?: string;
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly findings: readonly ProbeFinding[];
}

export const REPORT_FORMAT = 'clawgress/bypass-report/v1';
export const REPORT_BYTES_MAX = 262_144;
const ATTEMPTS_MAX = 128;
const TEXT_MAX = 512;
const UID_MAX = 4_294_967_295;

const VERDICT = oneOf('held', 'leaked', 'not_tested');
const TEXT = asciiText(TEXT_MAX);

const REPORT: Members = {
  format: required('asserted_by_client', oneOf(REPORT_FORMAT)),
  nonce: required('asserted_by_client', HEX_16_BYTES),
  started_ts: required('asserted_by_client', TIMESTAMP),
  finished_ts: required('asserted_by_client', TIMESTAMP),
  uid: required('asserted_by_client', integer(0, UID_MAX)),
  control_nonce: optional('asserted_by_client', HEX_16_BYTES),
  counts: required(
    'derived',
    object({
      held: required('derived', integer()),
      leaked: required('derived', integer()),
      not_tested: required('derived', integer()),
    }),
  ),
  findings: required(
    'asserted_by_client',
    list(
      object({
        probe: required('asserted_by_client', oneOf(...PROBES.map(({ id }) => id))),
        verdict: required('derived', VERDICT),
        fix: optional('derived', TEXT),
        attempts: required(
          'asserted_by_client',
          list(
            object({
              attempt: required('asserted_by_client', TEXT),
              verdict: required('asserted_by_client', VERDICT),
              saw: required('asserted_by_client', TEXT),
            }),
            ATTEMPTS_MAX,
          ),
        ),
      }),
      PROBES.length,
    ),
  ),
};

/** Attempts come from the network and go to terminals and records: one line of printable ASCII each. */
export function findingOf(probe: ProbeId, attempts: readonly Attempt[]): ProbeFinding {
  const clean = attempts
    .slice(0, ATTEMPTS_MAX)
    .map(({ attempt, verdict, saw }) => ({ attempt: printable(attempt), verdict, saw: printable(saw) }));
  const verdict = overall(clean);
  return { probe, verdict, attempts: clean, ...(verdict === 'leaked' ? { fix: probeOf(probe).fix } : {}) };
}

function printable(text: string): string {
  const clean = text.replace(/[^ -~]/g, '?').slice(0, TEXT_MAX);
  return clean === '' ? '-' : clean;
}

export function countsOf(findings: readonly ProbeFinding[]): BypassReport['counts'] {
  const count = (wanted: Verdict) => findings.filter(({ verdict }) => verdict === wanted).length;
  return { held: count('held'), leaked: count('leaked'), not_tested: count('not_tested') };
}

/** A report that somebody hands over: whoever wrote it may lie, but not about its own form and sums. */
export function parseReport(bytes: Uint8Array): Result<BypassReport, string> {
  if (bytes.length > REPORT_BYTES_MAX)
    return fail(`found ${bytes.length} bytes; allowed: at most ${REPORT_BYTES_MAX}`);
  const json = parseStrictJson(bytes);
  if (!json.ok) return fail(`not strict JSON (${json.problem.code})`);
  const problem = checkFields(REPORT, json.value);
  if (problem !== undefined) return fail(`not a bypass report: ${problem.code} at ${problem.at || '/'}`);
  const report = json.value as unknown as BypassReport;
  const names = report.findings.map(({ probe }) => probe);
  if (new Set(names).size !== PROBES.length) return fail('not every probe stands in it once');
  const isConsistent = report.findings.every(({ attempts, verdict }) => overall(attempts) === verdict);
  if (!isConsistent || encodeJcs(countsOf(report.findings)) !== encodeJcs(report.counts))
    return fail('its verdicts and counts do not follow from its attempts');
  return ok(report);
}

/** `sha256:<hex>` of the RFC 8785 form, so that white space does not matter. */
export function reportDigest(report: BypassReport): string {
  return `sha256:${toHex(sha256(utf8Encode(encodeJcs(report))))}`;
}

/** Direct tries that reached their target in a control run. */
export function controlledBy(control: BypassReport): ReadonlySet<string> {
  const attempts = control.findings.flatMap((finding) => finding.attempts);
  return new Set(attempts.filter(({ verdict }) => verdict === 'leaked').map(({ attempt }) => attempt));
}
