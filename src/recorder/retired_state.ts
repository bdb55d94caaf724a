import { parseLine } from '../core/canonical/dsse.ts';
import { toHex } from '../core/canonical/hex.ts';
import { IncrementalTree, leafHash } from '../core/chain/merkle.ts';
import type { LedgerOptions } from '../core/ledger/ledger.ts';
import { parseRecord } from '../core/receipt/parse_record.ts';
import type { JournalRecord } from '../core/receipt/records.ts';
import { sha256, sha256Hex } from './hashing.ts';
import { RecorderError } from './options.ts';
import { retiredBefore } from './retired.ts';
import { listSegments, readLines } from './segments.ts';
import { JournalState } from './state.ts';

/**
 * The state before the first record that is still there, as far as it can be known without the removed ones: tree, keys
 * and identity. Ledger and streams are empty. `grown` sees the tree at every size on the way.
 */
export function stateBefore(
  journalDir: string | undefined,
  ledger: LedgerOptions,
  grown?: (tree: IncrementalTree) => void,
): JournalState {
  const [first] = journalDir === undefined ? [] : listSegments(journalDir);
  if (journalDir === undefined || first === undefined || first.first_seq === 0)
    return new JournalState(ledger);
  const { leaves, keyLines } = retiredBefore(journalDir);
  const tree = new IncrementalTree(sha256);
  const known = new Set<string>();
  for (const leaf of leaves) {
    tree.append(leaf);
    known.add(toHex(leaf));
    grown?.(tree);
  }
  const named = namedBy(ledger, keyLines, known);
  const [line] = readLines(first.path);
  const opening = line === undefined ? undefined : recordOf(line.bytes);
  if (named.identity === undefined || opening === undefined)
    throw new RecorderError('what is kept of the removed segments names no genesis.');
  const counts = { allow: 0, deny: 0, outcome: 0 };
  const segment = { first_seq: first.first_seq, opened_ms: 0, counts, sealed: true };
  // The hash of the last removed line is inside the first kept one, whose leaf the checkpoints cover.
  const head = { head_seq: first.first_seq - 1, head_hash: opening.prev };
  return new JournalState(ledger, {
    ...head,
    last_ledger_ms: 0,
    clean: false,
    decisions: 0,
    ledger: named.ledger.snapshot(0),
    streams: [],
    positions: [],
    identity: named.identity,
    epochs: named.epochs,
    tree: tree.state(),
    segment,
  });
}

/** Identity and epoch keys from the kept genesis and delegation lines, each of which must be a leaf of the tree. */
function namedBy(
  ledger: LedgerOptions,
  lines: readonly Uint8Array[],
  known: ReadonlySet<string>,
): JournalState {
  const state = new JournalState(ledger);
  for (const line of lines) {
    const record = recordOf(line);
    if (record === undefined || !known.has(toHex(leafHash(sha256, line))))
      throw new RecorderError('a kept key record is not one of the removed records.');
    state.fold(record, line, sha256Hex(line));
  }
  return state;
}

function recordOf(line: Uint8Array): JournalRecord | undefined {
  const parsed = parseLine(line);
  const record = parsed.ok ? parseRecord(parsed.value.body) : undefined;
  return record?.ok === true ? record.value : undefined;
}
