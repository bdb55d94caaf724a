import { splitJournal } from '../bundle/journal_view.ts';
import { manifestBytes } from '../bundle/manifest.ts';
import type { Member } from '../bundle/member.ts';
import * as at from '../bundle/member.ts';
import { predicateOf, rangeOf } from '../bundle/predicate.ts';
import { parseTrustFile, type TrustFile } from '../bundle/trust_file.ts';
import { readZip } from '../bundle/zip_read.ts';
import { sameBytes } from '../canonical/bytes.ts';
import { toHex } from '../canonical/hex.ts';
import { checkpointOrigin, type SignedCheckpoint } from '../chain/checkpoint.ts';
import type { VerifyCrypto } from './crypto.ts';
import { checkKeyFiles, checkPolicies, checkView } from './documents.ts';
import { Findings } from './findings.ts';
import { JournalVerifier } from './journal.ts';
import { KeyBook } from './key_book.ts';
import { checkManifestSignatures } from './manifest_signatures.ts';
import { checkMembers } from './members.ts';
import { readRangeStart } from './range_start.ts';
import { CAVEATS, type VerifyReport, verdictOf } from './report.ts';
import { checkNote, checkTiles, checkTree, readCheckpoint } from './tree.ts';

const RANGE_MEMBERS = [at.FRONTIER, at.DELEGATIONS, at.DELEGATION_PROOFS];

/**
 * Verifies an evidence bundle, offline and without clock. Every finding is listed; any finding means that the verdict is
 * not `VERIFIED`. Never throws on what the file holds.
 */
export function verifyBundle(
  zip: Uint8Array,
  trust: TrustFile | undefined,
  crypto: VerifyCrypto,
): VerifyReport {
  const findings = new Findings();
  const keys = new KeyBook(crypto.sha256, trust);
  const members = readZip(zip);
  if (members.ok) return verifyMembers({ members: members.value, trust, crypto, keys, findings });
  findings.add('ZIP_INVALID', `offset ${members.problem.offset}`, members.problem.code);
  const unread = new JournalVerifier({ crypto, keys, findings, where: at.JOURNAL, firstSeq: 0 });
  return report(unread, keys, undefined, findings, trust !== undefined);
}

interface Opened {
  readonly members: readonly Member[];
  readonly trust: TrustFile | undefined;
  readonly crypto: VerifyCrypto;
  readonly keys: KeyBook;
  readonly findings: Findings;
}

function verifyMembers({ members, trust, crypto, keys, findings }: Opened): VerifyReport {
  const files = new Map(members.map(({ name, bytes }) => [name, bytes]));
  checkMembers(crypto.sha256, members, findings);
  const listedKeys = readKeyList(crypto, files, findings);
  checkManifestSignatures(crypto, files, trust ?? listedKeys, findings);
  const note = readCheckpoint(files.get(at.CHECKPOINT), findings);
  const isRange = RANGE_MEMBERS.some((name) => files.has(name));
  const start = isRange ? readRangeStart(crypto, files, note, keys, findings) : undefined;
  const lines = readLines(files.get(at.JOURNAL), findings);
  const journal = new JournalVerifier({
    crypto,
    keys,
    findings,
    where: at.JOURNAL,
    firstSeq: start?.before.size ?? 0,
    ...(start?.genesis === undefined ? {} : { log: start.genesis }),
  });
  for (const line of lines) journal.line(line);
  if (note !== undefined) checkTree(crypto, note, start?.before, lines, findings);
  checkTiles(crypto, files, isRange ? undefined : lines.slice(0, note?.size ?? 0), findings);
  checkView(files, lines, findings);
  checkPolicies(crypto.sha256, files, journal.policyHashes, findings);
  checkOrigin({ crypto, files, listedKeys, keys, journal, note, findings });
  checkManifest({ crypto, members, files, journal, note, findings });
  return report(journal, keys, note, findings, trust !== undefined);
}

function readLines(bytes: Uint8Array | undefined, findings: Findings): readonly Uint8Array[] {
  // A missing journal is told as a missing member; only one that is there and holds nothing is empty.
  if (bytes === undefined) return [];
  const { lines, rest } = splitJournal(bytes);
  if (rest.length > 0) findings.add('LINE_INVALID', at.JOURNAL, 'the last line has no newline');
  else if (lines.length === 0) findings.add('EMPTY', at.JOURNAL);
  return lines;
}

/** The bundle's own key list. Unreadable: an empty one, and a finding. */
function readKeyList(
  crypto: VerifyCrypto,
  files: ReadonlyMap<string, Uint8Array>,
  findings: Findings,
): TrustFile {
  const bytes = files.get(at.KEYS);
  const list = bytes === undefined ? undefined : parseTrustFile(crypto.sha256, bytes);
  if (list?.ok) return list.value;
  if (list !== undefined) findings.add('TRUST_INVALID', at.KEYS, `${list.problem.code} ${list.problem.at}`);
  return { keys: [] };
}

interface Read {
  readonly crypto: VerifyCrypto;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly journal: JournalVerifier;
  readonly note: SignedCheckpoint | undefined;
  readonly findings: Findings;
}

function checkOrigin(read: Read & { readonly listedKeys: TrustFile; readonly keys: KeyBook }): void {
  const { crypto, files, journal, note, findings, keys, listedKeys } = read;
  const { first } = journal;
  if (first === undefined) return;
  const origin = checkpointOrigin(first.issuer, first.log_id);
  checkKeyFiles(files, listedKeys, keys, origin, findings);
  if (note === undefined) return;
  if (keys.logKey === undefined) findings.add('KEY_UNKNOWN', at.CHECKPOINT, 'no genesis names a log key');
  else checkNote(crypto, note, origin, keys.logKey.raw, findings);
}

/** Everything in the manifest follows from the other members; what does not would be somebody's bare word. */
function checkManifest(read: Read & { readonly members: readonly Member[] }): void {
  const { crypto, members, files, journal, note, findings } = read;
  const { first, last } = journal;
  const manifest = files.get(at.MANIFEST);
  if (first === undefined || last === undefined || note === undefined || manifest === undefined) return;
  const listed = members.filter(({ name }) => !at.UNLISTED.includes(name));
  const expected = manifestBytes(crypto.sha256, listed, predicateOf(first, last, note, journal.totals));
  if (!sameBytes(manifest, expected))
    findings.add('MANIFEST_INVALID', at.MANIFEST, 'not what the files give');
}

function report(
  journal: JournalVerifier,
  keys: KeyBook,
  note: SignedCheckpoint | undefined,
  findings: Findings,
  hasTrust: boolean,
): VerifyReport {
  const { first, last } = journal;
  const purposeOf = (keyId: string) => (keyId === keys.rootKeyId ? 'root' : 'receipt');
  const signers = journal.signers.map(
    ({ keyId, records }) => ({ key_id: keyId, purpose: purposeOf(keyId), records }) as const,
  );
  return {
    verdict: verdictOf(findings, hasTrust),
    findings: findings.kept,
    findings_total: findings.total,
    ...(first === undefined || last === undefined ? {} : logAndRange(first, last)),
    population: journal.totals,
    ...(note === undefined ? {} : { checkpoint: { size: note.size, root: toHex(note.root) } }),
    keys: [
      ...signers,
      ...(keys.logKey === undefined
        ? []
        : [{ key_id: keys.logKey.keyId, purpose: 'log', records: 0 } as const]),
    ],
    caveats: hasTrust ? [CAVEATS.NO_WITNESS] : [CAVEATS.NO_TRUST, CAVEATS.NO_WITNESS],
  };
}

function logAndRange(
  first: NonNullable<JournalVerifier['first']>,
  last: NonNullable<JournalVerifier['last']>,
): Pick<VerifyReport, 'log' | 'range'> {
  const { log_id, issuer } = first;
  return { log: { log_id, issuer, origin: checkpointOrigin(issuer, log_id) }, range: rangeOf(first, last) };
}
