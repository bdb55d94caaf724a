import { encodeBase64 } from '../canonical/base64.ts';
import { preAuthEncoding } from '../canonical/dsse.ts';
import { toHex } from '../canonical/hex.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { type BundleBody, type BundleMember, encodeBody } from './body.ts';
import { encodeEnvelope, POLICY_BUNDLE_PAYLOAD_TYPE } from './envelope.ts';

export interface DocumentBytes {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface BundleKey {
  readonly keyId: string;
  /** Ed25519 over the message itself. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Members in the order of their names, each with its digest. */
export function bundleMembers(sha256: Sha256, documents: readonly DocumentBytes[]): readonly BundleMember[] {
  return documents
    .map(({ name, content }) => ({
      name,
      digest: `sha256:${toHex(sha256(content))}`,
      content_b64: encodeBase64(content),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The signed file. Throws on a body that nobody would accept. */
export function signBundle(body: BundleBody, key: BundleKey): Uint8Array {
  const bytes = encodeBody(body);
  const signature = key.sign(preAuthEncoding(POLICY_BUNDLE_PAYLOAD_TYPE, bytes));
  return encodeEnvelope({ body: bytes, keyId: key.keyId, signature });
}
