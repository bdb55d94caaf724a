import { mkdirSync } from 'node:fs';
import { parseLine } from '../core/canonical/dsse.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { RestoreFacts } from '../core/receipt/records.ts';
import { readLatest } from './checkpointer.ts';
import { compareHead, type KnownHead, type KnownHeads } from './heads.ts';
import {
  CONTRADICTIONS_MAX,
  type Contradiction,
  contradictions,
  heldLog,
  ReportedHead,
} from './heads_check.ts';
import { headsFileOf } from './heads_gate.ts';
import { type EpochKey, RecorderError, type RecorderOptions } from './options.ts';
import { recoveryContext } from './read_back.ts';
import { recover } from './recovery.ts';
import { planningHands } from './recovery_hands.ts';
import { listSegments, readLines, type SegmentFile } from './segments.ts';
import { readSavedState, type SavedState } from './snapshot_file.ts';
import { JournalState } from './state.ts';

/** What a restore would end, and why. Nothing on disk has been changed. */
export interface RestorePlan {
  readonly facts: RestoreFacts;
  /** What contradicts the journal, in words. */
  readonly problems: readonly string[];
  /** The journal itself cannot be read to its end. */
  readonly damage?: string;
  readonly last_ledger_ms?: number;
  /** For the trust file of the log that ends. */
  readonly trust?: { readonly since: string; readonly epochs: readonly EpochKey[] };
}

interface Held {
  readonly state: JournalState;
  readonly damage?: string;
}

/** Reads the journal and asks every place that knows heads. Throws when a place cannot be believed. */
export async function planRestore(options: RecorderOptions): Promise<RestorePlan> {
  const { layout } = options;
  const held = readHeld(options);
  const { state } = held;
  const file = headsFileOf(options);
  const places = [
    ...(file === undefined ? [] : [file]),
    new ReportedHead(layout.reported_head),
    ownHeads(options),
  ];
  const view = heldLog(layout.journal_dir, state);
  const found =
    held.damage === undefined ? await contradictions(options, state, view, places) : ahead(view, places);
  const log_id = state.identity?.log_id ?? firstLogId(layout.journal_dir) ?? found[0]?.head.log_id;
  return {
    facts: restoreFacts(state, log_id, found),
    problems: found.map(({ text }) => text),
    ...(held.damage === undefined ? {} : { damage: held.damage }),
    ...(state.last_ledger_ms === undefined ? {} : { last_ledger_ms: state.last_ledger_ms }),
    ...(state.identity === undefined
      ? {}
      : { trust: { since: state.identity.since, epochs: [...state.epochs] } }),
  };
}

/** Of a journal that cannot be read only the ends can be compared. */
function ahead(view: Parameters<typeof compareHead>[0], places: readonly KnownHeads[]): Contradiction[] {
  return places.flatMap((place) =>
    place.heads().flatMap((head) => {
      const text = compareHead({ ...view, lineHashAt: () => undefined, rootAt: () => undefined }, head);
      return text === undefined ? [] : [{ head, text }];
    }),
  );
}

function restoreFacts(
  state: JournalState,
  previous_log_id: string | undefined,
  found: readonly Contradiction[],
): RestoreFacts {
  return {
    lifecycle: 'restore',
    ...(previous_log_id === undefined ? {} : { previous_log_id }),
    ...(state.head_seq < 0 ? {} : { previous_seq: state.head_seq, previous_hash: state.head_hash }),
    known_elsewhere: found.slice(0, CONTRADICTIONS_MAX).map(({ head }) => recorded(head)),
    single_use: 'voided',
    limits: 'exhausted',
  };
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function recorded({ source, records, root, line_hash, receipt_id }: KnownHead) {
  return {
    source,
    ...(records === undefined ? {} : { records }),
    ...(root === undefined ? {} : { root }),
    ...(line_hash === undefined ? {} : { line_hash }),
    ...(receipt_id === undefined || !UUID_V7.test(receipt_id) ? {} : { receipt_id }),
  };
}

/** The checkpoint and the ledger snapshots of this folder itself: they may be newer than its journal. */
function ownHeads({ layout, keyring }: RecorderOptions): KnownHeads {
  return {
    heads() {
      const latest = readLatest(layout.checkpoints_dir, keyring.log);
      const heads: KnownHead[] = [];
      if (latest !== undefined) {
        const { size: records, root } = latest;
        heads.push({
          source: 'checkpoint',
          where: `the checkpoint in ${layout.checkpoints_dir}`,
          records,
          root,
        });
      }
      for (const name of ['snapshot', 'base'] as const) {
        const saved = readSavedState(layout.ledger_dir, keyring, name)?.state;
        if (saved === undefined) continue;
        const where = `the ledger ${name} in ${layout.ledger_dir}`;
        const { head_seq, head_hash: line_hash } = saved;
        heads.push({ source: 'ledger_snapshot', where, records: head_seq + 1, line_hash });
      }
      return heads;
    },
  };
}

/** Without the heads of the folder itself, which recovery would refuse a shorter journal for. */
function readHeld(options: RecorderOptions): Held {
  const { layout } = options;
  mkdirSync(layout.journal_dir, { recursive: true, mode: 0o700 });
  const { saved: newest, base: oldest, ...rest } = recoveryContext(options);
  const [saved, base] = [newest, oldest].map(withoutHead);
  const context = { ...rest, checkpoint: undefined, hands: planningHands(layout.quarantine_dir, []) };
  let damage = '';
  for (const from of [
    { saved, base },
    { saved: undefined, base },
    { saved: undefined, base: undefined },
  ]) {
    try {
      return { state: recover({ ...context, ...from }).state };
    } catch (error) {
      if (!(error instanceof RecorderError)) throw error;
      damage = error.message;
    }
  }
  return { state: new JournalState(rest.ledger), damage };
}

/** A snapshot counts when its line is where it says: which checkpoint was the newest then does not matter here. */
function withoutHead(saved: SavedState | undefined): SavedState | undefined {
  if (saved === undefined) return undefined;
  const { checkpoint: _, ...rest } = saved;
  return rest;
}

/** What the first readable line says of itself, signed or not. */
function firstLogId(journalDir: string): string | undefined {
  for (const { path } of segmentsIn(journalDir)) {
    for (const bytes of linesOf(path)) {
      const parsed = parseLine(bytes);
      const record = parsed.ok ? parseRecord(parsed.value.body) : undefined;
      if (record?.ok === true) return record.value.log_id;
    }
  }
  return undefined;
}

function segmentsIn(journalDir: string): readonly SegmentFile[] {
  try {
    return listSegments(journalDir);
  } catch (error) {
    if (error instanceof RecorderError) return [];
    throw error;
  }
}

/** Up to where a packed segment can be unpacked. */
function* linesOf(path: string): Generator<Uint8Array> {
  try {
    for (const { bytes } of readLines(path)) yield bytes;
  } catch (error) {
    if (!(error instanceof RecorderError)) throw error;
  }
}
