import { splitJournal } from '../bundle/journal_view.ts';
import { DELEGATION_PROOFS, DELEGATIONS, FRONTIER } from '../bundle/member.ts';
import { type DelegationProof, parseFrontier, parseProofs } from '../bundle/range_proof.ts';
import { parseLine, type SignedLine } from '../canonical/dsse.ts';
import type { SignedCheckpoint } from '../chain/checkpoint.ts';
import { leafHash, type TreeState, verifyInclusion } from '../chain/merkle.ts';
import { parseRecord } from '../receipt/parse_record.ts';
import type { JournalRecord } from '../receipt/records.ts';
import type { VerifyCrypto } from './crypto.ts';
import type { Findings } from './findings.ts';
import { type Genesis, isDelegation, isGenesis, type KeyBook, type KeyProblem } from './key_book.ts';
import { isSignedLine } from './signed_line.ts';

/** What a range needs from before its first line. */
export interface RangeStart {
  readonly before: TreeState;
  readonly genesis: Genesis | undefined;
}

/**
 * Reads the frontier, and learns root, log and epoch keys from genesis and delegations of before the range. Each of
 * those lines must be signed by the root and lie in the checkpoint's tree at its own position.
 */
export function readRangeStart(
  crypto: VerifyCrypto,
  files: ReadonlyMap<string, Uint8Array>,
  note: SignedCheckpoint | undefined,
  keys: KeyBook,
  findings: Findings,
): RangeStart | undefined {
  const frontier = parseFrontier(files.get(FRONTIER) ?? new Uint8Array(0));
  const proofs = parseProofs(files.get(DELEGATION_PROOFS) ?? new Uint8Array(0));
  if (!frontier.ok) findings.add('TREE_MISMATCH', FRONTIER, frontier.problem);
  if (!proofs.ok) findings.add('TREE_MISMATCH', DELEGATION_PROOFS, proofs.problem);
  if (!frontier.ok || !proofs.ok) return undefined;
  const { lines, rest } = splitJournal(files.get(DELEGATIONS) ?? new Uint8Array(0));
  if (rest.length > 0 || lines.length !== proofs.value.length) {
    findings.add('TREE_MISMATCH', DELEGATION_PROOFS, 'one proof for each line');
  }
  const earlier = new EarlierLines(crypto, keys, frontier.value.size);
  lines.forEach((line, index) => {
    const where = `${DELEGATIONS}:${index + 1}`;
    const report = ({ code, detail }: KeyProblem) => findings.add(code, where, detail);
    const seq = earlier.enter(line, report);
    if (seq === undefined || note === undefined) return;
    if (!isIncluded(crypto, line, seq, note, proofs.value[index])) {
      report({ code: 'TREE_MISMATCH', detail: 'inclusion proof' });
    }
  });
  if (earlier.genesis === undefined) findings.add('DELEGATION_INVALID', DELEGATIONS, 'no genesis record');
  return { before: frontier.value, genesis: earlier.genesis };
}

/** Genesis, then delegations in order: nothing else is carried over from before a range. */
class EarlierLines {
  genesis: Genesis | undefined;
  private readonly crypto: VerifyCrypto;
  private readonly keys: KeyBook;
  private readonly firstSeq: number;

  constructor(crypto: VerifyCrypto, keys: KeyBook, firstSeq: number) {
    this.crypto = crypto;
    this.keys = keys;
    this.firstSeq = firstSeq;
  }

  /** The sequence number of a line that could be read. */
  enter(line: Uint8Array, report: (problem: KeyProblem) => void): number | undefined {
    const parsed = parseLine(line);
    const read = parsed.ok ? parseRecord(parsed.value.body) : parsed;
    if (!parsed.ok || !read.ok) {
      report({ code: 'LINE_INVALID', detail: 'not a record' });
      return undefined;
    }
    const record = read.value;
    const problem = this.misplaced(record, parsed.value.keyId) ?? this.learn(record, parsed.value, report);
    if (problem !== undefined) report(problem);
    return record.seq;
  }

  private misplaced(record: JournalRecord, keyId: string): KeyProblem | undefined {
    const log = this.genesis;
    const isExpected = log === undefined ? isGenesis(record) && record.seq === 0 : isDelegation(record);
    if (!isExpected || record.seq >= this.firstSeq || record.key_id !== keyId) {
      return { code: 'DELEGATION_INVALID', detail: 'genesis first, then delegations of before the range' };
    }
    const isOther = log !== undefined && (record.log_id !== log.log_id || record.issuer !== log.issuer);
    return isOther ? { code: 'LOG_MISMATCH', detail: `seq ${record.seq}` } : undefined;
  }

  private learn(
    record: JournalRecord,
    line: SignedLine,
    report: (problem: KeyProblem) => void,
  ): KeyProblem | undefined {
    const unvouched = isGenesis(record) ? this.keys.enterGenesis(record) : undefined;
    if (isGenesis(record)) this.genesis = record;
    if (unvouched !== undefined) report(unvouched);
    const signer = this.keys.signerOf(record);
    if ('code' in signer) return signer;
    if (signer.problem !== undefined) report(signer.problem);
    if (!isSignedLine(this.crypto, signer.raw, line))
      return { code: 'SIG_INVALID', detail: `seq ${record.seq}` };
    return isDelegation(record) ? this.keys.enterDelegation(record) : undefined;
  }
}

function isIncluded(
  { sha256 }: VerifyCrypto,
  line: Uint8Array,
  seq: number,
  note: SignedCheckpoint,
  proof: DelegationProof | undefined,
): boolean {
  if (proof === undefined || proof.seq !== seq) return false;
  return verifyInclusion(sha256, leafHash(sha256, line), seq, note.size, proof.proof, note.root);
}
