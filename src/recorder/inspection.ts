import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../config/layout.ts';
import { toHex } from '../core/canonical/hex.ts';
import { encodeJcs } from '../core/canonical/jcs.ts';
import type { LedgerOptions } from '../core/ledger/ledger.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { sha256Hex } from './hashing.ts';
import {
  type Finding,
  type FindingCode,
  type InspectedSegment,
  type Inspection,
  LINE_FAULTS,
} from './inspection_report.ts';
import { LineChecker } from './line_check.ts';
import type { RecorderKeys } from './options.ts';
import { isUsable } from './recovery.ts';
import { RESERVE_BYTES, readFailure, reservePath } from './reserve.ts';
import { stateBefore } from './retired_state.ts';
import { sealFacts } from './seal.ts';
import { listSegments, readLines, type SegmentFile } from './segments.ts';
import { readSignedHeads, type SignedHeads } from './signed_heads.ts';
import { readSavedState, savedStatePath } from './snapshot_file.ts';
import type { JournalState } from './state.ts';

export interface InspectionContext {
  readonly layout: Pick<
    Layout,
    'journal_dir' | 'quarantine_dir' | 'ledger_dir' | 'checkpoints_dir' | 'journal_lock'
  >;
  readonly keyring: RecorderKeys;
  readonly ledger: LedgerOptions;
  /** After so many records; for a sign of life. */
  readonly progress?: (records: number) => void;
}

const READS_MAX = 5;
const PROGRESS_EVERY = 100_000;
/** More are counted, not listed. */
export const FINDINGS_MAX = 1_000;

/** Reads everything and changes nothing. A journal that is being written may be read: an unfinished last line is a note. */
export function inspectJournal(context: InspectionContext): Inspection {
  const oldest = () => listSegments(context.layout.journal_dir)[0]?.path;
  for (let reads = 1; ; reads++) {
    const before = oldest();
    const inspection = new Inspector(context).run();
    // What retention removed while we read is no fault of the journal.
    const isTrue = inspection.findings.every(({ level }) => level === 'note') || oldest() === before;
    if (isTrue || reads === READS_MAX) return inspection;
  }
}

class Inspector {
  readonly #context: InspectionContext;
  readonly #checker: LineChecker;
  /** Read before the journal, so that a running recorder cannot get ahead of what we see. */
  readonly #heads: SignedHeads;
  readonly #findings: Finding[] = [];
  readonly #segments: InspectedSegment[] = [];
  readonly #cutDigests = new Set<string>();
  #compared = 0;

  constructor(context: InspectionContext) {
    this.#context = context;
    this.#checker = new LineChecker(context.keyring.root);
    this.#heads = readSignedHeads(context.layout.checkpoints_dir, context.keyring.log.spkiDer);
  }

  run(): Inspection {
    const { journal_dir } = this.#context.layout;
    for (const { path, detail } of this.#heads.problems) this.#fault('CHECKPOINT_INVALID', path, detail);
    this.#checkSavedStates();
    const segments = listSegments(journal_dir);
    const first_seq = segments[0]?.first_seq ?? 0;
    const state = this.#openingState(first_seq);
    const isWhole = this.#readAll(segments, state, first_seq > 0);
    if (isWhole) this.#checkHeadReached(state);
    this.#checkQuarantine();
    this.#checkReserve();
    return {
      first_seq,
      records: state.head_seq + 1,
      head_hash: state.head_hash,
      root: toHex(state.tree.root()),
      segments: this.#segments,
      checkpoints_compared: this.#compared,
      findings: this.#findings,
    };
  }

  #openingState(first_seq: number): JournalState {
    try {
      const { journal_dir } = this.#context.layout;
      return stateBefore(journal_dir, this.#context.ledger, (tree) => this.#compare(tree));
    } catch (error) {
      this.#fault('RETIRED_UNPROVEN', `record ${first_seq}`, messageOf(error));
      return stateBefore(undefined, this.#context.ledger);
    }
  }

  /** False when reading had to stop before the end. */
  #readAll(segments: readonly SegmentFile[], state: JournalState, isPartial: boolean): boolean {
    for (const [i, segment] of segments.entries()) {
      const isLast = i === segments.length - 1;
      if (segment.first_seq !== state.head_seq + 1) {
        this.#fault('SEGMENT_MISSING', segment.path, `it should start at record ${state.head_seq + 1}`);
        return false;
      }
      if (!this.#readSegment(segment, state, isLast, isPartial)) return false;
      if (isLast || state.segment?.sealed === true) continue;
      this.#fault('SEAL_MISSING', segment.path, 'another segment follows, and it does not end with a seal');
      return false;
    }
    return true;
  }

  #readSegment(segment: SegmentFile, state: JournalState, isLast: boolean, isPartial: boolean): boolean {
    let isGood = true;
    try {
      for (const line of readLines(segment.path)) {
        const place = `${segment.path} at byte ${line.start} (record ${state.head_seq + 1})`;
        if (!line.complete && isLast) {
          this.#note(
            'LINE_UNFINISHED',
            place,
            'a write that is under way, or was torn; the next start decides',
          );
          break;
        }
        isGood = this.#readLine(line.bytes, place, state, isPartial);
        if (!isGood) break;
      }
    } catch (error) {
      this.#fault('SEGMENT_UNREADABLE', segment.path, messageOf(error));
      isGood = false;
    }
    this.#segments.push({
      file: segment.path,
      first_seq: segment.first_seq,
      records: state.head_seq + 1 - segment.first_seq,
      bytes: existsSync(segment.path) ? statSync(segment.path).size : 0,
      packed: segment.packed,
      sealed: state.segment?.sealed === true,
    });
    return isGood;
  }

  #readLine(line: Uint8Array, place: string, state: JournalState, isPartial: boolean): boolean {
    const checked = this.#checker.check(state, line, true);
    if (!checked.ok) {
      this.#fault(`LINE_${checked.problem}`, place, LINE_FAULTS[checked.problem]);
      return false;
    }
    const { record, hash } = checked.value;
    this.#checkSeal(record, place, state, isPartial);
    if (record.type === 'lifecycle' && record.lifecycle === 'recovery' && record.cut_digest !== undefined)
      this.#cutDigests.add(record.cut_digest);
    state.fold(record, line, hash);
    this.#compare(state.tree);
    if (state.tree.size % PROGRESS_EVERY === 0) this.#context.progress?.(state.tree.size);
    return true;
  }

  /** Without the records before, the heads of streams are not known, so only the counts are compared. */
  #checkSeal(record: JournalRecord, place: string, state: JournalState, isPartial: boolean): void {
    if (record.type !== 'seal') return;
    const { first_seq, streams_root, stream_count, counts } = record;
    const facts = sealFacts(state);
    const streams = isPartial ? {} : { streams_root, stream_count };
    const expected = isPartial ? {} : { streams_root: facts.streams_root, stream_count: facts.stream_count };
    const isSame =
      encodeJcs({ first_seq, counts: { ...counts }, ...streams }) ===
      encodeJcs({ first_seq: facts.first_seq, counts: { ...facts.counts }, ...expected });
    if (!isSame) this.#fault('SEAL_MISMATCH', place, 'the seal does not say what its segment holds');
  }

  #compare(tree: { readonly size: number; root(): Uint8Array }): void {
    const root = this.#heads.roots.get(tree.size);
    if (root === undefined) return;
    this.#compared++;
    if (root !== toHex(tree.root()))
      this.#fault(
        'CHECKPOINT_MISMATCH',
        `the first ${tree.size} records`,
        'they are not those that a signed checkpoint covers',
      );
  }

  #checkHeadReached(state: JournalState): void {
    const known = Math.max(0, ...this.#heads.roots.keys());
    if (known > state.tree.size)
      this.#fault(
        'HEAD_BEHIND',
        `record ${state.tree.size}`,
        `${known} records were on stable storage before`,
      );
  }

  #checkSavedStates(): void {
    const { ledger_dir, journal_dir } = this.#context.layout;
    const segments = listSegments(journal_dir);
    const newest = Math.max(0, ...this.#heads.roots.keys());
    const root = this.#heads.roots.get(newest);
    let usable = 0;
    for (const name of ['snapshot', 'base'] as const) {
      const path = savedStatePath(ledger_dir, name);
      if (!existsSync(path)) continue;
      const saved = readSavedState(ledger_dir, this.#context.keyring, name);
      const head = root === undefined ? undefined : { size: newest, root };
      if (saved !== undefined && isUsable(saved, head, segments)) usable++;
      else this.#note('SNAPSHOT_UNUSABLE', path, 'it is not ours or does not fit; a start does without it');
    }
    if (usable === 0 && (segments[0]?.first_seq ?? 0) > 0)
      this.#fault('NO_START', ledger_dir, 'earlier segments were removed, and no ledger snapshot fits');
  }

  #checkQuarantine(): void {
    const { quarantine_dir } = this.#context.layout;
    const found = new Set<string>();
    for (const name of existsSync(quarantine_dir) ? readdirSync(quarantine_dir) : []) {
      const path = join(quarantine_dir, name);
      const hex = sha256Hex(readFileSync(path));
      found.add(`sha256:${hex}`);
      if (!name.endsWith(`.${hex.slice(0, 16)}`))
        this.#fault('QUARANTINE_CHANGED', path, 'its content is not what its name says');
      else this.#note('QUARANTINED', path, `${statSync(path).size} bytes of a torn write`);
    }
    for (const digest of this.#cutDigests) {
      if (!found.has(digest))
        this.#note('QUARANTINE_MISSING', quarantine_dir, `${digest} was cut and is gone`);
    }
  }

  #checkReserve(): void {
    const { journal_dir } = this.#context.layout;
    const path = reservePath(journal_dir);
    if (existsSync(path) && statSync(path).size === RESERVE_BYTES) return;
    const failure = readFailure(journal_dir, this.#context.keyring);
    const why = failure === undefined ? '' : `: ${failure.cause} at ${failure.failed_ts}`;
    this.#note('RESERVE_SPENT', path, `the reserve is not there${why}; a start fills it when there is room`);
  }

  #fault(code: FindingCode, place: string, detail: string): void {
    this.#add({ level: 'fault', code, place, detail });
  }

  #note(code: FindingCode, place: string, detail: string): void {
    this.#add({ level: 'note', code, place, detail });
  }

  #add(finding: Finding): void {
    if (this.#findings.length < FINDINGS_MAX) this.#findings.push(finding);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
