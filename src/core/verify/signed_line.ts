import { preAuthEncoding, RECEIPT_PAYLOAD_TYPE, type SignedLine } from '../canonical/dsse.ts';
import type { VerifyCrypto } from './crypto.ts';
import { isStrictSignature } from './ed25519_strict.ts';

/** Strict Ed25519 over the line's PAE. The key itself has been checked when it was learnt. */
export function isSignedLine(crypto: VerifyCrypto, publicKey32: Uint8Array, line: SignedLine): boolean {
  if (!isStrictSignature(line.signature)) return false;
  return crypto.verifyEd25519(publicKey32, preAuthEncoding(RECEIPT_PAYLOAD_TYPE, line.body), line.signature);
}
