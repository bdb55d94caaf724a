import { existsSync, readFileSync } from 'node:fs';
import { toHex } from '../core/canonical/hex.ts';
import { IncrementalTree, leafHash } from '../core/chain/merkle.ts';
import { replaceFile } from './durable_file.ts';
import { sha256, sha256Hex } from './hashing.ts';
import { compareHead, type HeldLog, type KnownHead, type KnownHeads } from './heads.ts';
import { lineAt } from './line_at.ts';
import { RecorderError, type RecorderOptions } from './options.ts';
import { retiredBefore } from './retired.ts';
import { listSegments, readLines } from './segments.ts';
import { unknownReceipts } from './sent_receipts.ts';
import type { JournalState } from './state.ts';

/** A head that contradicts the journal, and how. */
export interface Contradiction {
  readonly head: KnownHead;
  readonly text: string;
}

/** The journal as heads are compared with it. `checkpoint`: the newest one that the journal is known to agree with. */
export function heldLog(
  journalDir: string,
  state: JournalState,
  checkpoint?: { readonly size: number; readonly root: string },
): HeldLog {
  const { log_id, replaced } = state.identity ?? {};
  const previous_log_id = replaced?.log_id;
  return {
    ...(log_id === undefined ? {} : { log_id }),
    ...(previous_log_id === undefined ? {} : { previous_log_id }),
    records: state.head_seq + 1,
    lineHashAt(seq) {
      if (seq === state.head_seq) return state.head_hash;
      const line = lineAt(journalDir, seq);
      return line === undefined ? undefined : sha256Hex(line.bytes);
    },
    rootAt(records) {
      if (records === state.tree.size) return toHex(state.tree.root());
      if (records === checkpoint?.size) return checkpoint.root;
      return rootOfFirst(journalDir, records);
    },
  };
}

/**
 * Reads the lines themselves, behind the leaves that retention left of earlier ones. Throws `RecorderError` when those
 * are missing: a head that cannot be compared must not be passed over.
 */
function rootOfFirst(journalDir: string, records: number): string | undefined {
  const tree = new IncrementalTree(sha256);
  for (const leaf of retiredBefore(journalDir).leaves.slice(0, records)) tree.append(leaf);
  for (const segment of listSegments(journalDir)) {
    if (tree.size === records) break;
    if (segment.first_seq !== tree.size) return undefined;
    for (const line of readLines(segment.path)) {
      if (tree.size === records) break;
      tree.append(leafHash(sha256, line.bytes));
    }
  }
  return tree.size === records ? toHex(tree.root()) : undefined;
}

/** Every place outside the journal that can be asked at a start, and what it contradicts. Throws when one cannot be believed. */
export async function contradictions(
  options: RecorderOptions,
  state: JournalState,
  held: HeldLog,
  places: readonly KnownHeads[],
): Promise<Contradiction[]> {
  const found: Contradiction[] = [];
  for (const head of places.flatMap((place) => place.heads())) {
    const text = compareHead(held, head);
    if (text !== undefined) found.push({ head, text });
  }
  for await (const { receipt_id, log_file_id } of unknownReceipts(options, state)) {
    const where = `Envoy's access log ${log_file_id}`;
    found.push({
      head: { source: 'access_log', where, receipt_id },
      text: `${where} names the receipt ${receipt_id} of a request that was sent, and this journal does not hold it`,
    });
    if (found.length >= CONTRADICTIONS_MAX) break;
  }
  return found;
}

/** More say nothing new, and the restore record holds no more. */
export const CONTRADICTIONS_MAX = 16;

/** What a gateway reported to a running recorder outlives that recorder. */
export class ReportedHead implements KnownHeads {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  report(head: KnownHead): void {
    replaceFile(this.#path, `${JSON.stringify(head)}\n`);
  }

  heads(): readonly KnownHead[] {
    if (!existsSync(this.#path)) return [];
    const head = reportedHead(readFileSync(this.#path, 'utf8'));
    if (head !== undefined) return [{ ...head, source: 'gateway' }];
    throw new RecorderError(
      `${this.#path} should hold the head that a gateway reported, and is not readable as one. ` +
        'It is proof of a rollback: run `clawgress recorder restore-accept`, or restore the newest copy of the state folder.',
    );
  }
}

function reportedHead(text: string): Omit<KnownHead, 'source'> | undefined {
  try {
    const { where, log_id, records, line_hash } = JSON.parse(text) as Record<string, unknown>;
    const isWhole = typeof where === 'string' && typeof log_id === 'string' && Number.isSafeInteger(records);
    if (!isWhole || typeof line_hash !== 'string') return undefined;
    return { where, log_id, records: Number(records), line_hash };
  } catch {
    return undefined;
  }
}
