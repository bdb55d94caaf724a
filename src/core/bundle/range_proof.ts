import { fromHexStrict, toHex } from '../canonical/hex.ts';
import { encodeJcs, type JsonValue, parseCanonicalJson } from '../canonical/jcs.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { PROOF_HASHES_MAX, type TreeState } from '../chain/merkle.ts';
import { fail, ok, type Result } from '../result.ts';

/**
 * What a range that starts after genesis carries besides its lines. `tlog/frontier.json` is the tree state before the
 * first line: when appending the lines to it gives the signed root, the frontier is the true one (another would be a
 * SHA-256 collision), so the lines sit at exactly these positions of the signed tree. `tlog/delegations.json` proves
 * that genesis and the delegations of `keys/delegations.jsonl` sit in the same tree.
 */

export interface DelegationProof {
  readonly seq: number;
  readonly proof: readonly Uint8Array[];
}

const HASH = /^[0-9a-f]{64}$/;

export function frontierBytes(state: TreeState): Uint8Array {
  return utf8Encode(encodeJcs({ size: state.size, frontier: state.frontier }));
}

/** Checks form only; whether the number of hashes fits the size is for the tree to say. */
export function parseFrontier(bytes: Uint8Array): Result<TreeState, 'FRONTIER_INVALID'> {
  const json = parseCanonicalJson(bytes);
  if (!json.ok || !isObject(json.value, 'frontier,size')) return fail('FRONTIER_INVALID');
  const { size, frontier } = json.value;
  if (typeof size !== 'number' || size < 1 || !isHashList(frontier)) return fail('FRONTIER_INVALID');
  return ok({ size, frontier });
}

export function proofBytes(proofs: readonly DelegationProof[]): Uint8Array {
  return utf8Encode(encodeJcs(proofs.map(({ seq, proof }) => ({ seq, proof: proof.map(toHex) }))));
}

export function parseProofs(bytes: Uint8Array): Result<readonly DelegationProof[], 'PROOFS_INVALID'> {
  const json = parseCanonicalJson(bytes);
  if (!json.ok || !Array.isArray(json.value)) return fail('PROOFS_INVALID');
  const proofs: DelegationProof[] = [];
  for (const item of json.value as readonly JsonValue[]) {
    if (!isObject(item, 'proof,seq')) return fail('PROOFS_INVALID');
    const { seq, proof } = item;
    if (typeof seq !== 'number' || seq < 0 || !isHashList(proof)) return fail('PROOFS_INVALID');
    proofs.push({ seq, proof: proof.map(hashOf) });
  }
  return ok(proofs);
}

function isHashList(value: JsonValue | undefined): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= PROOF_HASHES_MAX &&
    value.every((item) => typeof item === 'string' && HASH.test(item))
  );
}

function isObject(value: JsonValue, keys: string): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && Object.keys(value).sort().join() === keys;
}

function hashOf(hex: string): Uint8Array {
  const bytes = fromHexStrict(hex);
  if (!bytes.ok) throw new TypeError('proof: hash was checked before');
  return bytes.value;
}
