import { statSync } from 'node:fs';
import { LINE_BYTES_MAX } from '../core/canonical/dsse.ts';
import { toHex } from '../core/canonical/hex.ts';
import type { LedgerOptions } from '../core/ledger/ledger.ts';
import { sha256Hex } from './hashing.ts';
import { WAY_OUT } from './heads.ts';
import { LineChecker, type LineFault } from './line_check.ts';
import { RecorderError, type RecorderSigner } from './options.ts';
import { type Cut, type RecoveryHands, realHands } from './recovery_hands.ts';
import { listSegments, plainSize, type RawLine, readLines, readPlain, type SegmentFile } from './segments.ts';
import type { SavedState } from './snapshot_file.ts';
import { JournalState } from './state.ts';

/** A commit never writes more than this at once, so no torn tail can be longer. */
export const BATCH_BYTES_MAX = 1 << 20;
/** Signatures are checked on the lines that end this close to the end of the journal. */
const SIGNED_TAIL_BYTES = 2 * BATCH_BYTES_MAX;
/** The last work of a batch may be the counts of folded denials, which are not asked for their size. */
const TORN_BYTES_MAX = BATCH_BYTES_MAX + (1 << 19);
const NEWLINE = 0x0a;

export interface RecoveryContext {
  readonly journal_dir: string;
  readonly quarantine_dir: string;
  readonly root: Pick<RecorderSigner, 'keyId' | 'spkiDer'>;
  readonly ledger: LedgerOptions;
  readonly saved: SavedState | undefined;
  /** The ledger snapshot that retention rests on. */
  readonly base?: SavedState | undefined;
  /** The newest persisted tree head. */
  readonly checkpoint: Head | undefined;
  /** What may be changed on disk; everything that recovery needs, unless told otherwise. */
  readonly hands?: RecoveryHands;
}

interface Head {
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

export interface Recovered {
  readonly state: JournalState;
  /** The last segment; absent when the journal holds no record. */
  readonly segment?: SegmentFile;
  /** What was cut from the torn end, and where it lies now. */
  readonly cut?: Cut;
}

/** Reads the journal back: from the newest saved state that still fits, else from its first line. */
export function recover(context: RecoveryContext): Recovered {
  const segments = listSegments(context.journal_dir);
  for (const saved of [context.saved, context.base]) {
    if (saved === undefined || !isUsable(saved, context.checkpoint, segments)) continue;
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
  readonly #hands: RecoveryHands;

  constructor(context: RecoveryContext, state: JournalState) {
    this.#context = context;
    this.#hands = context.hands ?? realHands(context.quarantine_dir, SIGNED_TAIL_BYTES);
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
    if (last !== undefined && this.#state.head_seq < 0) this.#hands.dropEmpty(last.path);
    else if (last !== undefined) this.#requireOpenEnd(last, cut);
    return {
      state: this.#state,
      ...(last === undefined || this.#state.head_seq < 0 ? {} : { segment: last }),
      ...(cut === undefined ? {} : { cut }),
    };
  }

  /** Folds lines until the end or the first bad one, which it returns. */
  #readSegment(segment: SegmentFile, from: number, isLast: boolean): BadLine | undefined {
    const size = isLast ? plainSize(segment.path) : 0;
    if (from === 0) this.#requireFirst(segment);
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
      if (!line.complete) this.#hands.completeLine(segment.path);
    }
    return undefined;
  }

  #requireFirst({ path, first_seq }: SegmentFile): void {
    const expected = this.#state.head_seq + 1;
    if (first_seq === expected) return;
    if (expected > 0)
      throw new RecorderError(`${path} should start at record ${expected}: a segment is missing.`);
    throw new RecorderError(
      `${path} starts at record ${first_seq}: a segment is missing, or earlier ones were removed by retention and neither ledger/snapshot.json nor ledger/base.json fits this journal. Restore the ledger folder, or the missing segments, from a copy.`,
    );
  }

  /** Somebody will write behind it, or has sealed it. */
  #requireOpenEnd(last: SegmentFile, cut: Cut | undefined): void {
    if (last.packed) {
      if (this.#state.segment?.sealed === true) return;
      throw new RecorderError(`${last.path} is packed but does not end with a seal. Restore it from a copy.`);
    }
    if (cut !== undefined || !this.#isProvenToDisk())
      this.#hands.refreshTail(last.path, statSync(last.path).size);
  }

  /** A stop record alone proves nothing: its own sync may have failed. The snapshot of a stop is taken after that. */
  #isProvenToDisk(): boolean {
    return this.#state.clean && this.#context.saved?.state.head_hash === this.#state.head_hash;
  }

  /** Moves the invalid end of the journal to quarantine, or refuses when it may be more than a torn write. */
  #cut(segment: SegmentFile, { line: bad, fault }: BadLine, isLast: boolean): Cut {
    const where = `${segment.path} at byte ${bad.start} (record ${this.#state.head_seq + 1})`;
    if (fault === 'UNKNOWN_KEY') {
      throw new RecorderError(
        `${where} is signed by a key that is not in this state folder. Restore its keys folder.`,
      );
    }
    if (!isLast || segment.packed)
      throw new RecorderError(
        `${where} is not valid, and more segments follow or it was sealed. Restore the journal from a copy.`,
      );
    const bytes = statSync(segment.path).size - bad.start;
    if (bytes > TORN_BYTES_MAX) {
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
    return this.#hands.cut(segment, bad.start, bytes);
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
    for (const one of [this.#context.saved, this.#context.base]) {
      if (one === undefined || one.state.head_seq !== this.#state.head_seq) continue;
      if (one.state.head_hash === this.#state.head_hash) continue;
      throw new RecorderError(
        `record ${one.state.head_seq} is not the one that the ledger snapshot was taken at.`,
      );
    }
  }

  /** A head below one that we vouched for earlier means that the disk was rolled back. */
  #requireHeadsKnown(): void {
    const records = this.#state.head_seq + 1;
    const known = Math.max(
      this.#context.checkpoint?.size ?? 0,
      (this.#context.saved?.state.head_seq ?? -1) + 1,
      (this.#context.base?.state.head_seq ?? -1) + 1,
    );
    if (records >= known) return;
    throw new RecorderError(
      `the journal holds ${records} records, but ${known} were on stable storage before: it was truncated or rolled back. ${WAY_OUT}`,
    );
  }
}

/** The saved state fits when its line is where it says, and the checkpoint of its time is still the newest or was passed. */
export function isUsable(
  saved: SavedState,
  checkpoint: Head | undefined,
  segments: readonly SegmentFile[],
): boolean {
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
  let got = 0;
  for (const piece of readPlain(path, start)) {
    bytes.set(piece.subarray(0, bytes.length - got), got);
    got += Math.min(piece.length, bytes.length - got);
    if (got === bytes.length) break;
  }
  if (got !== bytes.length || bytes.at(-1) !== NEWLINE) return undefined;
  return sha256Hex(bytes.subarray(bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1, -1));
}
