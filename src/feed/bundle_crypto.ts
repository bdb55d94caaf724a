import { createHash, createPublicKey, verify } from 'node:crypto';
import type { BundleTrust } from '../core/policy_bundle/verify.ts';

/** The bytes before the point in the SPKI of an Ed25519 key (RFC 8410). */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** The platform's primitives; what they cannot use is a signature that does not verify. */
export const bundleCrypto: BundleTrust['crypto'] = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  verifyEd25519(raw, message, signature) {
    try {
      const spki = Buffer.concat([SPKI_HEAD, raw]);
      return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
    } catch {
      return false;
    }
  },
};
