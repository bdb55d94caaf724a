import { decodeBase64Strict } from '../canonical/base64.ts';
import { parseLine, preAuthEncoding } from '../canonical/dsse.ts';
import { toHex } from '../canonical/hex.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { checkpointOrigin, parseNote, type SignedCheckpoint, vkey } from '../chain/checkpoint.ts';
import { IncrementalTree, inclusionProof, leafHash } from '../chain/merkle.ts';
import { parseRecord } from '../receipt/parse_record.ts';
import type { JournalRecord, PublicKeyRef } from '../receipt/records.ts';
import { fail, ok, type Result } from '../result.ts';
import { journalBytes, journalView } from './journal_view.ts';
import { IN_TOTO_PAYLOAD_TYPE, manifestBytes, sumsOf } from './manifest.ts';
import type { Member } from './member.ts';
import * as at from './member.ts';
import { PopulationCounter } from './population.ts';
import { predicateOf } from './predicate.ts';
import { pemOfSpki, rawOfSpki } from './public_key.ts';
import { frontierBytes, proofBytes } from './range_proof.ts';
import { readme } from './readme.ts';
import { formatSigstore } from './sigstore.ts';
import { entryTiles, hashTiles } from './tiles.ts';
import { parseTrustFile } from './trust_file.ts';

export interface ManifestSigner {
  readonly keyId: string;
  sign(message: Uint8Array): Uint8Array;
}

export interface BundleInput {
  readonly sha256: Sha256;
  /** Lines without newline, contiguous; the last one should be covered by the checkpoint. */
  readonly journal: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
  /** For a range that starts after genesis: what lies before it. */
  readonly before?: {
    /** Leaf hashes of the lines 0 to first_seq - 1. */
    readonly leaves: readonly Uint8Array[];
    /** The genesis line and all delegation lines before the range, in order. */
    readonly delegations: readonly Uint8Array[];
  };
  /** Canonical bytes of every policy document that a record of the range names. */
  readonly policies: readonly Uint8Array[];
  /** Text of the trust file. */
  readonly keys: string;
  readonly signers: { readonly ed25519: ManifestSigner; readonly p256: ManifestSigner };
}

export interface AssembleProblem {
  readonly code:
    | 'EMPTY'
    | 'LINE_INVALID'
    | 'GENESIS_MISSING'
    | 'CHECKPOINT_INVALID'
    | 'KEYS_INVALID'
    | 'POLICY_MISSING';
  readonly detail: string;
}

interface ReadLine {
  readonly line: Uint8Array;
  readonly body: Uint8Array;
  readonly record: JournalRecord;
}

/** The members of an evidence bundle, unsorted; `writeZip` makes the file. Same input, same members (P-256 apart). */
export function assembleBundle(input: BundleInput): Result<readonly Member[], AssembleProblem> {
  const journal = readLines(input.journal);
  const earlier = readLines(input.before?.delegations ?? []);
  const note = parseNote(input.checkpoint);
  if (!journal.ok) return journal;
  if (!earlier.ok) return earlier;
  if (!note.ok) return fail({ code: 'CHECKPOINT_INVALID', detail: note.problem });
  const [first, last] = [journal.value[0], journal.value.at(-1)];
  if (first === undefined || last === undefined)
    return fail({ code: 'EMPTY', detail: 'no records in the range' });
  const counter = new PopulationCounter();
  for (const { record } of journal.value) counter.add(record);
  const needed = neededOf(earlier.value, journal.value);
  const keys = keyMembers(input, [...needed, ...journal.value]);
  const policies = policyMembers(input, journal.value);
  if (!keys.ok) return keys;
  if (!policies.ok) return policies;
  const predicate = predicateOf(first.record, last.record, note.value, counter.result());
  const listed: Member[] = [
    { name: at.JOURNAL, bytes: journalBytes(input.journal) },
    { name: at.JOURNAL_VIEW, bytes: journalView(journal.value.map(({ body }) => body)) },
    { name: at.CHECKPOINT, bytes: utf8Encode(input.checkpoint) },
    ...treeMembers(input, note.value, journal.value, needed),
    ...policies.value,
    ...keys.value,
    { name: at.README, bytes: readme(predicate, { p256: input.signers.p256.keyId }) },
  ];
  listed.push(sumsOf(input.sha256, listed));
  return ok([...listed, ...signed(input, manifestBytes(input.sha256, listed, predicate))]);
}

function signed({ signers }: BundleInput, manifest: Uint8Array): Member[] {
  const message = preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, manifest);
  const signature = (signer: ManifestSigner) =>
    formatSigstore(manifest, { keyId: signer.keyId, signature: signer.sign(message) });
  return [
    { name: at.MANIFEST, bytes: manifest },
    { name: at.MANIFEST_ED25519, bytes: signature(signers.ed25519) },
    { name: at.MANIFEST_P256, bytes: signature(signers.p256) },
  ];
}

function readLines(lines: readonly Uint8Array[]): Result<readonly ReadLine[], AssembleProblem> {
  const read: ReadLine[] = [];
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line);
    const record = parsed.ok ? parseRecord(parsed.value.body) : parsed;
    if (!parsed.ok || !record.ok) {
      const why = record.ok ? '' : JSON.stringify(record.problem);
      return fail({ code: 'LINE_INVALID', detail: `line ${index + 1}: ${why}` });
    }
    read.push({ line, body: parsed.value.body, record: record.value });
  }
  return ok(read);
}

/** Genesis and the delegations that records of the range rest on. */
function neededOf(earlier: readonly ReadLine[], journal: readonly ReadLine[]): readonly ReadLine[] {
  const used = new Set(journal.map(({ record }) => record.key_id));
  return earlier.filter(({ record }) => isGenesis(record) || used.has(delegatedKey(record)?.key_id ?? ''));
}

/** A complete log ships its tiles; a range ships the frontier before it and the lines that its keys rest on. */
function treeMembers(
  { sha256, before }: BundleInput,
  checkpoint: SignedCheckpoint,
  journal: readonly ReadLine[],
  needed: readonly ReadLine[],
): Member[] {
  const size = checkpoint.size;
  if (before === undefined) {
    const covered = journal.slice(0, size).map(({ line }) => line);
    return [
      ...hashTiles(
        sha256,
        covered.map((line) => leafHash(sha256, line)),
      ),
      ...entryTiles(covered),
    ];
  }
  if (before.leaves.length !== journal[0]?.record.seq)
    throw new RangeError('bundle: leaves do not reach the range');
  const tree = new IncrementalTree(sha256);
  for (const leaf of before.leaves) tree.append(leaf);
  const leaves = [...before.leaves, ...journal.map(({ line }) => leafHash(sha256, line))].slice(0, size);
  const proofs = needed.map(({ record }) => ({
    seq: record.seq,
    proof: inclusionProof(sha256, leaves, record.seq),
  }));
  return [
    { name: at.FRONTIER, bytes: frontierBytes(tree.state()) },
    { name: at.DELEGATIONS, bytes: journalBytes(needed.map(({ line }) => line)) },
    { name: at.DELEGATION_PROOFS, bytes: proofBytes(proofs) },
  ];
}

/** Keys of the trust file and all delegated ones as PEM, so that stock tools find each `keyid` as a file. */
function keyMembers(input: BundleInput, lines: readonly ReadLine[]): Result<Member[], AssembleProblem> {
  const bytes = utf8Encode(input.keys);
  const trust = parseTrustFile(input.sha256, bytes);
  if (!trust.ok) return fail({ code: 'KEYS_INVALID', detail: `${trust.problem.code} ${trust.problem.at}` });
  const genesis = lines.map(({ record }) => record).find(isGenesis);
  if (genesis === undefined) return fail({ code: 'GENESIS_MISSING', detail: 'no genesis record' });
  const pems = new Map(trust.value.keys.map((key) => [key.keyId, pemOfSpki(key.spkiDer)]));
  const delegated = lines.flatMap(({ record }) => delegatedKey(record) ?? []);
  for (const key of [genesis.root_key, genesis.log_key, ...delegated])
    pems.set(key.key_id, pemOfSpki(spkiOf(key)));
  const logKey = rawOfSpki(spkiOf(genesis.log_key), 'ed25519');
  if (!logKey.ok) return fail({ code: 'KEYS_INVALID', detail: 'log key of genesis' });
  const origin = checkpointOrigin(genesis.issuer, genesis.log_id);
  return ok([
    { name: at.KEYS, bytes },
    { name: at.LOG_VKEY, bytes: utf8Encode(`${vkey(origin, logKey.value)}\n`) },
    ...[...pems].map(([keyId, pem]) => ({ name: at.keyMember(keyId), bytes: utf8Encode(pem) })),
  ]);
}

function policyMembers(input: BundleInput, lines: readonly ReadLine[]): Result<Member[], AssembleProblem> {
  const members = new Map<string, Member>();
  for (const bytes of input.policies) {
    const hex = toHex(input.sha256(bytes));
    members.set(`sha256:${hex}`, { name: at.policyMember(hex), bytes });
  }
  for (const { record } of lines) {
    if (!('policy_hash' in record) || members.has(record.policy_hash)) continue;
    return fail({ code: 'POLICY_MISSING', detail: record.policy_hash });
  }
  return ok([...members.values()]);
}

type Genesis = Extract<JournalRecord, { lifecycle: 'genesis' }>;

function isGenesis(record: JournalRecord): record is Genesis {
  return record.type === 'lifecycle' && record.lifecycle === 'genesis';
}

function delegatedKey(record: JournalRecord): PublicKeyRef | undefined {
  return record.type === 'lifecycle' && record.lifecycle === 'key_delegation' ? record.key : undefined;
}

function spkiOf(key: PublicKeyRef): Uint8Array {
  const spki = decodeBase64Strict(key.spki_b64);
  if (!spki.ok) throw new TypeError('bundle: a parsed record has an unreadable key');
  return spki.value;
}
