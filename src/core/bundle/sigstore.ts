import { decodeBase64Strict, encodeBase64 } from '../canonical/base64.ts';
import { fromHexStrict, toHex } from '../canonical/hex.ts';
import { utf8DecodeStrict, utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { IN_TOTO_PAYLOAD_TYPE } from './manifest.ts';

/** Ed25519 signatures have 64 bytes, DER ones of P-256 at most 72. */
const SIGNATURE_BYTES_MAX = 72;
const KEY_HASH_BYTES = 32;

export interface ManifestSignature {
  /** Lower-case hex SHA-256 of the key's SPKI DER. */
  readonly keyId: string;
  /** Over PAE(`application/vnd.in-toto+json`, manifest bytes). */
  readonly signature: Uint8Array;
}

/**
 * A sigstore bundle v0.3 with a public key: what `cosign verify-blob-attestation --key … --bundle …` reads. One fixed
 * text for each (payload, key, signature).
 */
export function formatSigstore(payload: Uint8Array, { keyId, signature }: ManifestSignature): Uint8Array {
  const keyHash = fromHexStrict(keyId);
  if (!keyHash.ok) throw new RangeError('sigstore: key id is not hex');
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: encodeBase64(keyHash.value) }, tlogEntries: [] },
    dsseEnvelope: {
      payload: encodeBase64(payload),
      payloadType: IN_TOTO_PAYLOAD_TYPE,
      // No `keyid`: sigstore's verifiers compare it with a form of their own, so the hint alone names the key.
      signatures: [{ sig: encodeBase64(signature) }],
    },
  };
  return utf8Encode(`${JSON.stringify(bundle)}\n`);
}

const HINT = /"hint":"([A-Za-z0-9+/=]+)"/;
const SIGNATURE = /"sig":"([A-Za-z0-9+/=]+)"/;

/** Takes key hash and signature out and holds the rest against formatSigstore: another payload or spelling is refused. */
export function parseSigstore(
  bytes: Uint8Array,
  payload: Uint8Array,
): Result<ManifestSignature, 'SIGSTORE_INVALID'> {
  const text = utf8DecodeStrict(bytes);
  if (!text.ok) return fail('SIGSTORE_INVALID');
  const keyHash = decodeBase64Strict(HINT.exec(text.value)?.[1] ?? '');
  const signature = decodeBase64Strict(SIGNATURE.exec(text.value)?.[1] ?? '');
  if (!keyHash.ok || keyHash.value.length !== KEY_HASH_BYTES || !signature.ok)
    return fail('SIGSTORE_INVALID');
  if (signature.value.length > SIGNATURE_BYTES_MAX) return fail('SIGSTORE_INVALID');
  const parsed = { keyId: toHex(keyHash.value), signature: signature.value };
  const expected = utf8DecodeStrict(formatSigstore(payload, parsed));
  return expected.ok && expected.value === text.value ? ok(parsed) : fail('SIGSTORE_INVALID');
}
