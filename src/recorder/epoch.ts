import type { Batch } from './batch.ts';
import type { EpochKey, RecorderKeys, RecorderSigner } from './options.ts';
import type { JournalState } from './state.ts';

/** A delegation lasts as long as the format allows, and is replaced before its last hour. */
export const DELEGATION_MS = 24 * 3_600_000;
export const RENEW_BEFORE_MS = 3_600_000;

/** The delegated epoch key to sign with now; undefined when a new one is due. */
export function currentEpoch(
  state: JournalState,
  keys: RecorderKeys,
  wall_ms: number,
): RecorderSigner | undefined {
  const last = state.epochs.at(-1);
  if (last === undefined || !isInForce(last, wall_ms)) return undefined;
  return keys.epoch(last.key_id);
}

/** False in the last hour, and when the wall clock went back behind the delegation. */
export function isInForce(epoch: EpochKey, wall_ms: number): boolean {
  return Date.parse(epoch.valid_from) <= wall_ms && wall_ms < Date.parse(epoch.valid_until) - RENEW_BEFORE_MS;
}

/** Creates an epoch key and adds the root's delegation of it, from the next record on. */
export function delegateEpoch(batch: Batch, state: JournalState, keys: RecorderKeys): RecorderSigner {
  const signer = keys.newEpoch();
  batch.addOwn(
    {
      type: 'lifecycle',
      lifecycle: 'key_delegation',
      key: publicKeyRef(signer),
      purpose: 'receipt',
      first_seq: state.head_seq + 2,
      not_after: new Date(batch.moment.wall_ms + DELEGATION_MS).toISOString(),
    },
    keys.root,
  );
  return signer;
}

export function publicKeyRef(signer: RecorderSigner) {
  return {
    key_id: signer.keyId,
    algorithm: 'ed25519' as const,
    spki_b64: Buffer.from(signer.spkiDer).toString('base64'),
  };
}
