import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { leafHash } from '../core/chain/merkle.ts';
import { sha256 } from './hashing.ts';
import { RecorderError } from './options.ts';
import { listSegments, readLines, type SegmentFile } from './segments.ts';
import { type Shelf, shelve } from './shelf.ts';

const LEAF_BYTES = 32;
const NEWLINE = 0x0a;
/** Lines hashed before others get a turn. */
const LINES_PER_TURN = 64;

/** What stays of segments that retention removed: enough to prove the rest of the log without them. */
export interface RetiredPart {
  /** RFC 6962 leaf hashes of the records 0 to `leaves.length - 1`. */
  readonly leaves: readonly Uint8Array[];
  /** Their genesis and delegation lines, in order. */
  readonly keyLines: readonly Uint8Array[];
}

function folderOf(journalDir: string): string {
  return join(journalDir, 'retired');
}

/** Keeps leaf hashes and key lines of a segment, durable before it returns. */
export async function keepProofs(
  shelf: Shelf,
  journalDir: string,
  segment: SegmentFile,
  rootKeyId: string,
): Promise<void> {
  const folder = folderOf(journalDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await shelf.syncFolder(dirname(folder));
  const leaves: Uint8Array[] = [];
  const keyLines: Uint8Array[] = [];
  // Only the root signs genesis and delegations, and it signs nothing else.
  const byRoot = Buffer.from(`"keyid":"${rootKeyId}"`);
  for (const { bytes, complete } of readLines(segment.path)) {
    if (!complete) throw new RecorderError(`${segment.path} does not end with a whole line.`);
    leaves.push(leafHash(sha256, bytes));
    if (Buffer.from(bytes).includes(byRoot)) keyLines.push(bytes, Uint8Array.of(NEWLINE));
    if (leaves.length % LINES_PER_TURN === 0) await nextTurn();
  }
  const at = (suffix: string) => join(folder, segment.name.replace(/jsonl$/, suffix));
  await shelve(shelf, folder, at('leaves'), (draft) => draft.write(Buffer.concat(leaves)));
  await shelve(shelf, folder, at('keys.jsonl'), (draft) => draft.write(Buffer.concat(keyLines)));
}

/** What stays of everything before the first segment that is still there; empty while nothing was removed. */
export function retiredBefore(journalDir: string): RetiredPart {
  const [first] = listSegments(journalDir);
  if (first === undefined) return { leaves: [], keyLines: [] };
  return readRetired(journalDir, first.first_seq, first.log_prefix);
}

/** What stays of everything before `first_seq`. Throws `RecorderError` when it does not reach from record 0 to there. */
function readRetired(journalDir: string, first_seq: number, log_prefix: string): RetiredPart {
  const folder = folderOf(journalDir);
  const leaves: Uint8Array[] = [];
  const keyLines: Uint8Array[] = [];
  while (leaves.length < first_seq) {
    const stem = join(folder, `${String(leaves.length).padStart(12, '0')}-${log_prefix}`);
    if (!existsSync(`${stem}.leaves`)) {
      throw new RecorderError(
        `the journal begins at record ${first_seq}, and ${stem}.leaves, which should stand for earlier ones, is missing. Restore the folder ${folder} from a copy.`,
      );
    }
    const bytes = readFileSync(`${stem}.leaves`);
    if (bytes.length === 0 || bytes.length % LEAF_BYTES !== 0)
      throw new RecorderError(`${stem}.leaves has ${bytes.length} bytes, not a number of ${LEAF_BYTES}.`);
    for (let i = 0; i < bytes.length; i += LEAF_BYTES) leaves.push(bytes.subarray(i, i + LEAF_BYTES));
    for (const line of readLines(`${stem}.keys.jsonl`)) keyLines.push(line.bytes);
  }
  if (leaves.length > first_seq)
    throw new RecorderError(
      `${folder} stands for ${leaves.length} records, but the journal begins at ${first_seq}.`,
    );
  return { leaves, keyLines };
}

/** Digest (`sha256:…`) and size of a file, read beside the event loop. */
export async function digestOf(path: string): Promise<{ readonly digest: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  let bytes = 0;
  try {
    const chunk = Buffer.alloc(1 << 17);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return { digest: `sha256:${hash.digest('hex')}`, bytes };
      hash.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}
