import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { LINE_BYTES_MAX } from '../core/canonical/dsse.ts';
import { toHex } from '../core/canonical/hex.ts';
import type { LedgerOptions } from '../core/ledger/ledger.ts';
import { syncFolder, writeSynced } from './durable_file.ts';
import { sha256Hex } from './hashing.ts';
import { LineChecker, type LineFault } from './line_check.ts';
import { RecorderError, type RecorderSigner } from './options.ts';
import { listSegments, type RawLine, readLines, type SegmentFile } from './segments.ts';
import type { SavedState } from './snapshot_file.ts';
import { JournalState } from './state.ts';

/** A commit never writes more than this at once, so no torn tail can be longer. */
export const BATCH_BYTES_MAX = 1 << 20;
/** Signatures are checked on the lines that end this close to the end of the journal. */
const SIGNED_TAIL_BYTES = 2 * BATCH_BYTES_MAX;
const NEWLINE = 0x0a;

export interface RecoveryContext {
  readonly journal_dir: string;
  readonly quarantine_dir: string;
  readonly root: Pick<RecorderSigner, 'keyId' | 'spkiDer'>;
  readonly ledger: LedgerOptions;
  readonly saved: SavedState | undefined;
  /** The newest persisted tree head. */
  readonly checkpoint: { readonly size: number; readonly root: string } | undefined;
}

export interface Recovered {
  readonly state: JournalState;
  /** The last segment; absent when the journal holds no record. */
  readonly segment?: SegmentFile;
  /** What was cut from the torn end, and where it lies now. */
  readonly cut?: { readonly bytes: number; readonly digest: string; readonly path: string };
}

/** Reads the journal back: from the saved state when that still fits, else from its first line. */
export function recover(context: RecoveryContext): Recovered {
  const segments = listSegments(context.journal_dir);
  const saved = context.saved;
  if (saved !== undefined && isUsable(saved, context, segments)) {
    const state = new JournalState(context.ledger, saved.state);
    const from = segments.findIndex((one) => one.name === saved.segment);
    return new Recovery(context, state).run(segments.slice(from), saved.offset);
  }
  return new Recovery(context, new JournalState(context.ledger)).run(segments, 0);
}

interface BadLine {
  readonly line: RawLine;
  readonly fault: LineFault;
}

class Recovery {
  readonly #context: RecoveryContext;
  readonly #state: JournalState;
  readonly #checker: LineChecker;

  constructor(context: RecoveryContext, state: JournalState) {
    this.#context = context;
    this.#state = state;
    this.#checker = new LineChecker(context.root);
  }

  run(segments: readonly SegmentFile[], offset: number): Recovered {
    let cut: Recovered['cut'];
    this.#requireCheckpoint();
    segments.forEach((segment, i) => {
      const isLast = i === segments.length - 1;
      const bad = this.#readSegment(segment, i === 0 ? offset : 0, isLast);
      if (bad !== undefined) cut = this.#cut(segment, bad, isLast);
      if (!isLast && this.#state.segment?.sealed !== true) {
        throw new RecorderError(`${segment.path} ends without a seal although another segment follows.`);
      }
    });
    this.#requireHeadsKnown();
    const last = segments.at(-1);
    if (last !== undefined && this.#state.head_seq < 0) rmSync(last.path);
    return {
      state: this.#state,
      ...(last === undefined || this.#state.head_seq < 0 ? {} : { segment: last }),
      ...(cut === undefined ? {} : { cut }),
    };
  }

  /** Folds lines until the end or the first bad one, which it returns. */
  #readSegment(segment: SegmentFile, from: number, isLast: boolean): BadLine | undefined {
    const size = statSync(segment.path).size;
    if (from === 0 && segment.first_seq !== this.#state.head_seq + 1) {
      throw new RecorderError(
        `${segment.path} should start at record ${this.#state.head_seq + 1}: a segment is missing.`,
      );
    }
    for (const line of readLines(segment.path, from)) {
      const checked = this.#checker.check(
        this.#state,
        line.bytes,
        isLast && line.end > size - SIGNED_TAIL_BYTES,
      );
      if (!checked.ok) return { line, fault: checked.problem };
      this.#state.fold(checked.value.record, line.bytes, checked.value.hash);
      this.#requireCheckpoint();
      this.#requireSaved();
      // Torn exactly before its newline: the record is whole and signed, so it stays.
      if (!line.complete) appendNewline(segment.path);
    }
    return undefined;
  }

  /** Moves the invalid end of the journal to quarantine, or refuses when it may be more than a torn write. */
  #cut(segment: SegmentFile, { line: bad, fault }: BadLine, isLast: boolean): NonNullable<Recovered['cut']> {
    const where = `${segment.path} at byte ${bad.start} (record ${this.#state.head_seq + 1})`;
    if (fault === 'UNKNOWN_KEY') {
      throw new RecorderError(
        `${where} is signed by a key that is not in this state folder. Restore its keys folder.`,
      );
    }
    if (!isLast)
      throw new RecorderError(
        `${where} is not valid, and more segments follow. Restore the journal from a copy.`,
      );
    const bytes = statSync(segment.path).size - bad.start;
    if (bytes > BATCH_BYTES_MAX) {
      throw new RecorderError(
        `${where} is not valid, and ${bytes} bytes follow: more than one torn write. Restore the journal from a copy.`,
      );
    }
    for (const piece of readLines(segment.path, bad.start)) {
      if (!this.#checker.vouches(this.#state, piece.bytes)) continue;
      throw new RecorderError(
        `${where} does not continue the journal, but a signed record lies at byte ${piece.start}; a signed record is never cut. ` +
          'The journal was edited, or its keys, or it was written by a newer version. Restore journal and keys from a copy.',
      );
    }
    return quarantine(this.#context.quarantine_dir, segment, bad.start, bytes);
  }

  #requireCheckpoint(): void {
    const { checkpoint } = this.#context;
    if (checkpoint === undefined || this.#state.tree.size !== checkpoint.size) return;
    if (toHex(this.#state.tree.root()) === checkpoint.root) return;
    throw new RecorderError(
      `the journal's first ${checkpoint.size} records are not those of the last checkpoint: records were changed after it was signed.`,
    );
  }

  #requireSaved(): void {
    const saved = this.#context.saved?.state;
    if (saved === undefined || saved.head_seq !== this.#state.head_seq) return;
    if (saved.head_hash === this.#state.head_hash) return;
    throw new RecorderError(`record ${saved.head_seq} is not the one that the ledger snapshot was taken at.`);
  }

  /** A head below one that we vouched for earlier means that the disk was rolled back. */
  #requireHeadsKnown(): void {
    const records = this.#state.head_seq + 1;
    const known = Math.max(
      this.#context.checkpoint?.size ?? 0,
      (this.#context.saved?.state.head_seq ?? -1) + 1,
    );
    if (records >= known) return;
    throw new RecorderError(
      `the journal holds ${records} records, but ${known} were on stable storage before: it was truncated or rolled back. Restore it from a copy.`,
    );
  }
}

/** The saved state fits when its line is where it says, and the checkpoint of its time is still the newest or was passed. */
function isUsable(saved: SavedState, context: RecoveryContext, segments: readonly SegmentFile[]): boolean {
  const { checkpoint } = context;
  const segment = segments.find((one) => one.name === saved.segment);
  if (segment === undefined || hashOfLineBefore(segment.path, saved.offset) !== saved.state.head_hash)
    return false;
  if (checkpoint === undefined) return saved.checkpoint === undefined;
  if (checkpoint.size > saved.state.head_seq) return true;
  return checkpoint.size === saved.checkpoint?.size && checkpoint.root === saved.checkpoint.root;
}

/** Hash of the line that ends, with its newline, at `offset`. */
function hashOfLineBefore(path: string, offset: number): string | undefined {
  const start = Math.max(0, offset - LINE_BYTES_MAX - 2);
  const bytes = Buffer.alloc(offset - start);
  const fd = openSync(path, 'r');
  try {
    if (readSync(fd, bytes, 0, bytes.length, start) !== bytes.length) return undefined;
  } finally {
    closeSync(fd);
  }
  if (bytes.at(-1) !== NEWLINE) return undefined;
  return sha256Hex(bytes.subarray(bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1, -1));
}

function appendNewline(path: string): void {
  writeSynced(path, 'a', Uint8Array.of(NEWLINE));
}

function quarantine(
  dir: string,
  segment: SegmentFile,
  start: number,
  bytes: number,
): NonNullable<Recovered['cut']> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const fd = openSync(segment.path, 'r+');
  try {
    const torn = Buffer.alloc(bytes);
    readSync(fd, torn, 0, bytes, start);
    const hex = sha256Hex(torn);
    const path = join(dir, `${segment.name}.${start}.${hex.slice(0, 16)}`);
    // The copy is durable before the original shrinks.
    writeSynced(path, 'w', torn);
    syncFolder(dir);
    ftruncateSync(fd, start);
    fsyncSync(fd);
    return { bytes, digest: `sha256:${hex}`, path };
  } finally {
    closeSync(fd);
  }
}
