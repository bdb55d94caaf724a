/** The closed list of what a verifier can hold against a bundle. Codes are never renamed. */
export const FINDING_CODES = {
  ZIP_INVALID: 'The file is not the deterministic zip of this format',
  MEMBER_UNDECLARED: 'A file that the manifest or the format does not know',
  MEMBER_MISSING: 'A declared or required file is absent',
  MEMBER_DIGEST: 'A file differs from its digest',
  MANIFEST_INVALID: 'The manifest is not what the other files give',
  VIEW_MISMATCH: 'The readable view does not repeat the journal',
  LINE_INVALID: 'A journal line is not the exact template, or its body is not canonical',
  VERSION_UNKNOWN: 'A version, record type or member that this verifier does not know',
  FIELD_INVALID: 'A member of a record is missing or has the wrong form',
  LOG_MISMATCH: 'A record of another log or issuer',
  SEQ_GAP: 'A sequence number is not the next one',
  CHAIN_BREAK: 'A record does not name the hash of the line before it',
  STREAM_BREAK: 'A tenant, agent or run chain does not continue',
  SEAL_MISMATCH: 'A seal does not fit the records it covers',
  KEY_UNKNOWN: 'Signed by a key that nothing vouches for',
  KEY_EXPIRED: 'Signed outside the validity of the key',
  DELEGATION_INVALID: 'A key delegation or genesis record breaks the rules of delegation',
  SIG_INVALID: 'A signature does not verify',
  TIME_UNPROVEN: 'Signed by a revoked key, and nothing from outside proves that it was before the revocation',
  CHECKPOINT_INVALID: 'The checkpoint is malformed, of another log, or not signed by the log key',
  TREE_MISMATCH: 'The records do not give the signed tree',
  TRUST_INVALID: 'The key list inside the bundle cannot be read or contradicts its files',
  END_UNPROVEN: 'Records beyond the checkpoint: a valid chain whose end nobody has signed for',
  EMPTY: 'There are no records',
} as const;

export type FindingCode = keyof typeof FINDING_CODES;

export interface Finding {
  readonly code: FindingCode;
  /** Member name, with the line number where there is one: `journal.jsonl:12`. */
  readonly where: string;
  /** What exactly. Printable ASCII, as `where` is, at most DETAIL_LENGTH_MAX. */
  readonly detail: string;
}

/** Findings that are kept; the rest is counted. */
export const FINDINGS_MAX = 100;

const DETAIL_LENGTH_MAX = 200;

/** Names in a bundle are the attacker's: no escape sequence of theirs may reach a terminal or a log. */
function printable(text: string): string {
  return text.slice(0, DETAIL_LENGTH_MAX).replace(/[^ -~]/g, '?');
}

export class Findings {
  readonly kept: Finding[] = [];
  total = 0;
  private readonly codes = new Set<FindingCode>();

  add(code: FindingCode, where: string, detail = ''): void {
    this.total += 1;
    this.codes.add(code);
    if (this.kept.length < FINDINGS_MAX) {
      this.kept.push({ code, where: printable(where), detail: printable(detail) });
    }
  }

  has(code: FindingCode): boolean {
    return this.codes.has(code);
  }

  /** Whether anything was found that is not a verdict of its own. */
  get refuses(): boolean {
    return [...this.codes].some((code) => code !== 'EMPTY' && code !== 'END_UNPROVEN');
  }
}
