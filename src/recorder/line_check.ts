import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { parseLine, preAuthEncoding, RECEIPT_PAYLOAD_TYPE, type SignedLine } from '../core/canonical/dsse.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { sha256Hex } from './hashing.ts';
import type { JournalState } from './state.ts';

export interface CheckedLine {
  readonly record: JournalRecord;
  readonly hash: string;
}

/**
 * INVALID: not a line, or a line that does not verify. UNKNOWN_KEY: a line by a key that this log never named.
 * FOREIGN: a validly signed line that does not continue the chain, or that this version cannot read.
 */
export type LineFault = 'INVALID' | 'UNKNOWN_KEY' | 'FOREIGN';

/** Judges lines of our own journal against the state folded so far. */
export class LineChecker {
  readonly #rootKeyId: string;
  readonly #keys = new Map<string, KeyObject>();

  constructor(root: { readonly keyId: string; readonly spkiDer: Uint8Array }) {
    this.#rootKeyId = root.keyId;
    this.#keys.set(root.keyId, publicKey(root.spkiDer));
  }

  /**
   * `signed: false` skips the signature. That is enough for all but the end of the journal: every line carries the
   * hash of the one before, so a valid signature on the last line vouches for all of them.
   */
  check(state: JournalState, line: Uint8Array, signed: boolean): Result<CheckedLine, LineFault> {
    const parsed = parseLine(line);
    if (!parsed.ok) return fail('INVALID');
    const key = this.#keyOf(state, parsed.value.keyId);
    if (key === undefined) return fail('UNKNOWN_KEY');
    if (signed && !isSigned(parsed.value, key)) return fail('INVALID');
    const record = parseRecord(parsed.value.body);
    if (record.ok && this.#continues(state, record.value, parsed.value.keyId)) {
      return ok({ record: record.value, hash: sha256Hex(line) });
    }
    return fail(signed || isSigned(parsed.value, key) ? 'FOREIGN' : 'INVALID');
  }

  /** Whether a piece of the tail may have been a record: then nobody may cut it. */
  vouches(state: JournalState, piece: Uint8Array): boolean {
    const checked = this.check(state, piece, true);
    return checked.ok || checked.problem !== 'INVALID';
  }

  #continues(state: JournalState, record: JournalRecord, keyId: string): boolean {
    const log_id = state.identity?.log_id ?? record.log_id;
    // Only the root signs genesis and delegations, and it signs nothing else.
    const isRootRecord =
      record.type === 'lifecycle' &&
      (record.lifecycle === 'genesis' || record.lifecycle === 'key_delegation');
    return (
      record.seq === state.head_seq + 1 &&
      record.prev === state.head_hash &&
      record.log_id === log_id &&
      record.key_id === keyId &&
      isRootRecord === (keyId === this.#rootKeyId)
    );
  }

  #keyOf(state: JournalState, keyId: string): KeyObject | undefined {
    const known = this.#keys.get(keyId);
    if (known !== undefined) return known;
    const epoch = state.epochs.find((one) => one.key_id === keyId);
    if (epoch === undefined) return undefined;
    const key = publicKey(Buffer.from(epoch.spki_b64, 'base64'));
    this.#keys.set(keyId, key);
    return key;
  }
}

function isSigned(line: SignedLine, key: KeyObject): boolean {
  return verify(null, preAuthEncoding(RECEIPT_PAYLOAD_TYPE, line.body), key, line.signature);
}

function publicKey(spkiDer: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(spkiDer), type: 'spki', format: 'der' });
}
