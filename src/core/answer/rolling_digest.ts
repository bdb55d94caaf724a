import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../canonical/hex.ts';

/** SHA-256 of what came so far, as often as it is asked for. */
export interface RollingDigest {
  update(bytes: Uint8Array): void;
  /** Goes on from here by itself. */
  copy(): RollingDigest;
  /** Lower-case hex. */
  hex(): string;
}

export type NewDigest = () => RollingDigest;

/** Pure implementation, for callers that have no platform at hand. */
export const newPureDigest: NewDigest = () => pureFrom(sha256.create());

function pureFrom(state: ReturnType<typeof sha256.create>): RollingDigest {
  return {
    update: (bytes) => {
      state.update(bytes);
    },
    copy: () => pureFrom(state.clone()),
    hex: () => toHex(state.clone().digest()),
  };
}
