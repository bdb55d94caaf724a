import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { certificateParts, EXTENSION } from './certificate_parts.ts';
import { readTlvs } from './der.ts';

/** What signs leaves: one certificate with its key, and what stands between it and the root that clients trust. */
export interface Authority {
  /** Signing certificate first, then its issuers; a root of our own alone. PEM. */
  readonly chainPem: string;
  /** PKCS#8 PEM of the first certificate's key. */
  readonly keyPem: string;
}

/** An authority that is ready to sign. */
export interface Signer {
  /** DER of its name. */
  readonly subject: Uint8Array;
  /** Leaves name it as their authority's key. */
  readonly keyId: Uint8Array;
  readonly key: KeyObject;
  readonly algorithm: SigningAlgorithm;
  readonly notBefore_ms: number;
  readonly notAfter_ms: number;
  /** Sent after the leaf: the chain without a self-signed end. */
  readonly presentedPem: string;
}

export interface SigningAlgorithm {
  readonly hash: 'sha256' | 'sha384';
  /** DER of the AlgorithmIdentifier of its signatures. */
  readonly identifier: Uint8Array;
}

const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const ECDSA_SHA384 = Buffer.from('300a06082a8648ce3d040303', 'hex');
const RSA_SHA256 = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
const RSA_BITS_MIN = 2048;

/** How a key signs; undefined for keys that clients would not accept everywhere. */
export function algorithmOf(key: KeyObject): SigningAlgorithm | undefined {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') {
    if (namedCurve === 'prime256v1') return { hash: 'sha256', identifier: ECDSA_SHA256 };
    return namedCurve === 'secp384r1' ? { hash: 'sha384', identifier: ECDSA_SHA384 } : undefined;
  }
  const isRsa = key.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS_MIN;
  return isRsa ? { hash: 'sha256', identifier: RSA_SHA256 } : undefined;
}

/** Throws when chain or key are not what was checked when they came. */
export function openSigner({ chainPem, keyPem }: Authority): Signer {
  const chain = certificatesOf(chainPem);
  const key = createPrivateKey(keyPem);
  const algorithm = algorithmOf(key);
  const [own] = chain;
  if (own === undefined || algorithm === undefined)
    throw new Error('invariant: the authority was not checked');
  const { subject, publicKeyBits, extensions } = certificateParts(own);
  const { validFrom, validTo } = new X509Certificate(own);
  const [named] = readTlvs(extensions.get(EXTENSION.subjectKeyId) ?? new Uint8Array()) ?? [];
  return {
    subject,
    keyId: named?.content ?? keyIdOf(publicKeyBits),
    key,
    algorithm,
    notBefore_ms: Date.parse(validFrom),
    notAfter_ms: Date.parse(validTo),
    presentedPem: chain
      .filter((pem) => !isSelfIssued(pem))
      .map((pem) => `${pem}\n`)
      .join(''),
  };
}

/** RFC 5280 section 4.2.1.2, method 1. It names a key; nothing rests on the strength of the hash. */
export function keyIdOf(publicKeyBits: Uint8Array): Uint8Array {
  return createHash('sha1').update(publicKeyBits).digest();
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in order. */
export function certificatesOf(pem: string): readonly string[] {
  return pem.match(CERTIFICATE) ?? [];
}

function isSelfIssued(pem: string): boolean {
  const { subject, issuer } = new X509Certificate(pem);
  return subject === issuer;
}
