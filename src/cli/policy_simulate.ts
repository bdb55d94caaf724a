import type { CompiledPolicy } from '../core/policy/compiled.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { Simulation } from '../core/verdict/simulate.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { loadPolicy, type PolicyFileArgs, type PolicyIo } from './policy_files.ts';
import { count, emptyReport, plainReport, type SimulationReport } from './policy_simulate_report.ts';
import { simulationText } from './policy_simulate_text.ts';
import { problemLines } from './policy_text.ts';
import type { RecordedLog } from './recorded_log.ts';

const PROGRESS_EVERY = 20_000;
const US_PER_MS = 1_000;

/**
 * `policy simulate <candidate>`: what a candidate would have said to recorded requests. 0 when nothing differs, 1 when
 * something does, 2 when the candidate does not compile, 3 when there is nothing to judge.
 */
export function policySimulate(
  args: PolicyFileArgs,
  log: RecordedLog,
  counts: (record: JournalRecord) => boolean,
  io: PolicyIo,
): ExitCode {
  const compiled = loadPolicy(args, io);
  if (compiled === undefined) return EXIT.unavailable;
  if (!compiled.ok) {
    io.err(problemLines(args.file, compiled.problem));
    return EXIT.usage;
  }
  const { policy } = compiled.value;
  const { policy_id, policy_hash } = policy;
  const report = emptyReport({ file: args.file, policy_id, policy_hash });
  simulate(policy, log, counts, report, io);
  if (report.decisions === 0) {
    throw new CliError(EXIT.unavailable, 'no recorded decisions in that range', 'leave --since out');
  }
  io.out(args.json ? `${JSON.stringify(plainReport(report), null, 2)}\n` : simulationText(report));
  return report.different === 0 ? EXIT.ok : EXIT.no;
}

/** Records before the counted range are judged as well: they charge the candidate's limits. */
function simulate(
  policy: CompiledPolicy,
  log: RecordedLog,
  counts: (record: JournalRecord) => boolean,
  report: SimulationReport,
  io: PolicyIo,
): void {
  let simulation: Simulation | undefined;
  let isCounted = false;
  for (const record of log.records()) {
    if (simulation === undefined) {
      const complete = record.seq === 0;
      simulation = new Simulation(policy, { complete });
      report.limits = complete ? 'refolded' : 'continued';
    }
    isCounted ||= counts(record);
    if (record.type === 'lifecycle' && record.lifecycle === 'restore') {
      simulation.exhaust(record.ledger_ms * US_PER_MS);
    }
    if (record.type === 'outcome') simulation.outcome(record);
    if (record.type === 'inspection') simulation.inspection(record);
    if (record.type !== 'decision') continue;
    const outcome = simulation.decision(record, log.policy(record.policy_hash)?.query_names);
    if (!isCounted) continue;
    count(report, record, outcome);
    if (report.decisions % PROGRESS_EVERY === 0) io.err(`judged ${report.decisions} decisions\n`);
  }
}
