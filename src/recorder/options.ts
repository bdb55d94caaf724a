import type { Layout } from '../config/layout.ts';
import type { RecorderSettings } from '../config/settings.ts';
import type { Engine, LifecycleRecord, RecordType, RestoreFacts } from '../core/receipt/records.ts';
import type { ReasonCode } from '../core/verdict/reasons.ts';
import type { JournalDisk } from './disk.ts';
import type { replaceFile } from './durable_file.ts';
import type { Shelf } from './shelf.ts';

export interface RecorderOptions {
  readonly layout: Pick<
    Layout,
    | 'journal_dir'
    | 'journal_lock'
    | 'quarantine_dir'
    | 'ledger_dir'
    | 'checkpoints_dir'
    | 'artifacts_dir'
    | 'run_dir'
    | 'public_keys'
    | 'envoy_dir'
    | 'reported_head'
    | 'restored_dir'
  >;
  readonly settings: RecorderSettings;
  readonly issuer: string;
  readonly engine: Engine;
  readonly keyring: RecorderKeys;
  /** Envoy's time-out for one Check; a request key is remembered for twice as long. */
  readonly checkTimeoutMs: number;
  /** What genesis says about the installation; read on first start only. */
  readonly genesis: Pick<
    Extract<LifecycleRecord, { lifecycle: 'genesis' }>,
    'tenant_mode' | 'isolation' | 'capture'
  >;
  /** The journal can no longer be trusted in this process: exit, and let the next start rebuild from disk. */
  readonly onFatal: (error: Error) => void;
  readonly log: RecorderLog;
  readonly clock?: RecorderClock;
  /** Test seam: what a segment is written through. */
  readonly disk?: (path: string) => JournalDisk;
  /** Test seam: what sealed segments are packed and removed through. */
  readonly shelf?: Shelf;
  /** Test seam: what ledger snapshots are written through. */
  readonly replaceFile?: typeof replaceFile;
  /** Test seam: bytes that are free on the disk of the journal. */
  readonly freeBytes?: () => number;
  readonly metrics?: RecorderMetrics;
  /** An allow without an outcome for longer than this is closed as `unknown`. */
  readonly maxStreamMs?: number;
  /**
   * Receipts of requests that went out, from whoever logs them; `from` says up to where a log file has led to outcomes.
   * Each must be in the journal.
   */
  readonly sentReceipts?: (from: (logFileId: string) => number) => AsyncIterable<{
    readonly receipt_id: string;
    readonly log_file_id: string;
  }>;
  /** Begins a new log in place of one that was set aside; see restore.ts. */
  readonly restore?: {
    readonly facts: RestoreFacts;
    /** Newest ledger time of the log that ended; the new one never starts before it. */
    readonly last_ledger_ms?: number;
  };
  /** An operator vouches for the wall clock at this start. */
  readonly acceptClock?: boolean;
  /** Told by how much that moved the ledger clock, when it did. */
  readonly clockAccepted?: (moved_ms: number) => void;
}

/** What the recorder asks of a keyring. */
export interface RecorderKeys {
  readonly root: RecorderSigner;
  readonly log: RecorderSigner;
  readonly hmacKeyId: string;
  hmac(label: string, message: string): string;
  epoch(keyId: string): RecorderSigner | undefined;
  newEpoch(): RecorderSigner;
  retireEpochsExcept(keyId: string): void;
  /** Text of the trust file. */
  trustFile(facts: { readonly since: string; readonly epochs: readonly EpochKey[] }): string;
}

/** Ed25519. */
export interface RecorderSigner {
  /** Hex SHA-256 of `spkiDer`. */
  readonly keyId: string;
  readonly spkiDer: Uint8Array;
  /** The bare 32 bytes of the public key. */
  readonly raw: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** A receipt epoch key as its delegation record names it; times in `ts` form. */
export interface EpochKey {
  readonly key_id: string;
  readonly spki_b64: string;
  readonly valid_from: string;
  readonly valid_until: string;
}

export interface RecorderClock {
  /** Milliseconds since the epoch. */
  wallMs(): number;
  /** Microseconds since boot, never backwards. */
  monoUs(): number;
  /** Of this start of the machine; read from the kernel unless a test says otherwise. */
  bootId?(): string;
}

export interface RecorderLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RecorderMetrics {
  /** After each commit that is on stable storage. */
  committed(commit: {
    readonly types: readonly RecordType[];
    readonly bytes: number;
    /** From the first record built to the end of the sync. */
    readonly latency_ms: number;
  }): void;
  /** A denial was counted instead of written. */
  folded?(reason: ReasonCode): void;
  /** A bucket reached this percentage, the first time since it was last empty; durable. */
  nearLimit?(event: { readonly limit_id: string; readonly percent: number }): void;
}

/** A start or an operation that the recorder refuses; the message says what was found and what to do. */
export class RecorderError extends Error {
  override readonly name = 'RecorderError';
}
