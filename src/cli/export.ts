import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { assembleBundle } from '../core/bundle/assemble.ts';
import { writeZip } from '../core/bundle/zip_write.ts';
import { leafHash } from '../core/chain/merkle.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { openKeyring } from '../keys/keyring.ts';
import { retiredBefore } from '../recorder/retired.ts';
import { listSegments } from '../recorder/segments.ts';
import { CliError, EXIT } from './exit.ts';
import { currentCheckpoint } from './export_checkpoint.ts';
import { oldestFirst } from './journal_reader.ts';
import { keptCheckpoint, keptLayout } from './kept_log.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { writeFileAtomic } from './state.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** `export`: everything durable, or a range, as one file that stands alone. */
export async function exportEvidence(flags: Flags): Promise<number> {
  const settings = settingsFor(flags);
  const log = flags['log'];
  const own = layoutFor(settings);
  const layout = log === undefined ? own : keptLayout(own, String(log));
  const output = String(flags['output']);
  if (!existsSync(layout.public_keys)) {
    throw new CliError(
      EXIT.unavailable,
      `there is no journal in ${layout.state_dir} yet`,
      'check --state-dir',
    );
  }
  const checkpoint = log === undefined ? await currentCheckpoint(settings, layout) : keptCheckpoint(layout);
  const range = readRange(layout, checkpoint.size, sinceOf(flags['since']));
  const zip = bundleOf(settings, layout, range, checkpoint.note);
  writeFileAtomic(output, zip, 0o600);
  report(output, zip.length, range, flags['json'] === true);
  return EXIT.ok;
}

/** What is exported, and what a range that starts after genesis rests on. */
interface Range {
  readonly lines: readonly Uint8Array[];
  readonly firstSeq: number;
  readonly decisions: number;
  readonly policyHashes: ReadonlySet<string>;
  readonly leavesBefore: readonly Uint8Array[];
  readonly delegationsBefore: readonly Uint8Array[];
}

const READS_MAX = 5;

type Since = (record: JournalRecord) => boolean;

const TIMESTAMP = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** A record from which on the range goes. Times are judged by the records' own time stamps. */
export function sinceOf(flag: string | boolean | undefined): Since {
  if (flag === undefined) return () => true;
  const text = String(flag);
  if (/^\d{1,15}$/.test(text)) return (record) => record.seq >= Number(text);
  if (TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text))) {
    const from = new Date(text).toISOString();
    return (record) => record.ts >= from;
  }
  throw new CliError(
    EXIT.usage,
    `--since: found '${text}'; allowed: a sequence number, or a time such as 2026-03-01T00:00:00Z`,
  );
}

/** Read again when retention removed a segment meanwhile: then lines and the leaves before them do not meet. */
function readRange(layout: Layout, size: number, since: Since): Range {
  for (let i = 0; i < READS_MAX; i++) {
    const [oldest] = listSegments(layout.journal_dir);
    const range = readOnce(layout, size, since);
    if (listSegments(layout.journal_dir)[0]?.first_seq === oldest?.first_seq) return range;
  }
  throw new CliError(
    EXIT.unavailable,
    'retention removes segments faster than they can be read',
    'raise recorder.retention_days or recorder.journal_max_bytes, then export again',
  );
}

function readOnce(layout: Layout, size: number, since: Since): Range {
  const lines: Uint8Array[] = [];
  const retired = retiredBefore(layout.journal_dir);
  const leavesBefore = [...retired.leaves];
  const delegationsBefore = [...retired.keyLines];
  const policyHashes = new Set<string>();
  let decisions = 0;
  for (const { record, line } of oldestFirst(layout.journal_dir)) {
    // Beyond the checkpoint nobody has signed for the end.
    if (record.seq >= size) break;
    if (lines.length === 0 && !since(record)) {
      leavesBefore.push(leafHash(sha256, line));
      if (isKeyRecord(record)) delegationsBefore.push(line);
      continue;
    }
    lines.push(line);
    if ('policy_hash' in record) policyHashes.add(record.policy_hash);
    if (record.type === 'decision') decisions += 1;
  }
  if (lines.length === 0) {
    throw new CliError(EXIT.no, 'no records in that range', '`clawgress receipts list` shows the newest');
  }
  if (retired.leaves.length > 0)
    process.stderr.write(
      `records 0 to ${retired.leaves.length - 1} were removed by retention: this export is a range\n`,
    );
  return { lines, firstSeq: leavesBefore.length, decisions, policyHashes, leavesBefore, delegationsBefore };
}

function isKeyRecord(record: JournalRecord): boolean {
  return (
    record.type === 'lifecycle' && (record.lifecycle === 'genesis' || record.lifecycle === 'key_delegation')
  );
}

function bundleOf(settings: Settings, layout: Layout, range: Range, checkpoint: string): Uint8Array {
  const keyring = openKeyring(layout.keys_dir);
  const before = { leaves: range.leavesBefore, delegations: range.delegationsBefore };
  const members = assembleBundle({
    sha256,
    journal: range.lines,
    checkpoint,
    ...(range.firstSeq > 0 ? { before } : {}),
    policies: [...range.policyHashes].map((digest) => artifact(layout, digest)),
    keys: readFileSync(layout.public_keys, 'utf8'),
    signers: { ed25519: keyring.manifestEd25519, p256: keyring.manifestP256 },
  });
  if (members.ok) return writeZip(members.value);
  throw new CliError(
    EXIT.no,
    `the journal of ${settings.issuer} cannot be exported: ${members.problem.code} ${members.problem.detail}`,
    'keep a copy of the state folder and run `clawgress doctor`',
  );
}

function artifact(layout: Layout, digest: string): Uint8Array {
  const path = join(layout.artifacts_dir, digest.replace(/^sha256:/, ''));
  if (existsSync(path)) return readFileSync(path);
  throw new CliError(
    EXIT.unavailable,
    `the document ${digest} is missing: ${path}`,
    'restore it from a backup',
  );
}

function report(output: string, bytes: number, range: Range, json: boolean): void {
  const lastSeq = range.firstSeq + range.lines.length - 1;
  const facts = {
    file: output,
    bytes,
    first_seq: range.firstSeq,
    last_seq: lastSeq,
    records: range.lines.length,
    decisions: range.decisions,
  };
  if (json) process.stdout.write(`${JSON.stringify(facts)}\n`);
  else {
    process.stdout.write(
      `${output}: records ${range.firstSeq} to ${lastSeq}, ${range.decisions} decisions, ${bytes} bytes\n` +
        `next: clawgress verify ${output} --trust keys.json   (keys.json from \`clawgress keys export\`)\n`,
    );
  }
}
