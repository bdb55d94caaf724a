import type { Sha256 } from '../canonical/sha256.ts';

/** The primitives a verifier needs; the platform's are fine. They answer false for anything they cannot use. */
export interface VerifyCrypto {
  readonly sha256: Sha256;
  /** Plain Ed25519. Callers here run `isStrictEd25519` first, so an implementation's leniency does not matter. */
  readonly verifyEd25519: (publicKey32: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  /** ECDSA P-256 over SHA-256, DER signature. */
  readonly verifyP256: (spkiDer: Uint8Array, message: Uint8Array, signatureDer: Uint8Array) => boolean;
}
