import { decodeBase64Strict, encodeBase64 } from '../canonical/base64.ts';
import { fromHexStrict } from '../canonical/hex.ts';
import { utf8DecodeStrict, utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { IN_TOTO_PAYLOAD_TYPE } from './manifest.ts';

/** Ed25519 signatures have 64 bytes, DER ones of P-256 at most 72. */
const SIGNATURE_BYTES_MAX = 72;

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
      signatures: [{ sig: encodeBase64(signature), keyid: keyId }],
    },
  };
  return utf8Encode(`${JSON.stringify(bundle)}\n`);
}

const SIGNATURE = /"signatures":\[\{"sig":"([A-Za-z0-9+/=]+)","keyid":"([0-9a-f]{64})"\}\]/;

/** Takes key id and signature out and holds the rest against formatSigstore: another payload or spelling is refused. */
export function parseSigstore(
  bytes: Uint8Array,
  payload: Uint8Array,
): Result<ManifestSignature, 'SIGSTORE_INVALID'> {
  const text = utf8DecodeStrict(bytes);
  const [, encoded = '', keyId = ''] = (text.ok ? SIGNATURE.exec(text.value) : null) ?? [];
  const signature = decodeBase64Strict(encoded);
  if (!text.ok || keyId === '' || !signature.ok) return fail('SIGSTORE_INVALID');
  if (signature.value.length > SIGNATURE_BYTES_MAX) return fail('SIGSTORE_INVALID');
  const parsed = { keyId, signature: signature.value };
  const expected = utf8DecodeStrict(formatSigstore(payload, parsed));
  return expected.ok && expected.value === text.value ? ok(parsed) : fail('SIGSTORE_INVALID');
}
