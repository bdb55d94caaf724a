import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';
import { type Name, P256, SubjectKeyIdentifierExtension, X509Certificate } from './x509.ts';

/** What signs leaves: one certificate with its key, and what stands between it and the root that clients trust. */
export interface Authority {
  /** Signing certificate first, then its issuers; a root of our own alone. PEM. */
  readonly chainPem: string;
  /** PKCS#8 PEM of the first certificate's key. */
  readonly keyPem: string;
}

/** An authority that is ready to sign. */
export interface Signer {
  readonly subject: Name;
  /** Subject key identifier, hex; leaves name it as their authority's. */
  readonly keyId: string;
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: SigningAlgorithm;
  readonly notBefore_ms: number;
  readonly notAfter_ms: number;
  /** Sent after the leaf: the chain without a self-signed end. */
  readonly presentedPem: string;
}

export type SigningAlgorithm =
  | { readonly name: 'ECDSA'; readonly namedCurve: 'P-256' | 'P-384'; readonly hash: string }
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: 'SHA-256' };

/** How a key signs; undefined for keys that clients would not accept everywhere. */
export function algorithmOf(key: KeyObject): SigningAlgorithm | undefined {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return P256;
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'secp384r1') {
    return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
  }
  const isRsa = key.asymmetricKeyType === 'rsa' && modulusLength >= 2048;
  return isRsa ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : undefined;
}

/** Throws when chain or key are not what the store has checked before. */
export async function openSigner({ chainPem, keyPem }: Authority): Promise<Signer> {
  const chain = certificatesOf(chainPem).map((pem) => new X509Certificate(pem));
  const [own] = chain;
  const keyObject = createPrivateKey(keyPem);
  const algorithm = algorithmOf(keyObject);
  if (own === undefined || algorithm === undefined)
    throw new Error('invariant: the authority was not checked');
  const der = keyObject.export({ format: 'der', type: 'pkcs8' });
  const subjectKey =
    own.getExtension(SubjectKeyIdentifierExtension) ??
    (await SubjectKeyIdentifierExtension.create(own.publicKey));
  const presented = chain.filter(({ subject, issuer }) => subject !== issuer);
  return {
    subject: own.subjectName,
    keyId: subjectKey.keyId,
    key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    algorithm,
    notBefore_ms: own.notBefore.getTime(),
    notAfter_ms: own.notAfter.getTime(),
    presentedPem: presented.map((certificate) => `${certificate.toString('pem')}\n`).join(''),
  };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in order. */
export function certificatesOf(pem: string): readonly string[] {
  return pem.match(CERTIFICATE) ?? [];
}
