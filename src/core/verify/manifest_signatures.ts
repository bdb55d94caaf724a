import { IN_TOTO_PAYLOAD_TYPE } from '../bundle/manifest.ts';
import { MANIFEST, MANIFEST_ED25519, MANIFEST_P256 } from '../bundle/member.ts';
import type { KeyAlgorithm } from '../bundle/public_key.ts';
import { parseSigstore } from '../bundle/sigstore.ts';
import type { TrustedKey, TrustFile } from '../bundle/trust_file.ts';
import { preAuthEncoding } from '../canonical/dsse.ts';
import type { VerifyCrypto } from './crypto.ts';
import { isStrictPublicKey, isStrictSignature } from './ed25519_strict.ts';
import type { Findings } from './findings.ts';

const SIGNED: readonly (readonly [string, KeyAlgorithm])[] = [
  [MANIFEST_ED25519, 'ed25519'],
  [MANIFEST_P256, 'ecdsa-p256'],
];

/**
 * Checks both signatures of the manifest with keys of purpose `manifest`.
 * @param keys the trust file, or without one the bundle's own list, which only shows that it fits itself.
 */
export function checkManifestSignatures(
  crypto: VerifyCrypto,
  files: ReadonlyMap<string, Uint8Array>,
  keys: TrustFile,
  findings: Findings,
): void {
  const manifest = files.get(MANIFEST);
  if (manifest === undefined) return;
  const message = preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, manifest);
  for (const [name, algorithm] of SIGNED) {
    const bytes = files.get(name);
    if (bytes === undefined) continue;
    const envelope = parseSigstore(bytes, manifest);
    if (!envelope.ok) {
      findings.add('SIG_INVALID', name, 'not the envelope of this manifest');
      continue;
    }
    const { keyId, signature } = envelope.value;
    const key = keys.keys.find((one) => one.keyId === keyId && one.purpose === 'manifest');
    if (key === undefined || key.algorithm !== algorithm) findings.add('KEY_UNKNOWN', name, keyId);
    else if (key.revokedAtMs !== undefined) findings.add('TIME_UNPROVEN', name, `${keyId} is revoked`);
    else if (!isSigned(crypto, key, message, signature)) findings.add('SIG_INVALID', name);
  }
}

function isSigned(
  crypto: VerifyCrypto,
  key: TrustedKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (key.algorithm === 'ecdsa-p256') return crypto.verifyP256(key.spkiDer, message, signature);
  return (
    isStrictPublicKey(key.raw) &&
    isStrictSignature(signature) &&
    crypto.verifyEd25519(key.raw, message, signature)
  );
}
