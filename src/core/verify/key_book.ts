import { rawOfSpki } from '../bundle/public_key.ts';
import type { KeyPurpose, TrustedKey, TrustFile } from '../bundle/trust_file.ts';
import { decodeBase64Strict } from '../canonical/base64.ts';
import { toHex } from '../canonical/hex.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import type { JournalRecord, LifecycleRecord, PublicKeyRef } from '../receipt/records.ts';
import { timestampMs } from '../receipt/timestamp.ts';
import { isStrictPublicKey } from './ed25519_strict.ts';
import type { FindingCode } from './findings.ts';

export type Genesis = Extract<LifecycleRecord, { lifecycle: 'genesis' }>;
export type Delegation = Extract<LifecycleRecord, { lifecycle: 'key_delegation' }>;
export function isGenesis(record: JournalRecord): record is Genesis {
  return record.type === 'lifecycle' && record.lifecycle === 'genesis';
}

export function isDelegation(record: JournalRecord): record is Delegation {
  return record.type === 'lifecycle' && record.lifecycle === 'key_delegation';
}

export type KeyProblem = { readonly code: FindingCode; readonly detail: string };

const DELEGATION_MS_MAX = 24 * 3_600_000;

/** `problem`: why its signatures do not count, although they can be checked. */
export interface Signer {
  readonly raw: Uint8Array;
  readonly problem: KeyProblem | undefined;
}

interface Epoch {
  readonly raw: Uint8Array;
  readonly firstSeq: number;
  readonly notAfterMs: number;
}

/** Which key may sign what. Root and log key are named by genesis; epoch keys come from the root's delegations. */
export class KeyBook {
  /** SPKI DER of every key that genesis or a delegation has named, by key id. */
  readonly named = new Map<string, Uint8Array>();
  private readonly sha256: Sha256;
  private readonly trusted: ReadonlyMap<string, TrustedKey> | undefined;
  private readonly epochs = new Map<string, Epoch>();
  private root: { readonly keyId: string; readonly raw: Uint8Array } | undefined;
  logKey: { readonly keyId: string; readonly raw: Uint8Array } | undefined;

  constructor(sha256: Sha256, trust: TrustFile | undefined) {
    this.sha256 = sha256;
    this.trusted = trust && new Map(trust.keys.map((key) => [key.keyId, key]));
  }

  get rootKeyId(): string | undefined {
    return this.root?.keyId;
  }

  /** Takes root and log key from genesis. With a trust file both must be in it (the root is asked as a signer). */
  enterGenesis(record: Genesis): KeyProblem | undefined {
    const root = this.publicKey(record.root_key);
    const log = this.publicKey(record.log_key);
    if (root === undefined || log === undefined)
      return invalid('genesis names a key that is not what its id says');
    if (root.keyId === log.keyId) return invalid('one key for two purposes');
    this.root = root;
    this.logKey = log;
    return this.unvouched(log.keyId, 'log');
  }

  /** The key that must have signed this record, or why none can have. Only the root signs genesis and delegations. */
  signerOf(record: JournalRecord): Signer | KeyProblem {
    const tsMs = timestampMs(record.ts) ?? 0;
    const isRootRecord = isGenesis(record) || isDelegation(record);
    if (this.root !== undefined && record.key_id === this.root.keyId) {
      if (!isRootRecord) return invalid('the root key signs nothing but genesis and delegations');
      return { raw: this.root.raw, problem: this.unvouched(this.root.keyId, 'root', tsMs) };
    }
    if (isRootRecord) return invalid('genesis and delegations are signed by the root key');
    const epoch = this.epochs.get(record.key_id);
    if (epoch === undefined) return { code: 'KEY_UNKNOWN', detail: record.key_id };
    return { raw: epoch.raw, problem: this.epochProblem(epoch, record, tsMs) };
  }

  private epochProblem(epoch: Epoch, record: JournalRecord, tsMs: number): KeyProblem | undefined {
    if (record.seq < epoch.firstSeq) return invalid(`used before its first_seq ${epoch.firstSeq}`);
    if (tsMs > epoch.notAfterMs) return { code: 'KEY_EXPIRED', detail: record.key_id };
    return this.limitOf(this.trusted?.get(record.key_id), tsMs);
  }

  /** Learns an epoch key. The caller has verified that the root signed this record. */
  enterDelegation(record: Delegation): KeyProblem | undefined {
    const key = this.publicKey(record.key);
    if (key === undefined) return invalid('the delegated key is not what its id says');
    const listed = this.trusted?.get(key.keyId)?.purpose ?? 'receipt';
    const isOwn = key.keyId === this.root?.keyId || key.keyId === this.logKey?.keyId;
    if (isOwn || listed !== 'receipt') return invalid('one key for two purposes');
    const from = timestampMs(record.ts) ?? 0;
    const notAfterMs = timestampMs(record.not_after) ?? 0;
    if (notAfterMs < from || notAfterMs - from > DELEGATION_MS_MAX)
      return invalid('not_after is not within 24 hours');
    if (record.first_seq <= record.seq) return invalid('first_seq is not behind the delegation');
    this.epochs.set(key.keyId, { raw: key.raw, firstSeq: record.first_seq, notAfterMs });
    return undefined;
  }

  /** Why a trust file (when there is one) does not vouch for a key of this purpose at this time. */
  unvouched(keyId: string, purpose: KeyPurpose, atMs?: number): KeyProblem | undefined {
    if (this.trusted === undefined) return undefined;
    const key = this.trusted.get(keyId);
    if (key === undefined || key.purpose !== purpose) {
      return { code: 'KEY_UNKNOWN', detail: `no ${purpose} key ${keyId} in the trust file` };
    }
    return this.limitOf(key, atMs);
  }

  private limitOf(key: TrustedKey | undefined, atMs: number | undefined): KeyProblem | undefined {
    if (key === undefined) return undefined;
    // The signer chose `ts` itself, so an early one proves nothing about a revoked key.
    if (key.revokedAtMs !== undefined) return { code: 'TIME_UNPROVEN', detail: `${key.keyId} is revoked` };
    // `valid_from` is not held against `ts` either: a clock that was set back makes an honest log look early.
    const isLate = atMs !== undefined && atMs > (key.validUntilMs ?? Number.POSITIVE_INFINITY);
    return isLate ? { code: 'KEY_EXPIRED', detail: key.keyId } : undefined;
  }

  private publicKey(ref: PublicKeyRef): { keyId: string; raw: Uint8Array } | undefined {
    const spki = decodeBase64Strict(ref.spki_b64);
    if (!spki.ok || toHex(this.sha256(spki.value)) !== ref.key_id) return undefined;
    const raw = rawOfSpki(spki.value, 'ed25519');
    if (!raw.ok || !isStrictPublicKey(raw.value)) return undefined;
    this.named.set(ref.key_id, spki.value);
    return { keyId: ref.key_id, raw: raw.value };
  }
}

function invalid(detail: string): KeyProblem {
  return { code: 'DELEGATION_INVALID', detail };
}
