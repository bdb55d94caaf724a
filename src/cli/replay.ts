import { readFileSync } from 'node:fs';
import { readZip } from '../core/bundle/zip_read.ts';
import { parseLine } from '../core/canonical/dsse.ts';
import { compileCanonical } from '../core/policy/compile.ts';
import type { CompiledPolicy } from '../core/policy/compiled.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { Replay, type ReplayDifference } from '../core/verdict/replay.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

/** Differences named one by one; the rest is only counted. */
const DIFFERENCES_SHOWN_MAX = 100;
const PROGRESS_EVERY = 20_000;

const US_PER_MS = 1_000;

interface Tally {
  decisions: number;
  same: number;
  different: number;
  readonly skipped: Map<string, number>;
  readonly differences: ReplayDifference[];
}

/**
 * `replay <bundle>`: judges every decision again from its recorded inputs. Proves consistency, not the truth of the
 * recorded facts, and not that the bundle is genuine: that is what `verify` says.
 */
export function replay(bundle: string, flags: Flags): number {
  const members = membersOf(bundle);
  const policies = policiesOf(members);
  const lines = splitLines(members.get('journal.jsonl') ?? new Uint8Array());
  const complete = lines[0] !== undefined && recordOf(lines[0]).seq === 0;
  const engine = new Replay({ complete });
  const tally: Tally = { decisions: 0, same: 0, different: 0, skipped: new Map(), differences: [] };
  for (const line of lines) {
    const record = recordOf(line);
    if (record.type === 'lifecycle' && record.lifecycle === 'restore')
      engine.exhaust(record.ledger_ms * US_PER_MS);
    if (record.type === 'outcome') engine.outcome(record);
    if (record.type === 'inspection') countAnswer(tally, engine.inspection(record));
    if (record.type !== 'decision') continue;
    const policy = policies.get(record.policy_hash);
    if (policy === undefined) {
      throw new CliError(
        EXIT.no,
        `the bundle lacks policy ${record.policy_hash}, which seq ${record.seq} names`,
      );
    }
    count(tally, engine.decision(record, policy));
    if (tally.decisions % PROGRESS_EVERY === 0)
      process.stderr.write(`replayed ${tally.decisions} decisions\n`);
  }
  report(tally, complete, flags);
  return tally.different === 0 ? EXIT.ok : EXIT.no;
}

function membersOf(bundle: string): ReadonlyMap<string, Uint8Array> {
  const read = readZip(readFileSync(bundle));
  if (read.ok) return new Map(read.value.map(({ name, bytes }) => [name, bytes]));
  throw new CliError(
    EXIT.no,
    `${bundle} is not an evidence bundle (${read.problem.code} at byte ${read.problem.offset})`,
    'clawgress export -o evidence.zip',
  );
}

/** Every policy document of the bundle, compiled; the hash that records name is recomputed, not believed. */
function policiesOf(members: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, CompiledPolicy> {
  const policies = new Map<string, CompiledPolicy>();
  for (const [name, bytes] of members) {
    if (!name.startsWith('policy/')) continue;
    const compiled = compileCanonical(bytes);
    if (!compiled.ok) throw new CliError(EXIT.no, `${name} does not compile with this version`);
    policies.set(compiled.value.policy.policy_hash, compiled.value.policy);
  }
  return policies;
}

function* splitNewlines(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    yield bytes.subarray(start, end === -1 ? bytes.length : end);
    start = end === -1 ? bytes.length : end + 1;
  }
}

function splitLines(bytes: Uint8Array): readonly Uint8Array[] {
  return [...splitNewlines(bytes)];
}

function recordOf(line: Uint8Array): JournalRecord {
  const signed = parseLine(line);
  const record = signed.ok ? parseRecord(signed.value.body) : signed;
  if (record.ok) return record.value;
  throw new CliError(EXIT.no, 'the journal of the bundle cannot be read', 'clawgress verify names the line');
}

/** An answer is no decision, but what it settled has to come out the same. */
function countAnswer(tally: Tally, differences: readonly ReplayDifference[]): void {
  if (differences.length === 0) return;
  tally.different++;
  if (tally.differences.length < DIFFERENCES_SHOWN_MAX) tally.differences.push(...differences);
}

function count(tally: Tally, outcome: ReturnType<Replay['decision']>): void {
  tally.decisions++;
  if (outcome.kind === 'same') tally.same++;
  else if (outcome.kind === 'skipped')
    tally.skipped.set(outcome.why, (tally.skipped.get(outcome.why) ?? 0) + 1);
  else {
    tally.different++;
    if (tally.differences.length < DIFFERENCES_SHOWN_MAX) tally.differences.push(...outcome.differences);
  }
}

function report(tally: Tally, complete: boolean, flags: Flags): void {
  const { decisions, same, different, differences } = tally;
  const skipped = [...tally.skipped].map(([why, times]) => ({ why, count: times }));
  const ledger = complete ? 'refolded' : 'recorded_state_trusted';
  if (flags['json'] === true) {
    process.stdout.write(`${JSON.stringify({ decisions, same, different, skipped, ledger, differences })}\n`);
    return;
  }
  const print = (text: string) => process.stdout.write(`${text}\n`);
  print(`replayed ${decisions} decisions: ${same} the same, ${different} differences`);
  print(
    complete
      ? 'limits: refolded from the first record'
      : 'limits: recorded states trusted (not a complete log)',
  );
  for (const { why, count: times } of skipped) print(`skipped ${times}: ${why}`);
  for (const one of differences) {
    print(
      `seq ${one.seq} ${one.receipt_id} ${one.field}: recorded ${one.recorded}, replayed ${one.replayed}`,
    );
  }
}
