import {
  ARRIVALS_BYTES_MAX,
  type LoggedArrival,
  leaksAmong,
  parseArrivals,
  withArrivals,
} from '../bypass/arrivals.ts';
import { type BypassReport, reportDigest } from '../bypass/report.ts';
import type { BypassProbeFacts } from '../core/receipt/records.ts';
import { openRecorder } from '../recorder/opening.ts';
import { encodeFacts } from './doctor_bypass_facts.ts';
import { readBounded, readReport } from './doctor_bypass_file.ts';
import { CliError, EXIT } from './exit.ts';
import { askGateway } from './gateway_client.ts';
import { offlineRecorder } from './offline_recorder.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { requireJournal } from './requirements.ts';

const REPORT_AGE_MAX_MS = 24 * 3_600_000;
const CLOCK_SKEW_MAX_MS = 300_000;

/** `doctor --bypass-record`: through the running recorder, or on the folder when none runs. 1 when anything leaked. */
export async function bypassRecord(flags: Flags): Promise<number> {
  const settings = settingsFor(flags);
  const layout = layoutFor(settings);
  requireJournal(layout);
  const report = readReport(String(flags['bypassRecord']), '--bypass-record');
  refuseStale(report);
  const facts = factsOf(report, arrivalsOf(flags));
  const answer = await askGateway(layout.gateway_socket, 'POST', `/bypass-record?${encodeFacts(facts)}`);
  if (answer === undefined) {
    const recorder = await openRecorder(offlineRecorder(settings, layout));
    await recorder.recordBypassProbe(facts).finally(() => recorder.stop());
  }
  process.stdout.write(flags['json'] === true ? `${JSON.stringify(facts)}\n` : text(facts));
  return facts.leaked > 0 ? EXIT.no : EXIT.ok;
}

/** The digest is of what was handed in; counts and leaks add what only the target saw. */
export function factsOf(
  report: BypassReport,
  arrivals: readonly LoggedArrival[] | undefined,
): BypassProbeFacts {
  const whole = withArrivals(report, arrivals ?? []);
  return {
    lifecycle: 'bypass_probe',
    nonce: report.nonce,
    report_digest: reportDigest(report),
    probed_ts: report.finished_ts,
    ...whole.counts,
    leaks: whole.findings.filter(({ verdict }) => verdict === 'leaked').map(({ probe }) => probe),
    ...(arrivals === undefined ? {} : { arrivals: leaksAmong(report.nonce, arrivals).length }),
  };
}

/** What a guard let through last week says nothing about today. */
function refuseStale({ finished_ts }: BypassReport): void {
  const age_ms = Date.now() - Date.parse(finished_ts);
  if (age_ms <= REPORT_AGE_MAX_MS && age_ms >= -CLOCK_SKEW_MAX_MS) return;
  throw new CliError(
    EXIT.usage,
    `--bypass-record: found a report of ${finished_ts}; allowed: at most a day old`,
    'run `clawgress doctor --bypass -o report.json` again',
  );
}

function arrivalsOf(flags: Flags): readonly LoggedArrival[] | undefined {
  const path = flags['arrivals'];
  if (typeof path !== 'string') return undefined;
  const bytes = readBounded(path, ARRIVALS_BYTES_MAX);
  const arrivals =
    bytes.length > ARRIVALS_BYTES_MAX
      ? ({ ok: false, problem: `allowed: at most ${ARRIVALS_BYTES_MAX} bytes` } as const)
      : parseArrivals(Buffer.from(bytes).toString('utf8'));
  if (arrivals.ok) return arrivals.value;
  throw new CliError(
    EXIT.usage,
    `--arrivals: ${path}: ${arrivals.problem}`,
    'hand over what `clawgress doctor --bypass-target` printed',
  );
}

function text(facts: BypassProbeFacts): string {
  const { held, leaked, not_tested, leaks, arrivals } = facts;
  const named = leaks.length === 0 ? '' : ` (${leaks.join(', ')})`;
  const seen = arrivals === undefined ? 'no log of a target' : `${arrivals} arrivals at the target`;
  return `recorded: ${held} held, ${leaked} leaked${named}, ${not_tested} not tested; ${seen}\n  ${facts.report_digest}\n`;
}
