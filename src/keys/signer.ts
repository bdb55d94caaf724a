import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';

export type KeyAlgorithm = 'ed25519' | 'ecdsa-p256';

/** The public half, in the forms that records, checkpoints and trust files carry. */
export interface PublicKey {
  /** Lowercase hex SHA-256 of `spki_der`. */
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  readonly spkiDer: Uint8Array;
  readonly pem: string;
  /** The bare 32 bytes of an Ed25519 key; empty for other algorithms. */
  readonly raw: Uint8Array;
}

/** A private key that only ever signs. Ed25519: 64 bytes over the message itself; P-256: DER over its SHA-256. */
export interface Signer extends PublicKey {
  sign(message: Uint8Array): Uint8Array;
}

const ED25519_RAW_BYTES = 32;

/** A new private key as PKCS#8 PEM. */
export function generateKeyPem(algorithm: KeyAlgorithm): string {
  const { privateKey } =
    algorithm === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Throws when the PEM is not a private key of the algorithm. */
export function signerFromPem(pem: string | Buffer, algorithm: KeyAlgorithm): Signer {
  const key = createPrivateKey(pem);
  const isRight =
    algorithm === 'ed25519'
      ? key.asymmetricKeyType === 'ed25519'
      : key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!isRight) throw new Error(`not an ${algorithm} private key`);
  const digest = algorithm === 'ed25519' ? null : 'sha256';
  return { ...publicKeyOf(createPublicKey(key), algorithm), sign: (message) => sign(digest, message, key) };
}

function publicKeyOf(key: KeyObject, algorithm: KeyAlgorithm): PublicKey {
  const spkiDer = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  return {
    keyId: createHash('sha256').update(spkiDer).digest('hex'),
    algorithm,
    spkiDer,
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    raw: algorithm === 'ed25519' ? spkiDer.slice(-ED25519_RAW_BYTES) : new Uint8Array(),
  };
}

/** The PEM of a public key given as SPKI DER: how a past epoch key returns from its delegation record. */
export function pemOfSpki(spkiDer: Uint8Array): string {
  return createPublicKey({ key: Buffer.from(spkiDer), type: 'spki', format: 'der' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
}
