import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { cryptoProvider } from '@peculiar/x509';

// The library needs a global and a provider before it is loaded or used, so everything here takes it from this file.
export {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);

/** Every client that speaks TLS 1.2 accepts it, and minting is cheap. */
export const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export const NAME_CONSTRAINTS_OID = '2.5.29.30';
const SERIAL_BYTES = 16;

/** 128 random bits, hex. */
export function newSerial(): string {
  return randomBytes(SERIAL_BYTES).toString('hex');
}

export function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
}

/** PKCS#8 PEM. */
export function privateKeyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
