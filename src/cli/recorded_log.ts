import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../config/layout.ts';
import { readZip } from '../core/bundle/zip_read.ts';
import { parseLine } from '../core/canonical/dsse.ts';
import { compileCanonical } from '../core/policy/compile.ts';
import type { CompiledPolicy } from '../core/policy/compiled.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { CliError, EXIT } from './exit.ts';
import { oldestFirst } from './journal_reader.ts';

/** Recorded decisions with the policies that they were judged by. Reading checks no signatures; `verify` does. */
export interface RecordedLog {
  /** Oldest first. */
  records(): Iterable<JournalRecord>;
  /** Undefined: the log does not hold it, or it does not compile with this version. */
  policy(hash: string): CompiledPolicy | undefined;
}

/** The journal of a state folder. */
export function journalLog(layout: Pick<Layout, 'journal_dir' | 'artifacts_dir' | 'state_dir'>): RecordedLog {
  if (!existsSync(layout.journal_dir)) {
    throw new CliError(
      EXIT.unavailable,
      `there is no journal in ${layout.state_dir}`,
      'check --state-dir, or name a bundle with --bundle evidence.zip',
    );
  }
  return {
    *records() {
      for (const { record } of oldestFirst(layout.journal_dir)) yield record;
    },
    policy: remembered((hash) => {
      const path = join(layout.artifacts_dir, hash.replace(/^sha256:/, ''));
      return existsSync(path) ? readFileSync(path) : undefined;
    }),
  };
}

/** An evidence bundle. */
export function bundleLog(file: string): RecordedLog {
  const read = readZip(readFileSync(file));
  if (!read.ok) {
    const { code, offset } = read.problem;
    const message = `${file} is not an evidence bundle (${code} at byte ${offset})`;
    throw new CliError(EXIT.usage, message, 'clawgress export -o evidence.zip');
  }
  const members = new Map(read.value.map(({ name, bytes }) => [name, bytes]));
  const policies = new Map<string, CompiledPolicy>();
  for (const [name, bytes] of members) {
    const compiled = name.startsWith('policy/') ? compileCanonical(bytes) : undefined;
    if (compiled?.ok) policies.set(compiled.value.policy.policy_hash, compiled.value.policy);
  }
  return {
    *records() {
      for (const line of linesOf(members.get('journal.jsonl') ?? new Uint8Array())) yield recordOf(line);
    },
    policy: (hash) => policies.get(hash),
  };
}

/** Policies are looked up once each, also those that are not there. */
function remembered(read: (hash: string) => Uint8Array | undefined): RecordedLog['policy'] {
  const known = new Map<string, CompiledPolicy | undefined>();
  return (hash) => {
    if (known.has(hash)) return known.get(hash);
    const bytes = read(hash);
    const compiled = bytes && compileCanonical(bytes);
    const policy = compiled?.ok ? compiled.value.policy : undefined;
    known.set(hash, policy);
    return policy;
  };
}

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    yield bytes.subarray(start, end === -1 ? bytes.length : end);
    start = end === -1 ? bytes.length : end + 1;
  }
}

function recordOf(line: Uint8Array): JournalRecord {
  const signed = parseLine(line);
  const record = signed.ok ? parseRecord(signed.value.body) : signed;
  if (record.ok) return record.value;
  throw new CliError(
    EXIT.usage,
    'the journal of the bundle cannot be read',
    'clawgress verify names the line',
  );
}
