import { type Population, PopulationCounter } from '../bundle/population.ts';
import type { TrustFile } from '../bundle/trust_file.ts';
import { parseLine, type SignedLine } from '../canonical/dsse.ts';
import { toHex } from '../canonical/hex.ts';
import { parseRecord } from '../receipt/parse_record.ts';
import type { JournalRecord } from '../receipt/records.ts';
import type { VerifyCrypto } from './crypto.ts';
import { Findings } from './findings.ts';
import { isDelegation, isGenesis, KeyBook, type KeyProblem } from './key_book.ts';
import { isSignedLine } from './signed_line.ts';
import { StreamChains } from './streams.ts';

const FIRST_PREV = '0'.repeat(64);

export interface JournalStart {
  readonly crypto: VerifyCrypto;
  readonly keys: KeyBook;
  readonly findings: Findings;
  /** Member name for findings. */
  readonly where: string;
  /** 0 for a journal from genesis; otherwise where the range starts. */
  readonly firstSeq: number;
  /** Log and issuer, when something before the range has named them. */
  readonly log?: { readonly log_id: string; readonly issuer: string };
}

/** Checks lines one after the other. Nothing is skipped: a line that cannot be read breaks the chain for the next one. */
export class JournalVerifier {
  private readonly at: JournalStart;
  private readonly streams: StreamChains;
  private readonly population = new PopulationCounter();
  private log: { readonly log_id: string; readonly issuer: string } | undefined;
  private lines = 0;
  private previousHash: string | undefined;
  private readonly signedBy = new Map<string, number>();
  first: JournalRecord | undefined;
  last: JournalRecord | undefined;
  readonly policyHashes = new Set<string>();

  constructor(start: JournalStart) {
    this.at = start;
    this.log = start.log;
    this.streams = new StreamChains(start.crypto.sha256, start.firstSeq === 0);
  }

  get totals(): Population {
    return this.population.result();
  }

  get signers(): readonly { readonly keyId: string; readonly records: number }[] {
    return [...this.signedBy].map(([keyId, records]) => ({ keyId, records }));
  }

  /** One line without newline. Returns the record when it could be read, whether or not it was good. */
  line(line: Uint8Array): JournalRecord | undefined {
    const seq = this.at.firstSeq + this.lines;
    this.lines += 1;
    const hash = toHex(this.at.crypto.sha256(line));
    const record = this.read(line, seq, hash);
    this.previousHash = hash;
    return record;
  }

  private read(line: Uint8Array, seq: number, hash: string): JournalRecord | undefined {
    const parsed = parseLine(line);
    if (!parsed.ok) return this.report('LINE_INVALID', parsed.problem);
    const body = parseRecord(parsed.value.body);
    if (!body.ok) {
      const { code, at } = body.problem;
      return this.report(code === 'BODY_INVALID' ? 'LINE_INVALID' : code, at);
    }
    const record = body.value;
    this.first ??= record;
    this.last = record;
    this.population.add(record);
    if ('policy_hash' in record) this.policyHashes.add(record.policy_hash);
    this.checkPlace(record, seq);
    this.problem(this.signatureProblem(record, parsed.value));
    this.checkStreams(record, hash);
    return record;
  }

  private checkPlace(record: JournalRecord, seq: number): void {
    this.log ??= { log_id: record.log_id, issuer: record.issuer };
    if (record.log_id !== this.log.log_id || record.issuer !== this.log.issuer) this.report('LOG_MISMATCH');
    if (record.seq !== seq) this.report('SEQ_GAP', `expected ${seq}, found ${record.seq}`);
    // The line before a later range is not here; its tree position vouches for the first `prev`.
    const expected = this.previousHash ?? (this.at.firstSeq === 0 ? FIRST_PREV : record.prev);
    if (record.prev !== expected) this.report('CHAIN_BREAK', `seq ${record.seq}`);
    if (isGenesis(record) !== (seq === 0))
      this.report('DELEGATION_INVALID', 'genesis is the first record, once');
  }

  private signatureProblem(record: JournalRecord, line: SignedLine): KeyProblem | undefined {
    const { keys, crypto } = this.at;
    if (record.key_id !== line.keyId) return { code: 'LINE_INVALID', detail: 'keyid differs from the body' };
    if (isGenesis(record) && record.seq === 0) this.problem(keys.enterGenesis(record));
    const signer = keys.signerOf(record);
    if ('code' in signer) return signer;
    this.problem(signer.problem);
    this.signedBy.set(record.key_id, (this.signedBy.get(record.key_id) ?? 0) + 1);
    if (!isSignedLine(crypto, signer.raw, line)) return { code: 'SIG_INVALID', detail: `seq ${record.seq}` };
    return isDelegation(record) ? keys.enterDelegation(record) : undefined;
  }

  private checkStreams(record: JournalRecord, hash: string): void {
    const problem = this.streams.follow(record, hash);
    if (problem !== undefined) this.report('STREAM_BREAK', problem);
    const sealed = record.type === 'seal' ? this.streams.seal(record) : undefined;
    if (sealed !== undefined) this.report('SEAL_MISMATCH', sealed);
  }

  private problem(problem: KeyProblem | undefined): void {
    if (problem !== undefined) this.report(problem.code, problem.detail);
  }

  private report(code: KeyProblem['code'], detail = ''): undefined {
    this.at.findings.add(code, `${this.at.where}:${this.lines}`, detail);
    return undefined;
  }
}

/** Verifies a journal from genesis on, without checkpoint: chain, signatures, delegations, streams. */
export function verifyJournalLines(
  lines: Iterable<Uint8Array>,
  crypto: VerifyCrypto,
  trust: TrustFile | undefined,
): { readonly findings: Findings; readonly journal: JournalVerifier } {
  const findings = new Findings();
  const keys = new KeyBook(crypto.sha256, trust);
  const journal = new JournalVerifier({ crypto, keys, findings, where: 'journal', firstSeq: 0 });
  for (const line of lines) journal.line(line);
  if (journal.first === undefined && findings.total === 0) findings.add('EMPTY', 'journal');
  return { findings, journal };
}
