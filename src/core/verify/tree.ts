import { CHECKPOINT, FRONTIER, type Member, TILES } from '../bundle/member.ts';
import { entryTiles, hashTiles } from '../bundle/tiles.ts';
import { sameBytes } from '../canonical/bytes.ts';
import { utf8DecodeStrict, utf8Encode } from '../canonical/utf8.ts';
import { noteKeyHash, parseNote, type SignedCheckpoint } from '../chain/checkpoint.ts';
import { IncrementalTree, leafHash, type TreeState } from '../chain/merkle.ts';
import type { VerifyCrypto } from './crypto.ts';
import { isStrictSignature } from './ed25519_strict.ts';
import type { Findings } from './findings.ts';

/** Reads the checkpoint; undefined (and a finding) when it cannot be read. Its signature is checked later, once genesis has named the key. */
export function readCheckpoint(
  bytes: Uint8Array | undefined,
  findings: Findings,
): SignedCheckpoint | undefined {
  if (bytes === undefined) return undefined;
  const text = utf8DecodeStrict(bytes);
  const note = text.ok ? parseNote(text.value) : text;
  if (note.ok) return note.value;
  findings.add('CHECKPOINT_INVALID', CHECKPOINT, note.problem);
  return undefined;
}

/** Origin and the log key's own signature. Cosignatures of other names are not judged here. */
export function checkNote(
  crypto: VerifyCrypto,
  note: SignedCheckpoint,
  origin: string,
  logKey: Uint8Array,
  findings: Findings,
): void {
  if (note.origin !== origin) findings.add('CHECKPOINT_INVALID', CHECKPOINT, 'origin of another log');
  const keyHash = noteKeyHash(origin, logKey);
  const own = note.signatures.filter(
    ({ name, keyHash: hash }) => name === origin && sameBytes(hash, keyHash),
  );
  const [only] = own;
  if (only === undefined || own.length !== 1) {
    findings.add('CHECKPOINT_INVALID', CHECKPOINT, 'not signed once by the log key');
    return;
  }
  const isSigned =
    isStrictSignature(only.signature) && crypto.verifyEd25519(logKey, utf8Encode(note.body), only.signature);
  if (!isSigned) findings.add('SIG_INVALID', CHECKPOINT);
}

/**
 * Appends the lines to the state before them and compares at the checkpoint's size. Fewer lines than the checkpoint
 * counts is a cut tail; more is an end that nobody has signed for.
 */
export function checkTree(
  crypto: VerifyCrypto,
  note: SignedCheckpoint,
  before: TreeState | undefined,
  lines: readonly Uint8Array[],
  findings: Findings,
): void {
  const tree = openTree(crypto, before);
  if (tree === undefined) {
    findings.add('TREE_MISMATCH', FRONTIER, 'not a state of a tree');
    return;
  }
  const start = tree.size;
  const covered = note.size - start;
  if (covered < 0 || covered > lines.length) {
    findings.add(
      'TREE_MISMATCH',
      CHECKPOINT,
      `covers ${note.size} records, here are ${start} to ${start + lines.length}`,
    );
    return;
  }
  for (const line of lines.slice(0, covered)) tree.append(leafHash(crypto.sha256, line));
  if (!sameBytes(tree.root(), note.root)) findings.add('TREE_MISMATCH', CHECKPOINT, `root at ${note.size}`);
  if (covered < lines.length) {
    findings.add('END_UNPROVEN', CHECKPOINT, `${lines.length - covered} records beyond ${note.size}`);
  }
}

function openTree({ sha256 }: VerifyCrypto, before: TreeState | undefined): IncrementalTree | undefined {
  try {
    return new IncrementalTree(sha256, before);
  } catch {
    // The state is the bundle's own word; a frontier that no tree has is a finding, not a bug.
    return undefined;
  }
}

/** The tiles of a complete log follow from its lines: rebuilt and compared, both ways. A range has none. */
export function checkTiles(
  { sha256 }: VerifyCrypto,
  files: ReadonlyMap<string, Uint8Array>,
  covered: readonly Uint8Array[] | undefined,
  findings: Findings,
): void {
  const hashes = (covered ?? []).map((line) => leafHash(sha256, line));
  const expected: readonly Member[] = [...hashTiles(sha256, hashes), ...entryTiles(covered ?? [])];
  const names = new Set(expected.map(({ name }) => name));
  for (const name of files.keys()) {
    if (name.startsWith(TILES) && !names.has(name)) findings.add('TREE_MISMATCH', name, 'no such tile');
  }
  for (const { name, bytes } of expected) {
    const found = files.get(name);
    if (found === undefined) findings.add('MEMBER_MISSING', name);
    else if (!sameBytes(found, bytes)) findings.add('TREE_MISMATCH', name);
  }
}
